use std::fmt::Write as _;

use plexi_config::{ConfigSchema, example_toml, reference};
use plexi_core::ErrorCode;

use crate::settings::Settings;

/// A document that is generated from the program.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its file name.
    pub name: &'static str,
    /// Its content.
    pub text: String,
}

/// Everything that is generated from the program: they cannot differ from it.
pub fn documents() -> Result<Vec<Document>, serde_json::Error> {
    let schema = ConfigSchema::of::<Settings>();
    let document = |name, text| Document { name, text };
    Ok(vec![
        document("openapi.json", serde_json::to_string_pretty(&plexi_web::openapi::document())? + "\n"),
        document("CONFIGURATION_REFERENCE.md", reference(&schema)),
        document("config.schema.json", serde_json::to_string_pretty(schema.as_json())? + "\n"),
        document("plexichat.example.toml", example_toml(&schema)),
        document("ERROR_CODES.md", error_codes()),
    ])
}

fn error_codes() -> String {
    let mut text = String::from(
        "# Error codes\n\nEvery error answer carries one of these codes as `error_code`. The message is safe for anybody; the remedy says what\n\
         the caller can do. What happened inside is in the server's log under the answer's `correlation_id`.\n\n\
         | code | status | message | remedy |\n|---|---|---|---|\n",
    );
    for code in ErrorCode::ALL {
        let remedy = code.remedy().replace('|', "\\|");
        // infallible: writing to a String
        let _ = writeln!(text, "| `{code}` | {} | {} | {remedy} |", code.status(), code.message());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_and_the_codes_change_only_knowingly() {
        for document in documents().unwrap() {
            if ["CONFIGURATION_REFERENCE.md", "ERROR_CODES.md"].contains(&document.name) {
                insta::assert_snapshot!(document.name, document.text);
            }
        }
    }

    #[test]
    fn every_code_of_the_catalogue_is_in_the_table() {
        let text = error_codes();
        assert!(
            ErrorCode::ALL.iter().all(|code| text.contains(&format!("| `{code}` | {} |", code.status())))
        );
    }
}
