//! What a message's text may be, and what is in it: mentions and links, outside of code.

use std::ops::Range;

use plexi_core::{FieldError, plain};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::error::MessagingError;
use crate::search::fold::fold;

/// Names that one message can mention; more are plain text.
pub const MOST_MENTIONS: usize = 50;
/// The longest name of an account.
const LONGEST_NAME: usize = 32;

/// Who a text names, and whether it links somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Folded names after `@`, in order, each once, at most 50. They may be nobody's.
    pub names: Vec<String>,
    /// `@channel` or `@here` was written.
    pub all: bool,
    /// There is a link.
    pub link: bool,
}

/// Brings line ends to `\n`, and checks that the text is 1 to `most` characters, something of them to be seen,
/// without NUL.
pub fn accept(text: &str, most: u32) -> Result<String, MessagingError> {
    let problem = |problem: String| MessagingError::Invalid(vec![FieldError::new("text", problem)]);
    // A character is at least one byte: hopeless sizes are not walked.
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if text.len() > most.saturating_mul(4).saturating_mul(2) {
        return Err(problem(format!("must be at most {most} characters")));
    }
    let text =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    if plain::shows_nothing(&text) {
        return Err(problem("must not be empty".to_owned()));
    }
    if text.contains('\0') {
        return Err(problem("must not contain NUL characters".to_owned()));
    }
    if text.chars().count() > most {
        return Err(problem(format!("must be at most {most} characters")));
    }
    Ok(text)
}

/// Finds mentions and links in `CommonMark`.
pub fn mentions(text: &str) -> Mentions {
    let mut found = Mentions::default();
    if !text.contains(['@', ':', '[', '<']) && !text.contains("www.") {
        return found;
    }
    walk(text, |part| match part {
        Part::Link => found.link = true,
        Part::Plain(piece, range) => {
            // The parser splits text at signs that might mean something: look at what stands before.
            let before = text.get(..range.start).and_then(|before| before.chars().next_back());
            look(piece, before, &text[range.end.min(text.len())..], &mut found);
        }
    });
    found
}

/// The text with other names after `@`, outside of code and links: `other` is asked for each folded name, in order. `None` when
/// nothing changes.
pub(crate) fn rename_mentions(text: &str, mut other: impl FnMut(&str) -> Option<String>) -> Option<String> {
    if !text.contains('@') {
        return None;
    }
    let mut changes = Vec::new();
    walk(text, |part| {
        let Part::Plain(piece, range) = part else { return };
        // Where the parser made characters out of an escape, places in the piece are none in the text.
        if text.get(range.clone()) != Some(piece) {
            return;
        }
        let before = text[..range.start].chars().next_back();
        for (at, name) in named(piece, before, &text[range.end..]) {
            if let Some(other) = other(&fold(&name)) {
                let begin = range.start + at;
                changes.push((begin..begin + name.len(), other));
            }
        }
    });
    let mut renamed = String::with_capacity(text.len() + 8 * changes.len());
    let mut done = 0;
    for (place, other) in &changes {
        renamed.push_str(&text[done..place.start]);
        renamed.push_str(other);
        done = place.end;
    }
    renamed.push_str(&text[done..]);
    (!changes.is_empty()).then_some(renamed)
}

/// What stands in a text outside of code.
enum Part<'a> {
    /// A link or image begins.
    Link,
    /// Plain text outside of links, with its place in the source.
    Plain(&'a str, Range<usize>),
}

/// Goes through the parts of a text in order.
fn walk(text: &str, mut visit: impl FnMut(Part<'_>)) {
    let mut code = 0_u32;
    let mut link = 0_u32;
    for (event, range) in
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).into_offset_iter()
    {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code += 1,
            Event::End(TagEnd::CodeBlock) => code = code.saturating_sub(1),
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => {
                link += 1;
                visit(Part::Link);
            }
            Event::End(TagEnd::Link | TagEnd::Image) => link = link.saturating_sub(1),
            Event::Text(piece) if code == 0 && link == 0 => visit(Part::Plain(&piece, range)),
            _ => {}
        }
    }
}

/// Whether a text links somewhere, outside of code.
pub fn has_link(text: &str) -> bool {
    let possible = ["://", "www.", "](", "<", "]:"].iter().any(|sign| text.contains(sign));
    possible && mentions(text).link
}

/// Looks at plain text. `after` is what follows it in the source: a name can be split over several pieces (`a_b`).
fn look(piece: &str, before: Option<char>, after: &str, found: &mut Mentions) {
    found.link = found.link
        || ["http://", "https://", "www."].iter().any(|start| {
            piece
                .match_indices(start)
                .any(|(at, _)| piece[at + start.len()..].starts_with(char::is_alphanumeric))
        });
    for (_, name) in named(piece, before, after) {
        let name = fold(&name);
        match name.as_str() {
            "channel" | "here" => found.all = true,
            "" => {}
            _ if name.chars().count() > LONGEST_NAME => {}
            _ if found.names.len() < MOST_MENTIONS && !found.names.contains(&name) => found.names.push(name),
            _ => {}
        }
    }
}

/// The names after `@` as they are written, with the places where they begin.
fn named<'a>(
    piece: &'a str,
    before: Option<char>,
    after: &'a str,
) -> impl Iterator<Item = (usize, String)> + 'a {
    piece.match_indices('@').filter_map(move |(at, _)| {
        let previous = piece[..at].chars().next_back().or(before);
        if previous.is_some_and(|c| c.is_alphanumeric() || matches!(c, '@' | '/' | '.' | '_' | '-')) {
            return None;
        }
        let rest = &piece[at + 1..];
        let mut name: String =
            rest.chars().chain(after.chars()).take_while(|c| is_name(*c)).take(LONGEST_NAME + 1).collect();
        while name.ends_with(['.', '-', '_']) && name.len() > 1 {
            name.pop();
        }
        Some((at + 1, name))
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Checks an emoji: 1 to 32 characters, plain ones without white space.
pub fn accept_emoji(emoji: &str) -> Result<(), MessagingError> {
    let count = emoji.chars().take(33).count();
    let fine = plain::is_plain(emoji) && !emoji.contains(char::is_whitespace);
    if !(1..=32).contains(&count) || !fine {
        return Err(MessagingError::Invalid(vec![FieldError::new(
            "emoji",
            "must be 1 to 32 characters that can be seen, without spaces",
        )]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_outside_of_code_and_links_count() {
        let found = mentions(
            "hi @Ada, `@bob` and [@carl](x)\n\n```\n@dora\n```\nmail me@example.com, @here. @eve_f.",
        );
        assert_eq!(found.names, ["ada", "eve_f"]);
        assert!(found.all && found.link);
    }

    #[test]
    fn names_are_replaced_where_they_are_mentions_only() {
        let renamed = |text: &str| {
            rename_mentions(text, |name| matches!(name, "ada" | "a_b").then(|| format!("{name}-2")))
        };
        assert_eq!(
            renamed("hi @Ada, `@ada` and [@ada](x): @ada.\n\n```\n@ada\n```\n**@a_b** @bob").unwrap(),
            "hi @ada-2, `@ada` and [@ada](x): @ada-2.\n\n```\n@ada\n```\n**@a_b-2** @bob"
        );
        for unchanged in ["", "ada", "@adam", "me@ada.org", "@bob", "&#64;ada", "    @ada"] {
            assert_eq!(renamed(unchanged), None, "{unchanged}");
        }
    }

    #[test]
    fn a_name_at_the_end_of_a_sentence_has_no_full_stop() {
        assert_eq!(mentions("thanks @ada.").names, ["ada"]);
        assert_eq!(mentions("@a.b-c_d and @A.B-C_D").names, ["a.b-c_d"]);
    }

    #[test]
    fn links_are_found_bare_in_brackets_and_in_markdown() {
        assert!(mentions("see https://example.com").link);
        assert!(mentions("<https://example.com>").link);
        assert!(mentions("[x](y)").link);
        assert!(mentions("www.example.com").link);
        assert!(!mentions("a: b, https:// and `https://example.com`").link);
    }

    #[test]
    fn line_ends_are_brought_to_one_form_and_limits_hold() {
        assert_eq!(accept("a\r\nb\rc", 10).unwrap(), "a\nb\nc");
        for bad in [
            "",
            "  \n",
            "\u{202E}",
            "\u{200B}",
            "\u{2800}",
            "\u{FEFF}",
            "\u{AD}",
            "a\0b",
            "12345678901",
            &"a".repeat(1_000),
        ] {
            assert!(accept(bad, 10).is_err(), "{bad:?}");
        }
        assert!(accept("東京東京東京東京東京", 10).is_ok());
    }

    #[test]
    fn an_emoji_is_short_and_has_no_spaces() {
        assert!(accept_emoji("👩‍👩‍👧").is_ok() && accept_emoji(":shipit:").is_ok());
        for bad in ["", "a b", &"x".repeat(33), "a\u{7}", "\u{202E}", "\u{200B}", "\u{2800}", "\u{FE0F}"] {
            assert!(accept_emoji(bad).is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_looked_at_without_fail(text in "[\\PC\n@`*_\\[\\]()<>!#]{0,80}") {
            let found = mentions(&text);
            proptest::prop_assert!(found.names.len() <= MOST_MENTIONS);
            proptest::prop_assert_eq!(rename_mentions(&text, |_| None), None);
            if let Some(renamed) = rename_mentions(&text, |_| Some("x".to_owned())) {
                proptest::prop_assert!(renamed.contains("@x"));
            }
        }
    }
}
