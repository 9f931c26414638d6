//! The language of search: words, `"phrases"`, `-word`, and the operators from: in: before: after: has: is:.

use plexi_core::{FieldError, Timestamp};

use super::fold::fold;
use crate::ports::Trait;

/// The longest query, in characters.
pub const MOST_CHARS: usize = 512;
/// Words, phrases and operators of one query.
pub const MOST_TERMS: usize = 20;

const DAY_SECONDS: i64 = 86_400;
const OPERATORS: &str = "operators are from: in: before: after: has: is:";

/// A query as it was understood. Texts are folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Each must be in the text.
    pub wanted: Vec<String>,
    /// None may be in the text.
    pub unwanted: Vec<String>,
    /// Names of authors, or `me`; any of them.
    pub from: Vec<String>,
    /// Names of channels; any of them.
    pub within: Vec<String>,
    /// Only before this time.
    pub before: Option<Timestamp>,
    /// Only at or after this time.
    pub after: Option<Timestamp>,
    /// What the message must have, all of it.
    pub traits: Vec<Trait>,
}

/// Reads a query. The errors name the operator or the limit, for the person who wrote it.
pub fn parse(text: &str) -> Result<Query, Vec<FieldError>> {
    if text.chars().count() > MOST_CHARS {
        return Err(vec![FieldError::new("q", format!("must be at most {MOST_CHARS} characters"))]);
    }
    let mut query = Query::default();
    let mut problems = Vec::new();
    let mut count = 0;
    for piece in pieces(text) {
        count += 1;
        if count > MOST_TERMS {
            problems.push(FieldError::new("q", format!("must be at most {MOST_TERMS} words and operators")));
            break;
        }
        if let Err(problem) = query.add(&piece) {
            problems.push(problem);
        }
    }
    if problems.is_empty() { Ok(query) } else { Err(problems) }
}

/// A word, phrase or operator as written.
struct Piece {
    negated: bool,
    operator: Option<String>,
    value: String,
}

/// Splits at white space outside of quotes. A quote that is not closed goes to the end.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (negated, after_sign) = match rest.strip_prefix('-') {
            Some(after) if after.starts_with(|c: char| !c.is_whitespace()) => (true, after),
            _ => (false, rest),
        };
        let (operator, value_at) = split_operator(after_sign);
        let (value, after) = match value_at.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value_at.split_at(value_at.find(char::is_whitespace).unwrap_or(value_at.len())),
        };
        pieces.push(Piece { negated, operator, value: value.to_owned() });
        rest = after.trim_start();
    }
    pieces
}

/// Letters and a colon in front of something are an operator, but not in `https://` or `std::vec`.
fn split_operator(text: &str) -> (Option<String>, &str) {
    let Some((name, value)) = text.split_once(':') else { return (None, text) };
    let is_operator = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !value.starts_with([':', '/'])
        && !value.starts_with(char::is_whitespace)
        && !value.is_empty();
    if is_operator { (Some(name.to_ascii_lowercase()), value) } else { (None, text) }
}

impl Query {
    fn add(&mut self, piece: &Piece) -> Result<(), FieldError> {
        let Some(operator) = piece.operator.as_deref() else {
            let term = fold(&piece.value).trim().to_owned();
            if !term.is_empty() {
                if piece.negated { self.unwanted.push(term) } else { self.wanted.push(term) }
            }
            return Ok(());
        };
        let problem = |problem: String| Err(FieldError::new(format!("q.{operator}"), problem));
        if piece.negated {
            return problem("an operator cannot be negated; only words and phrases can".to_owned());
        }
        let value = piece.value.trim();
        match operator {
            "from" => self.from.push(fold(value.trim_start_matches('@'))),
            "in" => self.within.push(fold(value.trim_start_matches('#'))),
            "before" | "after" => {
                let Some((start, end)) = span(value) else {
                    return problem("must be a day such as 2026-01-31 or an RFC 3339 time".to_owned());
                };
                if operator == "before" {
                    self.before = Some(self.before.map_or(start, |known| known.min(start)));
                } else {
                    self.after = Some(self.after.map_or(end, |known| known.max(end)));
                }
            }
            "has" => match value.to_ascii_lowercase().as_str() {
                "link" => self.traits.push(Trait::Link),
                "file" => self.traits.push(Trait::File),
                "reaction" => self.traits.push(Trait::Reaction),
                "pin" => self.traits.push(Trait::Pinned),
                "thread" => self.traits.push(Trait::Thread),
                _ => return problem("must be link, file, reaction, pin or thread".to_owned()),
            },
            "is" => match value.to_ascii_lowercase().as_str() {
                "thread" => self.traits.push(Trait::Thread),
                "pinned" => self.traits.push(Trait::Pinned),
                "edited" => self.traits.push(Trait::Edited),
                "direct" => self.traits.push(Trait::Direct),
                _ => return problem("must be thread, pinned, edited or direct".to_owned()),
            },
            _ => return problem(format!("is no operator; {OPERATORS} (quote the word to search for it)")),
        }
        Ok(())
    }
}

/// The first moment of a day and the first after it, in UTC; for a time the same twice. So `before:` and
/// `after:` both leave the day itself out.
fn span(value: &str) -> Option<(Timestamp, Timestamp)> {
    if let Some(at) = Timestamp::parse(value) {
        return Some((at, at));
    }
    let start = Timestamp::parse(&format!("{value}T00:00:00Z"))?;
    Some((start, Timestamp::from_seconds(start.as_seconds() + DAY_SECONDS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_exclusions() {
        let query = parse(r#"Deploy "release  notes" -Draft -"to do""#).unwrap();
        assert_eq!(query.wanted, ["deploy", "release notes"]);
        assert_eq!(query.unwanted, ["draft", "to do"]);
    }

    #[test]
    fn operators_are_read_and_the_days_named_are_left_out() {
        let query =
            parse("from:@Ada in:#general after:2026-01-30 before:2026-02-02 has:link is:pinned").unwrap();
        assert_eq!(query.from, ["ada"]);
        assert_eq!(query.within, ["general"]);
        assert_eq!(query.after, Timestamp::parse("2026-01-31T00:00:00Z"));
        assert_eq!(query.before, Timestamp::parse("2026-02-02T00:00:00Z"));
        assert_eq!(query.traits, [Trait::Link, Trait::Pinned]);
    }

    #[test]
    fn addresses_and_paths_are_words() {
        assert_eq!(parse("https://example.com std::vec 10:30 note:").unwrap().wanted.len(), 4);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert_eq!(parse("form:ada").unwrap_err()[0].field, "q.form");
        assert_eq!(parse("has:nothing").unwrap_err()[0].field, "q.has");
        assert_eq!(parse("before:yesterday").unwrap_err()[0].field, "q.before");
        assert_eq!(parse("-from:ada").unwrap_err()[0].field, "q.from");
        assert_eq!(parse(&"a ".repeat(21)).unwrap_err()[0].field, "q");
        assert_eq!(parse(&"a".repeat(513)).unwrap_err()[0].field, "q");
    }

    #[test]
    fn an_open_quote_goes_to_the_end() {
        assert_eq!(parse(r#"one "two three"#).unwrap().wanted, ["one", "two three"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_fail_otherwise(text in "\\PC{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn nor_does_anything_made_of_its_own_signs(text in "(from|in|has|is|before|after|-|:|\"|#|@| |a|é|東|2026-01-31){0,30}") {
            if let Ok(query) = parse(&text) {
                proptest::prop_assert!(query.wanted.len() + query.unwanted.len() <= MOST_TERMS);
            }
        }
    }
}
