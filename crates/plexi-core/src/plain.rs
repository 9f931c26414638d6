//! Short texts that people tell things apart by (names, topics): nothing in them may deceive the eye.

/// What is wrong with a text that is not [`is_plain`], for an answer.
pub const NOT_PLAIN: &str = "must not hold control, invisible or direction-changing characters";

/// Bytes as hexadecimal digits, two each.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether a text can be shown on a line as it is: no character of it [`deceives`], and unless it is empty there is
/// something to be seen.
///
/// ```
/// use plexi_core::plain::is_plain;
///
/// assert!(is_plain("Łukasz 👩‍💻") && is_plain(""));
/// assert!(!is_plain("a\u{200B}b") && !is_plain("\u{2800}"));
/// ```
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(deceives) && (text.is_empty() || !text.chars().all(is_blank))
}

/// Whether nothing of a text can be seen: it is empty, or every character of it is blank or without width. Texts that people
/// write to each other may hold any characters, if there is something to be seen beside them.
///
/// ```
/// use plexi_core::plain::shows_nothing;
///
/// assert!(shows_nothing(" \u{200B}\n\u{2800}") && !shows_nothing("\u{202E}a"));
/// ```
pub fn shows_nothing(text: &str) -> bool {
    text.chars().all(|c| is_blank(c) || deceives(c))
}

/// Control characters, line separators, bidirectional controls and characters without width. The joiners that emoji and
/// some scripts need (U+200C, U+200D) do not count.
pub fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}' | '\u{200B}'
            | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E001F}')
}

/// What shows nothing by itself but has its place among other characters: white space, the empty braille pattern, joiners,
/// variation selectors and tags.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{180B}'..='\u{180F}' | '\u{200C}' | '\u{200D}' | '\u{2800}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_script_and_emoji_are_plain() {
        let flag = "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}";
        for text in ["", "Ada", "Łukasz Żak", "李小龍", "محمد", "👩‍💻 Grace", "❤️", "می‌خواهم", flag]
        {
            assert!(is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn what_hides_or_turns_the_writing_is_not_plain() {
        for text in
            ["a\nb", "\u{202E}nimda", "a\u{200B}b", "\u{1b}[31mred", "a\u{2066}b\u{2069}", "a\u{FEFF}"]
        {
            assert!(!is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn what_shows_nothing_at_all_is_not_plain() {
        for text in [" ", "\u{2800}", "\u{200D}", "\u{FE0F}", "\u{2800} \u{200C}", "\u{E0061}", "\u{3164}"] {
            assert!(!is_plain(text), "{text:?}");
        }
    }

    #[test]
    fn a_text_of_invisible_characters_shows_nothing() {
        for text in [
            "",
            " \n\t",
            "\u{202E}",
            "\u{200B}",
            "\u{2800}",
            "\u{FEFF}",
            "\u{AD}",
            "\u{200D}",
            "\u{180E} \u{FE0F}",
        ] {
            assert!(shows_nothing(text), "{text:?}");
        }
        for text in
            ["a", "\u{202E}a", "\u{1F469}\u{200D}\u{1F4BB}", "\u{2764}\u{FE0F}", "\u{645}\u{6CC}\u{200C}"]
        {
            assert!(!shows_nothing(text), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_plain_stays_so_with_something_seen_beside_it(text: String) {
            if is_plain(&text) {
                let longer = format!("a{text}");
                proptest::prop_assert!(is_plain(&longer));
            }
        }
    }
}
