//! Whatever comes in, a line stays one line of printable ASCII.

use std::fmt::Write as _;

/// What no name and no value without quotes may hold.
const NOT_BARE: [u8; 4] = [b' ', b'=', b'"', b'\\'];

/// Rewrites `text` so that it holds printable ASCII only.
///
/// Line breaks and tabs become `\n`, `\r`, `\t`; other control characters `\xNN`; everything outside ASCII
/// `\u{..}`; a backslash is doubled, so no two texts are written alike.
pub fn escape_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    plain(&mut out, text);
    out
}

/// Appends `text` escaped, without quotes.
pub(crate) fn plain(out: &mut String, text: &str) {
    if is_plain(text, [b'\\']) {
        return out.push_str(text);
    }
    write_escaped(out, text, |c| c == '\\');
}

/// Appends `text` escaped in double quotes.
pub(crate) fn quoted(out: &mut String, text: &str) {
    out.push('"');
    if is_plain(text, [b'\\', b'"']) {
        out.push_str(text);
    } else {
        write_escaped(out, text, |c| matches!(c, '\\' | '"'));
    }
    out.push('"');
}

/// Appends a value: bare when it is one word, otherwise in quotes.
pub(crate) fn value(out: &mut String, text: &str) {
    if !text.is_empty() && is_plain(text, NOT_BARE) {
        out.push_str(text);
    } else {
        quoted(out, text);
    }
}

/// Appends a field's name: also blanks, quotes and `=` are escaped, so a name cannot pass for a value.
pub(crate) fn name(out: &mut String, text: &str) {
    if is_plain(text, NOT_BARE) {
        return out.push_str(text);
    }
    for c in text.chars() {
        match c {
            ' ' | '=' | '"' | '\\' => drop(write!(out, "\\x{:02x}", c as u32)),
            _ => one(out, c),
        }
    }
}

/// Whether all is printable ASCII and holds none of `special`. It looks at all bytes, sixteen at a time: most texts are plain.
pub(crate) fn is_plain<const N: usize>(text: &str, special: [u8; N]) -> bool {
    let other = |bytes: &[u8]| {
        bytes.iter().fold(0_u8, |other, b| {
            let special = special.iter().fold(0_u8, |found, one| found | u8::from(b == one));
            other | u8::from(*b < b' ') | u8::from(*b > b'~') | special
        })
    };
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    let mut found = blocks.iter().fold(0, |found, block| found | other(block));
    found |= match text.as_bytes().last_chunk::<16>() {
        // some bytes twice is faster than the rest one by one
        Some(last) if !rest.is_empty() => other(last),
        _ => other(rest),
    };
    found == 0
}

fn write_escaped(out: &mut String, text: &str, doubled: impl Fn(char) -> bool) {
    for c in text.chars() {
        if doubled(c) {
            out.push('\\');
        }
        one(out, c);
    }
}

fn one(out: &mut String, c: char) {
    // infallible: writing to a String
    match c {
        ' '..='~' => out.push(c),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\x7f' => drop(write!(out, "\\x{:02x}", c as u32)),
        _ => drop(write!(out, "\\u{{{:x}}}", c as u32)),
    }
}

/// Takes back what [`plain`], [`quoted`] and [`name`] wrote; what none of them writes stays as it is.
pub(crate) fn undo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (c, len) = undo_one(rest).unwrap_or(('\\', 1));
        out.push(c);
        rest = &rest[len..];
    }
    out.push_str(rest);
    out
}

/// The character that `text` begins with in escaped form, and how long the form is.
fn undo_one(text: &str) -> Option<(char, usize)> {
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    match text.as_bytes().get(1)? {
        b'n' => Some(('\n', 2)),
        b'r' => Some(('\r', 2)),
        b't' => Some(('\t', 2)),
        b'\\' => Some(('\\', 2)),
        b'"' => Some(('"', 2)),
        b'x' => Some((hex(text.get(2..4)?)?, 4)),
        b'u' => {
            let digits = text.get(2..)?.strip_prefix('{')?.split_once('}')?.0;
            Some((hex(digits)?, digits.len() + 4))
        }
        _ => None,
    }
}

/// Appends `text` as a JSON string of ASCII.
pub(crate) fn json(out: &mut String, text: &str) {
    out.push('"');
    if is_plain(text, [b'\\', b'"']) {
        out.push_str(text);
        return out.push('"');
    }
    let mut units = [0_u16; 2];
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => {
                for unit in c.encode_utf16(&mut units) {
                    // infallible: writing to a String
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_character_has_its_form() {
        assert_eq!(escape_ascii("a\nb\r\t\x1b[31m\u{202e}\u{e9}\\n"), r"a\nb\r\t\x1b[31m\u{202e}\u{e9}\\n");
    }

    proptest! {
        #[test]
        fn nothing_but_printable_ascii_comes_out(text in any::<String>()) {
            let printable = |s: &str| s.bytes().all(|b| (b' '..=b'~').contains(&b));
            let (mut named, mut quote, mut as_json) = (String::new(), String::new(), String::new());
            name(&mut named, &text);
            quoted(&mut quote, &text);
            json(&mut as_json, &text);
            prop_assert!(printable(&escape_ascii(&text)) && printable(&named) && printable(&quote));
            prop_assert!(printable(&as_json) && !named.contains(['=', ' ', '"']));
            prop_assert_eq!(serde_json::from_str::<String>(&as_json).unwrap(), text);
        }

        #[test]
        fn plain_is_what_holds_nothing_else(text in "[ -~]{0,70}", other in prop::option::of(any::<char>()), at in 0..70_usize) {
            let mut text = text;
            if let Some(other) = other {
                text.insert(at.min(text.len()), other);
            }
            let expected = text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=' && b != b'"');
            prop_assert_eq!(is_plain(&text, [b'=', b'"']), expected);
        }

        #[test]
        fn escaping_can_be_taken_back(text in any::<String>()) {
            let (mut named, mut quote) = (String::new(), String::new());
            name(&mut named, &text);
            quoted(&mut quote, &text);
            prop_assert_eq!(undo(&escape_ascii(&text)), text.as_str());
            prop_assert_eq!(undo(&named), text.as_str());
            prop_assert_eq!(undo(&quote[1..quote.len() - 1]), text.as_str());
        }

        #[test]
        fn different_texts_stay_different(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(a == b, escape_ascii(&a) == escape_ascii(&b));
        }
    }
}
