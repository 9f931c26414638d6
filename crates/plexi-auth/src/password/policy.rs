//! Which new passwords are accepted (NIST SP 800-63B): long enough, no rules about kinds of characters, not one that a
//! guesser tries first.

use zxcvbn::Score;

use super::breached::BreachedList;
use super::common;
use crate::error::AuthError;

/// Longest part that is looked at for strength, in characters: the estimator's time grows faster than its input.
const ESTIMATED_CHARS: usize = 100;
/// Characters that must remain when the account's own words are taken out.
const MIN_OF_ONES_OWN: usize = 8;
/// Words of the product, which a guesser tries on every server of its kind.
const PRODUCT: [&str; 3] = ["plexichat", "plexi", "chat"];

/// Refuses a password that is too short.
pub(super) fn check_length(password: &str, least: usize) -> Result<(), AuthError> {
    if password.chars().count() < least {
        return weak(&format!("must be at least {least} characters"));
    }
    Ok(())
}

/// Refuses a password that can be guessed. Takes milliseconds: for a thread that may block.
pub(super) fn check_strength(password: &str, about: &[String]) -> Result<(), AuthError> {
    let lower = password.to_lowercase();
    if common::is_common(&lower) {
        return weak("is among the most common ones");
    }
    if repeats(&lower) {
        return weak("repeats the same few characters");
    }
    if mostly_runs(&lower) {
        return weak("is mostly a row of the keyboard or of the alphabet");
    }
    let words: Vec<String> = about
        .iter()
        .flat_map(|text| {
            let whole = text.to_lowercase();
            let parts: Vec<String> =
                whole.split(|c: char| !c.is_alphanumeric()).map(ToOwned::to_owned).collect();
            parts.into_iter().chain([whole])
        })
        .chain(PRODUCT.map(ToOwned::to_owned))
        .filter(|word| word.chars().count() >= 3)
        .collect();
    if is_made_of(&lower, &words) {
        return weak("is made of your name or the name of this product");
    }
    let head: String = password.chars().take(ESTIMATED_CHARS).collect();
    let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
    if zxcvbn::zxcvbn(&head, &inputs).score() < Score::Three {
        return weak("is easy to guess; several unrelated words are better");
    }
    Ok(())
}

/// Refuses a password that is in the list. Reads a file: for a thread that may block.
pub(super) fn check_breached(password: &str, list: &BreachedList) -> Result<(), AuthError> {
    if list.has(password)? {
        return weak("became known in a breach of another service; choose one that you use nowhere else");
    }
    Ok(())
}

fn weak(why: &str) -> Result<(), AuthError> {
    Err(AuthError::PasswordWeak(why.to_owned()))
}

/// Whether the text is a part of at most twelve characters over and over, the last time perhaps cut off, or has fewer than
/// five different characters.
fn repeats(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let mut different = chars.clone();
    different.sort_unstable();
    different.dedup();
    let longest = 12.min(chars.len() / 2);
    different.len() < 5
        || (1..=longest).any(|period| chars.iter().skip(period).zip(&chars).all(|(a, b)| a == b))
}

/// Rows of common keyboards, and columns, each read in both directions.
const ROWS: [&str; 12] = [
    "1234567890-=",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiop",
    "azertyuiop",
    "qsdfghjklm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()",
    "йцукенгшщзхъ",
];

/// Whether at least four of five characters continue a row of the keyboard, a count or the alphabet, or repeat the one before.
fn mostly_runs(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let steps = chars.len().saturating_sub(1);
    let in_row = |a: char, b: char| {
        ROWS.iter().any(|row| {
            row.chars().zip(row.chars().skip(1)).any(|(x, y)| (x, y) == (a, b) || (y, x) == (a, b))
        })
    };
    let runs = chars
        .windows(2)
        .filter(|pair| (u32::from(pair[0])).abs_diff(u32::from(pair[1])) <= 1 || in_row(pair[0], pair[1]))
        .count();
    steps > 0 && runs * 5 >= steps * 4
}

/// Whether too little remains when the words, digits and punctuation are taken out.
fn is_made_of(text: &str, words: &[String]) -> bool {
    let mut words: Vec<&String> = words.iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut rest = text.to_owned();
    let mut found = false;
    for word in words {
        if rest.contains(word.as_str()) {
            found = true;
            rest = rest.replace(word.as_str(), "");
        }
    }
    found && rest.chars().filter(|c| c.is_alphabetic()).count() < MIN_OF_ONES_OWN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> bool {
        let about = ["margaret.h".to_owned(), "Margaret Hamilton".to_owned()];
        check_strength(password, &about).is_err()
    }

    #[test]
    fn length_counts_characters_and_not_bytes() {
        assert!(check_length("ééééééééééééééé", 15).is_ok());
        assert!(check_length("éééééééééééééé", 15).is_err());
    }

    #[test]
    fn what_a_guesser_tries_first_is_refused() {
        let bad = [
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "abcdefghijklmnop",
            "qwertyuiopasdfgh",
            "1qaz2wsx3edc4rfv",
            "1q2w3e4r5t6y7u8i",
            "123456789012345",
            "passwordpassword",
            "password12345678",
            "P@ssw0rdP@ssw0rd",
            "iloveyouforever1",
            "letmeinletmein123",
            "margaret.h12345678",
            "MargaretHamilton1936",
            "plexichatplexichat",
            "PlexiChat2026!!!!",
            "qwertyuiopqwertyuiop",
            "correcthorsebatterystaple",
            "йцукенгшщзхъйцукен",
        ];
        for password in bad {
            assert!(refused(password), "{password}");
        }
    }

    #[test]
    fn what_nobody_guesses_is_accepted_whatever_its_characters() {
        let good = [
            "plum tree by the old canal",
            "seven quiet otters play chess",
            "vK7#qLm2xT!9wZr4",
            "дождь над старой мельницей",
            "紫色的河馬在屋頂上跳舞唱歌吃麵",
            "🦊🌧️🚲🪴🎻🧭🛶🍋🦉🔑🧵🪁🥁🧊🪐",
            "my hovercraft is full of seventeen eels",
        ];
        for password in good {
            assert!(!refused(password), "{password}");
        }
    }

    #[test]
    fn a_password_of_the_greatest_length_is_judged() {
        let long: String = "vK7#qLm2xT!9wZr4".chars().cycle().take(256).collect();
        assert!(!refused(&long[..40]) || refused(&long));
        let different: String = (0_u32..256).filter_map(|i| char::from_u32(0x4E00 + i * 37)).collect();
        assert!(!refused(&different));
    }
}
