//! Verifying what the index found, and where the words stand.

use super::fold::{fold, fold_with_places};
use super::query::Query;

/// Highlights of one message.
const MOST_HIGHLIGHTS: usize = 100;

/// Whether a text has all wanted and no unwanted words of the query.
pub fn matches(query: &Query, text: &str) -> bool {
    if query.wanted.is_empty() && query.unwanted.is_empty() {
        return true;
    }
    let folded = fold(text);
    query.wanted.iter().all(|term| folded.contains(term.as_str()))
        && !query.unwanted.iter().any(|term| folded.contains(term.as_str()))
}

/// Where the wanted words stand in the text, as `[start, end)` in UTF-16 code units, in order and without overlap; at
/// most 100.
pub fn highlights(query: &Query, text: &str) -> Vec<(u32, u32)> {
    if query.wanted.is_empty() {
        return Vec::new();
    }
    let folded = fold_with_places(text);
    let mut found: Vec<(u32, u32)> = Vec::new();
    for term in &query.wanted {
        let needle: Vec<char> = term.chars().collect();
        let mut at = 0;
        let mut count = 0;
        while count < MOST_HIGHLIGHTS
            && let Some(window) = folded.chars.get(at..at + needle.len())
        {
            if window == needle {
                let start = folded.places[at].0;
                let end = folded.places[at + needle.len() - 1].1;
                found.push((start, end));
                count += 1;
                at += needle.len();
            } else {
                at += 1;
            }
        }
    }
    found.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::new();
    for (start, end) in found {
        match merged.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged.truncate(MOST_HIGHLIGHTS);
    merged
}

#[cfg(test)]
mod tests {
    use super::super::query::parse;
    use super::*;

    #[test]
    fn all_wanted_and_no_unwanted_words() {
        let query = parse("work -home").unwrap();
        assert!(matches(&query, "The Workspace"));
        assert!(!matches(&query, "homework"));
        assert!(!matches(&query, "play"));
    }

    #[test]
    fn phrases_span_line_breaks() {
        assert!(matches(&parse("\"release notes\"").unwrap(), "the Release\nNotes are here"));
    }

    #[test]
    fn highlights_count_utf16_units_and_merge() {
        let query = parse("café fée").unwrap();
        assert_eq!(highlights(&query, "😀 CAFÉ"), [(3, 7)]);
        let query = parse("abc bcd").unwrap();
        assert_eq!(highlights(&query, "xabcdx abc"), [(1, 5), (7, 10)]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_highlighted_folds_to_the_word(text in "[a-zé 東京😀]{0,30}", word in "[a-zé東]{1,2}") {
            let query = Query { wanted: vec![fold(&word)], ..Query::default() };
            let units: Vec<u16> = text.encode_utf16().collect();
            let marks = highlights(&query, &text);
            proptest::prop_assert_eq!(marks.is_empty(), !matches(&query, &text));
            for (start, end) in marks {
                let marked = String::from_utf16(&units[start as usize..end as usize]).unwrap();
                proptest::prop_assert!(fold(&marked).contains(&fold(&word)));
            }
        }
    }
}
