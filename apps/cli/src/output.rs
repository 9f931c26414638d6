//! What a command prints: text for people, or JSON for programs.

use std::io::{BufWriter, Stdout, Write as _};
use std::ops::ControlFlow;

use console::measure_text_width;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::exit::CliError;

/// Where results go. Results to standard output, everything else to standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    json: bool,
}

impl Out {
    /// Prints JSON when asked to.
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON is printed.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Prints many lines, one after the other.
    #[expect(clippy::unused_self, reason = "what is printed goes through here")]
    pub(crate) fn lines(self) -> Lines {
        Lines(BufWriter::new(std::io::stdout()))
    }

    /// Prints a result: as JSON, or as `text` says it.
    pub(crate) fn show<T: Serialize + ?Sized>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), CliError> {
        if self.json {
            emit(&serde_json::to_string_pretty(value)?);
        } else {
            let text = text(value);
            emit(text.trim_end());
        }
        Ok(())
    }

    /// Says that something was done; as JSON an object with `done`.
    pub(crate) fn done(self, text: &str) -> Result<(), CliError> {
        self.show(&json!({ "done": text }), |_| text.to_owned())
    }

    /// Tells a person something that is no result; programs do not see it.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            eprintln!("{text}");
        }
    }

    /// Prints why the command failed, or what it could not do.
    pub(crate) fn error(self, error: &CliError) {
        if self.json {
            let told = json!({ "error": {
                "message": error.message, "remedy": error.remedy, "error_code": error.code,
                "fields": error.fields, "correlation_id": error.correlation_id, "exit_code": error.exit as u8,
            }});
            eprintln!("{told}");
            return;
        }
        eprintln!("plexi: {}", plain(&error.message));
        for field in &error.fields {
            let (name, problem) = (plain(&field.field), plain(&field.problem));
            if error.message == field.problem {
                continue;
            }
            // a problem of a configuration names its place and key itself; one of a whole file has no field
            if name.is_empty() || problem.contains(&format!(": {name}: ")) {
                eprintln!("  {problem}");
            } else {
                eprintln!("  {name}: {problem}");
            }
        }
        if let Some(remedy) = &error.remedy {
            eprintln!("  {}", plain(remedy));
        }
        if let Some(id) = &error.correlation_id {
            eprintln!("  correlation id: {}", plain(id));
        }
    }

    /// A progress bar on standard error; nothing is drawn for programs or when it is no terminal.
    pub(crate) fn progress(self, unit: &'static str) -> ProgressBar {
        let bar = ProgressBar::no_length();
        bar.set_draw_target(if self.json {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        });
        let form = format!("{{spinner}} {{wide_bar}} {{pos}}/{{len}} {unit}  {{msg}}  {{elapsed}}");
        if let Ok(style) = ProgressStyle::with_template(&form) {
            bar.set_style(style);
        }
        bar
    }
}

/// Prints to standard output, with a line break at the end. A reader that went away (`| head`) is no error.
pub(crate) fn emit(text: &str) {
    let mut out = std::io::stdout().lock();
    let printed = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    // nobody is left to tell
    let _ = printed.and_then(|()| out.flush());
}

/// Standard output, line by line, until nobody reads it any more.
pub(crate) struct Lines(BufWriter<Stdout>);

impl Lines {
    /// Prints a line that holds no line break.
    pub(crate) fn line(&mut self, text: &str) -> ControlFlow<()> {
        go_on(&self.0.write_all(text.as_bytes()).and_then(|()| self.0.write_all(b"\n")))
    }

    /// Shows what was printed so far.
    pub(crate) fn flush(&mut self) -> ControlFlow<()> {
        go_on(&self.0.flush())
    }
}

fn go_on(printed: &std::io::Result<()>) -> ControlFlow<()> {
    if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// A table for people: columns as wide as their widest cell.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| heading.to_uppercase()).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| plain(cell.as_ref())).collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut widths = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(measure_text_width(cell));
            }
        }
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width + 2 - measure_text_width(cell)));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Text of others without what a terminal would obey: control characters and marks that turn the direction of writing.
pub(crate) fn plain(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if obeyed(c) { ' ' } else { c }).collect()
}

/// Text of several lines, each [`plain`].
pub(crate) fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_also_with_wide_characters_and_terminal_codes_are_harmless() {
        let mut table = Table::new(&["name", "shown"]);
        table.row(["ada", "\u{5c71}\u{7530}"]);
        table.row(["grace.hopper", "\u{1b}[31mGrace\nroot"]);
        let lines: Vec<String> = table.to_string().lines().map(str::to_owned).collect();
        assert_eq!(
            lines,
            ["NAME          SHOWN", "ada           \u{5c71}\u{7530}", "grace.hopper   [31mGrace root"]
        );
    }
}
