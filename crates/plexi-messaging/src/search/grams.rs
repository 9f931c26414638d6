//! What the index holds of a text: for each place in a word the three characters from there on, the end of the
//! word filled up, each character as four letters or digits. Any full-text engine takes such tokens as words,
//! and a search for one or two characters is a search for a prefix.

use super::fold::fold;
use crate::ports::IndexTerm;

/// Distinct tokens of one message: twice as many as the longest message has characters, since a few signs are folded into
/// several letters. What an engine keeps of one text holds them all; only a text made of such signs could have more.
pub const MOST_TOKENS: usize = 80_000;

const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";
/// Letters and digits for one character.
const WIDTH: usize = 4;

type Token = [u8; 3 * WIDTH];

/// The tokens of a message's text, each once and in no particular order, separated by spaces: at most 80,000, of 12
/// characters each.
pub fn index_text(text: &str) -> String {
    let folded = fold(text);
    // Each token with its place; sorting finds those that come again faster than a set does.
    let mut tokens: Vec<(Token, usize)> = Vec::with_capacity(folded.len());
    for word in folded.split(' ') {
        let mut chars = word.chars();
        let mut window = [chars.next(), chars.next(), chars.next()];
        while window[0].is_some() {
            tokens.push((token(window), tokens.len()));
            window = [window[1], window[2], chars.next()];
        }
    }
    tokens.sort_unstable();
    tokens.dedup_by_key(|(token, _)| *token);
    if tokens.len() > MOST_TOKENS {
        // The first of the text stay.
        tokens.sort_unstable_by_key(|(_, place)| *place);
        tokens.truncate(MOST_TOKENS);
    }
    let mut index = Vec::with_capacity(tokens.len() * (size_of::<Token>() + 1));
    for (token, _) in &tokens {
        if !index.is_empty() {
            index.push(b' ');
        }
        index.extend_from_slice(token);
    }
    // invariant: tokens are ASCII
    String::from_utf8(index).unwrap_or_default()
}

/// What the index must have for a message that contains `needle`, which is folded. Empty for an empty needle.
pub fn index_terms(needle: &str) -> Vec<IndexTerm> {
    needle.split(' ').filter(|word| !word.is_empty()).map(word_term).collect()
}

fn word_term(word: &str) -> IndexTerm {
    let chars: Vec<char> = word.chars().collect();
    if chars.len() < 3 {
        let prefix = chars.iter().flat_map(|c| encode(Some(*c))).map(char::from).collect();
        return IndexTerm { tokens: Vec::new(), prefix: Some(prefix) };
    }
    let mut tokens: Vec<String> = chars
        .windows(3)
        .map(|three| {
            token([Some(three[0]), Some(three[1]), Some(three[2])])
                .iter()
                .map(|byte| char::from(*byte))
                .collect()
        })
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    IndexTerm { tokens, prefix: None }
}

fn token(window: [Option<char>; 3]) -> Token {
    let mut token = [0; 3 * WIDTH];
    for (place, c) in token.chunks_exact_mut(WIDTH).zip(window) {
        place.copy_from_slice(&encode(c));
    }
    token
}

/// Four digits of base 32, the most significant first; none is zero, which no text contains.
fn encode(c: Option<char>) -> [u8; WIDTH] {
    let code = c.map_or(0, |c| c as usize);
    // The last private plane (above U+FFFFF) shares codes with the first; verification tells them apart.
    [15, 10, 5, 0].map(|shift| DIGITS[(code >> shift) & 31])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn finds(text: &str, needle: &str) -> bool {
        let index = index_text(text);
        let tokens: HashSet<&str> = index.split(' ').collect();
        index_terms(&fold(needle)).iter().all(|term| {
            term.tokens.iter().all(|token| tokens.contains(token.as_str()))
                && term
                    .prefix
                    .as_ref()
                    .is_none_or(|prefix| tokens.iter().any(|token| token.starts_with(prefix)))
        })
    }

    #[test]
    fn a_text_has_one_token_for_each_place_and_each_only_once() {
        assert_eq!(index_text("aa AA").split(' ').count(), 2);
        assert_eq!(index_text(""), "");
        assert!(index_text("Zürich 東京").bytes().all(|b| b.is_ascii_alphanumeric() || b == b' '));
    }

    #[test]
    fn words_inside_words_and_single_characters_are_found() {
        assert!(finds("The Workspace", "kspa"));
        assert!(finds("今日は東京へ", "東京"));
        assert!(finds("今日は東京へ", "京"));
        assert!(finds("two words here", "wo wor"));
        assert!(!finds("The Workspace", "spice"));
    }

    #[test]
    fn the_longest_message_is_indexed_to_its_end() {
        let mut long: String = (0..39_996_u32).filter_map(|n| char::from_u32(0x4E00 + n % 20_000)).collect();
        long.push_str(" zoo!");
        assert!(finds(&long, "zoo"));
        let varied: String = (0..40_000_u32)
            .filter_map(|n| char::from_u32(0x4E00 + n.wrapping_mul(2_654_435_761) % 20_000))
            .collect();
        assert!(finds(&varied, &varied.chars().skip(39_990).collect::<String>()));
    }

    #[test]
    fn the_number_of_tokens_is_bounded() {
        let ligatures: String = (0..40_000_u32)
            .filter_map(|n| char::from_u32(0x3300 + n.wrapping_mul(2_654_435_761) % 88))
            .collect();
        assert!(index_text(&ligatures).split(' ').count() <= MOST_TOKENS);
    }

    proptest::proptest! {
        #[test]
        fn every_substring_is_found(text in "[a-cA-C é東京한か-こ\u{3099}\\PC]{1,40}", from in 0_usize..40, length in 1_usize..20) {
            let folded = fold(&text);
            let needle: String = folded.chars().skip(from).take(length).collect();
            let index = index_text(&text);
            let tokens: HashSet<&str> = index.split(' ').collect();
            for term in index_terms(&needle) {
                proptest::prop_assert!(term.tokens.iter().all(|token| tokens.contains(token.as_str())));
                if let Some(prefix) = term.prefix {
                    proptest::prop_assert!(tokens.iter().any(|token| token.starts_with(&prefix)));
                }
            }
        }
    }
}
