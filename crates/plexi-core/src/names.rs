//! The form of account names: folded so that one name has one spelling, with a skeleton so that no two names look alike.

use unicode_normalization::UnicodeNormalization as _;

use crate::FieldError;

/// The most characters of a name.
pub const MAX_CHARS: usize = 32;

/// A name in its one spelling, and what it looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// NFKC, lower case: the name itself.
    pub name: String,
    /// The name with characters that look alike replaced by one of them: unique among accounts, like the name.
    pub skeleton: String,
}

/// Words that address everybody in a message.
const RESERVED: [&str; 4] = ["all", "channel", "everyone", "here"];

/// Folds a name: 1 to 32 letters, digits, `.`, `_` and `-`, with at least one letter or digit.
///
/// ```
/// let folded = plexi_core::names::fold("Ａda").unwrap();
/// assert_eq!(folded.name, "ada");
/// ```
pub fn fold(text: &str) -> Result<Folded, FieldError> {
    let refused = |problem: &str| Err(FieldError::new("name", problem));
    // A character folds to at most 18, and 4 bytes hold one: what is longer than this cannot come to 32.
    if text.is_empty() || text.len() > MAX_CHARS * 16 {
        return refused("must be 1 to 32 characters");
    }
    let name = lower(text);
    if name.is_empty() || name.chars().count() > MAX_CHARS {
        return refused("must be 1 to 32 characters");
    }
    if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')) {
        return refused("may hold letters, digits, '.', '_' and '-' only");
    }
    if !name.chars().any(char::is_alphanumeric) {
        return refused("must hold a letter or a digit");
    }
    if RESERVED.contains(&name.as_str()) {
        return refused("is a word that addresses everybody");
    }
    let skeleton = skeleton(&name);
    Ok(Folded { name, skeleton })
}

/// What may be the beginning of a name or display name, folded for a search.
pub fn fold_prefix(text: &str) -> String {
    lower(&text.trim().chars().take(64).collect::<String>())
}

/// NFKC and lower case until neither changes anything more.
fn lower(text: &str) -> String {
    let mut folded: String = text.nfkc().collect();
    // Two rounds suffice for all of Unicode; the bound is there in case a version to come needs one more.
    for _ in 0..4 {
        let next: String = folded.to_lowercase().nfkc().collect();
        if next == folded {
            break;
        }
        folded = next;
    }
    folded
}

/// What a folded name looks like.
fn skeleton(name: &str) -> String {
    let alike: String = name.chars().map(looks_like).collect();
    // Pairs after single characters, so that a Cyrillic look-alike of `r` pairs up, too.
    alike.replace("rn", "m").replace("vv", "w")
}

/// The one character that stands for all that look like `c` (lower case only, since names are).
fn looks_like(c: char) -> char {
    match c {
        'а' | 'α' | 'ɑ' => 'a',
        'ƅ' | 'ь' | 'ъ' => 'b',
        'с' | 'ϲ' | 'ᴄ' => 'c',
        'ԁ' => 'd',
        'е' | 'ҽ' | 'є' | 'ε' | 'ё' => 'e',
        'ғ' | 'ƒ' => 'f',
        'ɡ' | 'ց' => 'g',
        'һ' | 'հ' | 'ћ' => 'h',
        '1' | 'i' | 'l' | 'ı' | 'і' | 'ι' | 'ї' | 'ӏ' | 'ǀ' | 'ɩ' | 'ا' | '۱' | '١' => 'l',
        'ј' | 'ϳ' | 'ʝ' => 'j',
        'к' | 'κ' | 'ĸ' => 'k',
        'м' => 'm',
        'п' | 'ո' | 'η' => 'n',
        '0' | 'о' | 'ο' | 'σ' | 'օ' | 'ס' | 'ه' | '۰' | '٠' | '०' | '০' | 'ჿ' => 'o',
        'р' | 'ρ' | 'ϼ' => 'p',
        'ԛ' | 'զ' => 'q',
        'г' | 'ᴦ' => 'r',
        'ѕ' | 'ꜱ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' | 'ʋ' | 'ц' => 'u',
        'ν' | 'ѵ' | 'ᴠ' => 'v',
        'ԝ' | 'ѡ' | 'ω' | 'ա' | 'ᴡ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ү' | 'ყ' => 'y',
        'ᴢ' | 'ʐ' => 'z',
        'з' | 'ʒ' | 'ӡ' => '3',
        'в' | 'β' | 'ʙ' => 'ß',
        'н' | 'ʜ' => 'ʜ',
        'ø' | 'ө' | 'θ' => 'ø',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_spelling() {
        for spelling in ["Ada", "ADA", "Ａｄａ", "ada"] {
            assert_eq!(fold(spelling).unwrap().name, "ada");
        }
        assert_eq!(fold("ﬁona").unwrap().name, "fiona");
    }

    #[test]
    fn names_of_any_script_are_names() {
        for name in ["łukasz", "мария", "李小龍", "محمد", "o.brien-smith_2"] {
            assert_eq!(fold(name).unwrap().name, name);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "x".repeat(33);
        for bad in
            ["", ".", "..", "-_-", "a b", "a@b", "a/b", "a\u{202E}b", "a\u{200D}b", "here", "Channel", &long]
        {
            assert!(fold(bad).is_err(), "{bad:?}");
        }
        assert!(fold(&"x".repeat(32)).is_ok());
        assert!(fold(&"\u{FDFA}".repeat(4_000)).is_err());
    }

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        let pairs = [
            ("paypal", "раураl"),
            ("admin", "adm1n"),
            ("admin", "аdmіn"),
            ("root", "r00t"),
            ("bill", "blll"),
            ("mallory", "rnallory"),
            ("wendy", "vvendy"),
            ("alexa", "αlεxα"),
            ("nope", "ոօре"),
        ];
        for (one, other) in pairs {
            let (one, other) = (fold(one).unwrap(), fold(other).unwrap());
            assert_ne!(one.name, other.name);
            assert_eq!(one.skeleton, other.skeleton);
        }
    }

    #[test]
    fn names_that_differ_to_the_eye_differ_in_their_skeletons() {
        for (one, other) in
            [("ada", "adam"), ("jose", "josé"), ("a.b", "ab"), ("anna", "hanna"), ("tom", "tim")]
        {
            assert_ne!(fold(one).unwrap().skeleton, fold(other).unwrap().skeleton, "{one} {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn folding_a_folded_name_changes_nothing(text in "\\PC{1,40}") {
            if let Ok(folded) = fold(&text) {
                proptest::prop_assert_eq!(fold(&folded.name).unwrap(), folded);
            }
        }

        #[test]
        fn folding_never_fails_in_another_way_than_by_refusing(text: String) {
            if let Ok(folded) = fold(&text) {
                proptest::prop_assert!((1..=MAX_CHARS).contains(&folded.name.chars().count()));
                proptest::prop_assert!(!folded.skeleton.is_empty());
            }
        }
    }
}
