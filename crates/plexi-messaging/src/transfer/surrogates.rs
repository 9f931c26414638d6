//! JSON with half of a surrogate pair in it (`"\ud83d"`), as programs write it that cut texts by their UTF-16 units. No
//! text can hold it, so it becomes U+FFFD.

use serde::de::DeserializeOwned;

/// What the report says about it.
pub(super) const NOTE: &str = "half a character (lone surrogate) was replaced by U+FFFD";

/// Reads a document; one that cannot be read is tried once more with its lone surrogates replaced. True when that helped.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, bool), serde_json::Error> {
    match serde_json::from_slice(bytes) {
        Ok(document) => Ok((document, false)),
        Err(error) => match mended(bytes) {
            Some(mended) => Ok((serde_json::from_slice(&mended)?, true)),
            None => Err(error),
        },
    }
}

/// The document with `\ufffd` for each escape of a lone surrogate; `None` when it has none.
fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let mut changed = false;
    let mut at = 0;
    while at < bytes.len() {
        // An escape counts only where it begins: in `\\ud83d` the backslash is one that is meant.
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match unit(bytes, at) {
            Some(0xD800..=0xDBFF) if matches!(unit(bytes, at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                out[at + 2..at + 6].copy_from_slice(b"fffd");
                changed = true;
                at += 6;
            }
            _ => at += 2,
        }
    }
    changed.then_some(out)
}

/// The UTF-16 unit of the escape `\uXXXX` that begins at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_becomes_the_replacement_character() {
        let cases = [
            (r#""a\ud83d""#, "a\u{FFFD}"),
            (r#""\uDE00b""#, "\u{FFFD}b"),
            (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"),
            (r#""\ud83d x \n\\\ud83d""#, "\u{FFFD} x \n\\\u{FFFD}"),
        ];
        for (json, text) in cases {
            assert_eq!(read::<String>(json.as_bytes()).unwrap(), (text.to_owned(), true), "{json}");
        }
    }

    #[test]
    fn whole_characters_and_escaped_backslashes_stay_as_they_are() {
        for (json, text) in [(r#""\ud83d\ude00""#, "\u{1F600}"), (r#""\\ud83d""#, "\\ud83d")] {
            assert_eq!(read::<String>(json.as_bytes()).unwrap(), (text.to_owned(), false), "{json}");
        }
    }

    #[test]
    fn what_is_broken_otherwise_stays_broken() {
        for json in [r#""\ud83d"#, r#""\ud8""#, r#"{"a": \ud83d}"#, "", "\\"] {
            assert!(read::<String>(json.as_bytes()).is_err(), "{json}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_fail(bytes: Vec<u8>) {
            if let Some(mended) = mended(&bytes) {
                proptest::prop_assert_eq!(mended.len(), bytes.len());
            }
        }
    }
}
