//! What may stand in the fields of a profile: bounds on length, and no characters that deceive the reader.

use plexi_core::{FieldError, plain};
use unicode_normalization::UnicodeNormalization as _;

/// A display name: trimmed, NFC, 1 to 64 characters, none of them invisible or turning the direction of writing.
pub fn display_name(text: &str) -> Result<String, FieldError> {
    line("display_name", text, 1, 64)
}

/// A status text: trimmed, NFC, at most 100 characters.
pub fn status_text(text: &str) -> Result<String, FieldError> {
    line("status_text", text, 0, 100)
}

/// The name of a device: trimmed, NFC, at most 100 characters; `unknown device` when there is none.
pub fn device(text: Option<&str>) -> Result<String, FieldError> {
    let name = line("device", text.unwrap_or_default(), 0, 100)?;
    Ok(if name.is_empty() { "unknown device".to_owned() } else { name })
}

/// A language tag after the form of BCP 47: letters, then parts of 1 to 8 letters and digits, at most 35 characters.
pub fn locale(text: &str) -> Result<String, FieldError> {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let right = text.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if right {
        Ok(text.to_owned())
    } else {
        Err(FieldError::new("locale", "must be a language tag such as en or pt-BR"))
    }
}

/// The name of a role: 1 to 32 of `a-z 0-9 _ -`.
pub(crate) fn role_name(text: &str) -> Result<String, FieldError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    let right = (1..=32).contains(&text.len()) && text.bytes().all(plain);
    if right {
        Ok(text.to_owned())
    } else {
        Err(FieldError::new("name", "must be 1 to 32 of a-z, 0-9, _ and -"))
    }
}

fn line(field: &'static str, text: &str, least: usize, most: usize) -> Result<String, FieldError> {
    // Normalising never shortens a character below a quarter of its bytes, so this much can never fit.
    if text.len() > most * 16 {
        return Err(bounds(field, least, most));
    }
    let text: String = text.trim().nfc().collect();
    if !plain::is_plain(&text) {
        return Err(FieldError::new(field, plain::NOT_PLAIN));
    }
    if (least..=most).contains(&text.chars().count()) { Ok(text) } else { Err(bounds(field, least, most)) }
}

fn bounds(field: &'static str, least: usize, most: usize) -> FieldError {
    FieldError::new(field, format!("must be {least} to {most} characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_keeps_any_script_and_emoji_and_loses_outer_spaces() {
        for name in ["Ada", "Łukasz Żak", "李小龍", "محمد", "👩‍💻 Grace"] {
            assert_eq!(display_name(&format!("  {name} ")), Ok(name.to_owned()));
        }
    }

    #[test]
    fn a_display_name_that_deceives_or_does_not_fit_is_refused() {
        for name in [
            "",
            "   ",
            "a\nb",
            "\u{202E}nimda",
            "a\u{200B}b",
            "\u{1b}[31mred",
            "a\u{2066}b\u{2069}",
            "\u{2800}",
        ] {
            assert!(display_name(name).is_err(), "{name:?}");
        }
        assert!(display_name(&"x".repeat(64)).is_ok());
        assert!(display_name(&"x".repeat(65)).is_err());
        assert!(display_name(&"x".repeat(1_000_000)).is_err());
    }

    #[test]
    fn a_device_without_a_name_gets_one() {
        assert_eq!(device(None).unwrap(), "unknown device");
        assert_eq!(device(Some("Ada's laptop")).unwrap(), "Ada's laptop");
        assert!(device(Some(&"x".repeat(101))).is_err());
    }

    #[test]
    fn language_tags_are_known_by_their_form() {
        for tag in ["en", "pt-BR", "zh-Hant-TW", "de-CH-1996"] {
            assert_eq!(locale(tag), Ok(tag.to_owned()));
        }
        for tag in ["", "e", "english-", "en--GB", "1n", "en_GB", "en-toolongsubtag", &"a-".repeat(20)] {
            assert!(locale(tag).is_err(), "{tag}");
        }
    }
}
