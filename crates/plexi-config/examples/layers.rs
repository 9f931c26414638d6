//! Loads settings from a text, variables and flags and shows where each value came from.
//!
//! `PLEXICHAT_GREETING=hi cargo run -p plexi-config --example layers -- greeting=hello`

use std::io::Write as _;

use plexi_config::{Sources, Validate, from_process_env, load};
use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the example.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Example {
    /// What to say.
    greeting: String,
    /// How often.
    times: u8,
}

impl Validate for Example {
    fn validate(&self) -> Vec<FieldError> {
        let too_often = self.times > 3;
        too_often.then(|| FieldError::new("times", "must be at most 3")).into_iter().collect()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sources = Sources::new()
        .file("example.toml")
        .with_text("example.toml", "greeting = \"good morning\"\ntimes = 2\n")
        .environment(from_process_env())
        .flags(std::env::args().skip(1));
    let mut out = std::io::stdout().lock();
    match load::<Example>(&sources) {
        Ok(loaded) => {
            for (key, value, origin) in loaded.rows() {
                writeln!(out, "{key} = {value}  ({origin})")?;
            }
        }
        Err(problems) => writeln!(out, "{problems}")?,
    }
    Ok(())
}
