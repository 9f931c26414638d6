//! `cargo xtask bench cache`: what a hit, an insert and a mistake cost, beside moka, `quick_cache` and Redis over TLS.
//!
//! Times are CPU time of the measuring threads, in turns of a few milliseconds for each cache, the median of all turns; so what else runs
//! on the machine counts little.

mod compress;
mod memory;
mod redis;
mod traces;

use std::path::Path;

use serde_json::{Value, json};

use crate::Outcome;

/// The lines and figures of the measurement.
#[derive(Default)]
pub(crate) struct Sheet {
    lines: Vec<String>,
    rows: Vec<Value>,
    missed: u32,
}

impl Sheet {
    fn section(&mut self, title: &str) {
        self.lines.push(format!("\n{title}"));
    }

    fn line(&mut self, text: String) {
        self.lines.push(text);
    }

    fn row(&mut self, row: Value) {
        self.rows.push(row);
    }

    /// A ratio that should be at most `aim`.
    fn at_most(&mut self, what: &str, ratio: f64, aim: f64) {
        let met = ratio <= aim;
        self.missed += u32::from(!met);
        let verdict = if met { "met" } else { "NOT MET" };
        self.lines.push(format!("    aim {what}: {ratio:.3} against {aim} - {verdict}"));
        self.rows.push(json!({"aim": what, "ratio": ratio, "at_most": aim, "met": met}));
    }
}

/// Measures all, prints the sheet and writes it as JSON.
pub(crate) async fn run(out: &Path) -> Outcome<()> {
    let mut sheet = Sheet::default();
    let sealed_hit = memory::measure(&mut sheet)?;
    compress::measure(&mut sheet)?;
    traces::measure(&mut sheet)?;
    redis::measure(&mut sheet, sealed_hit).await?;
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(out, serde_json::to_vec_pretty(&json!({ "cache": sheet.rows }))?)?;
    for line in &sheet.lines {
        println!("{line}");
    }
    println!("\n{} aims not met; JSON: {}", sheet.missed, out.display());
    Ok(())
}
