//! Folding: what makes two texts the same for search. NFKC, lower case, marks of Latin letters taken off,
//! white space as one space.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Marks on one letter beyond this many belong to nothing anybody searches for, and are folded on their own.
const MOST_MARKS: usize = 16;

/// A text folded, with the place of each folded character in the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The folded characters.
    pub chars: Vec<char>,
    /// For each of them, where what it was made of starts and ends in the original, in UTF-16 code units.
    pub places: Vec<(u32, u32)>,
}

/// Folds a text.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, |piece, _, _| folded.push(piece));
    folded
}

/// Folds a text and remembers the places.
pub fn fold_with_places(text: &str) -> Folded {
    let mut folded = Folded::default();
    fold_into(text, |piece, start, end| {
        folded.chars.push(piece);
        folded.places.push((start, end));
    });
    folded
}

/// Hands out folded characters with the UTF-16 range of the cluster that each was made of.
fn fold_into(text: &str, mut out: impl FnMut(char, u32, u32)) {
    let mut chars = text.chars().peekable();
    let mut at = 0_u32;
    let mut after_space = false;
    let mut cluster = String::new();
    while let Some(first) = chars.next() {
        let start = at;
        at += units(first);
        cluster.clear();
        cluster.push(first);
        let mut marks = 0;
        while let Some(mark) = chars.next_if(|next| marks < MOST_MARKS && continues(*next)) {
            marks += 1;
            at += units(mark);
            cluster.push(mark);
        }
        fold_cluster(&cluster, |piece| {
            let is_space = piece.is_whitespace();
            if !(is_space && after_space) {
                out(if is_space { ' ' } else { piece }, start, at);
            }
            after_space = is_space;
        });
    }
}

fn units(c: char) -> u32 {
    if c.len_utf16() == 2 { 2 } else { 1 }
}

/// Whether a character belongs to the one before it: a combining mark, or a later letter of a Korean syllable.
fn continues(c: char) -> bool {
    !c.is_ascii() && (is_combining_mark(c) || ('\u{1160}'..='\u{11FF}').contains(&c))
}

fn fold_cluster(cluster: &str, mut out: impl FnMut(char)) {
    if let &[byte] = cluster.as_bytes() {
        return out(char::from(byte.to_ascii_lowercase()));
    }
    let lower: String = cluster.nfkc().flat_map(char::to_lowercase).collect();
    let latin = lower.nfd().next().is_some_and(|base| base.is_ascii_alphabetic());
    if latin {
        lower.nfkd().filter(|c| !is_combining_mark(*c)).for_each(out);
    } else {
        // Lower case of a composed character can come out decomposed.
        lower.nfkc().for_each(&mut out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_marks_and_white_space_make_no_difference() {
        assert_eq!(fold("Ébène  \n\tCAFÉ"), "ebene cafe");
        assert_eq!(fold("ＦＵＬＬ ﬁsh"), "full fish");
        assert_eq!(fold("e\u{301}te\u{301}"), "ete");
        assert_eq!(fold("İ"), "i");
    }

    #[test]
    fn other_scripts_keep_their_marks_and_compose() {
        assert_eq!(fold("か\u{3099}"), "が");
        assert_eq!(fold("\u{1112}\u{1161}\u{11ab}"), "한");
        assert_eq!(fold("ЙОД"), "йод");
        assert_ne!(fold("й"), fold("и"));
    }

    #[test]
    fn places_are_in_utf16_units_of_the_original() {
        let folded = fold_with_places("😀É\u{301}x");
        assert_eq!(folded.chars, ['😀', 'e', 'x']);
        assert_eq!(folded.places, [(0, 2), (2, 4), (4, 5)]);
    }

    proptest::proptest! {
        #[test]
        fn both_ways_of_folding_agree_and_places_are_ordered(text in "\\PC{0,60}") {
            let folded = fold_with_places(&text);
            proptest::prop_assert_eq!(folded.chars.iter().collect::<String>(), fold(&text));
            let length = u32::try_from(text.encode_utf16().count()).unwrap();
            let mut last = 0;
            for (start, end) in folded.places {
                proptest::prop_assert!(last <= start && start < end && end <= length);
                last = start;
            }
        }

        #[test]
        fn folding_twice_changes_nothing_for_letters(text in "[a-zA-ZéÜñа-яА-Я一-龥가-힣ぁ-ん ]{0,40}") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }
    }
}
