//! The passwords of 15 and more characters that are chosen most: not a list from elsewhere, but how such passwords are made:
//! a common word or phrase, doubled or padded with a count, a year or a row of the keyboard, perhaps with digits for letters.

/// Words and phrases that common passwords are made of. Lower case, letters only.
const STEMS: [&str; 92] = [
    "password",
    "passwort",
    "passw",
    "motdepasse",
    "contrasena",
    "parola",
    "senha",
    "wachtwoord",
    "salasana",
    "haslo",
    "welcome",
    "willkommen",
    "bienvenue",
    "letmein",
    "login",
    "signin",
    "access",
    "secret",
    "private",
    "security",
    "admin",
    "administrator",
    "root",
    "superuser",
    "user",
    "guest",
    "test",
    "testing",
    "demo",
    "default",
    "changeme",
    "changethis",
    "temporary",
    "temp",
    "iloveyou",
    "iloveu",
    "loveyou",
    "love",
    "forever",
    "always",
    "together",
    "babygirl",
    "princess",
    "sunshine",
    "butterfly",
    "chocolate",
    "beautiful",
    "superman",
    "batman",
    "spiderman",
    "starwars",
    "pokemon",
    "minecraft",
    "football",
    "baseball",
    "basketball",
    "liverpool",
    "arsenal",
    "chelsea",
    "manchester",
    "barcelona",
    "realmadrid",
    "juventus",
    "dragon",
    "monkey",
    "master",
    "shadow",
    "michael",
    "jennifer",
    "jessica",
    "michelle",
    "christopher",
    "alexander",
    "elizabeth",
    "computer",
    "internet",
    "samsung",
    "google",
    "facebook",
    "microsoft",
    "windows",
    "company",
    "summer",
    "winter",
    "spring",
    "autumn",
    "monday",
    "friday",
    "hello",
    "helloworld",
    "trustno",
    "whatever",
];

/// Phrases that are common as they are.
const PHRASES: [&str; 34] = [
    "correcthorsebatterystaple",
    "thisismypassword",
    "thisisapassword",
    "thisismysecret",
    "mypasswordispassword",
    "iforgotmypassword",
    "idontknowmypassword",
    "donotforgetthis",
    "nobodyknowsthis",
    "youwillneverguess",
    "youwillneverguessthis",
    "itsasecret",
    "opensesame",
    "letmeinplease",
    "pleaseletmein",
    "iloveyouforever",
    "iloveyousomuch",
    "iloveyoubaby",
    "iloveyoumore",
    "ilovemyfamily",
    "ilovemymother",
    "ilovejesuschrist",
    "jesuslovesme",
    "jesuschrist",
    "godisgood",
    "godislove",
    "tobeornottobe",
    "maytheforcebewithyou",
    "winteriscoming",
    "thequickbrownfox",
    "onceuponatime",
    "helloworldhello",
    "neverforgetthis",
    "changemechangeme",
];

/// What is put between and after.
const FILLERS: [&str; 20] = [
    "qwerty",
    "qwertyuiop",
    "asdfgh",
    "asdfghjkl",
    "zxcvbn",
    "zxcvbnm",
    "qazwsx",
    "abc",
    "abcd",
    "abcdef",
    "abcdefgh",
    "xyz",
    "my",
    "the",
    "is",
    "is",
    "a",
    "please",
    "for",
    "you",
];

/// Whether a password, in lower case, is made of common parts only: at least one stem or phrase, and else fillers, digits,
/// punctuation and spaces.
pub(super) fn is_common(lower: &str) -> bool {
    let plain = letters(lower, false);
    let undone = letters(lower, true);
    [plain, undone].iter().any(|text| is_made_of_common_parts(text))
}

/// The letters of a password; with `undo`, digits and signs that stand for letters are read as those.
fn letters(lower: &str, undo: bool) -> String {
    // What is at the ends is padding and stands for no letters.
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    core.chars()
        .map(|c| match c {
            '0' if undo => 'o',
            '1' | '!' if undo => 'i',
            '3' if undo => 'e',
            '4' | '@' if undo => 'a',
            '5' | '$' if undo => 's',
            '7' if undo => 't',
            other => other,
        })
        .filter(|c| c.is_alphabetic())
        .collect()
}

fn is_made_of_common_parts(text: &str) -> bool {
    // The longest common passwords are far shorter, and time is quadratic.
    if text.is_empty() || text.len() > 64 {
        return false;
    }
    // reach[i]: whether the first i bytes are common parts, and whether a stem is among them.
    let mut reach = vec![None; text.len() + 1];
    reach[0] = Some(false);
    for end in 1..=text.len() {
        let Some(head) = text.get(..end) else { continue };
        let stems = STEMS.iter().chain(&PHRASES).map(|part| (*part, true));
        let fillers = FILLERS.iter().map(|part| (*part, false));
        for (part, stem) in stems.chain(fillers) {
            if head.ends_with(part)
                && let Some(before) = reach[end - part.len()]
            {
                reach[end] = Some(reach[end].unwrap_or(false) || stem || before);
            }
        }
    }
    reach[text.len()] == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stem_padded_to_the_least_length_is_common() {
        for stem in STEMS {
            for padded in
                [format!("{stem}{stem}{stem}"), format!("{stem}1234567890"), format!("{stem}-{stem}_2026!!")]
            {
                assert!(is_common(&padded), "{padded}");
            }
        }
        for phrase in PHRASES {
            assert!(is_common(&format!("{phrase}123")), "{phrase}");
        }
    }

    #[test]
    fn digits_for_letters_do_not_help() {
        for password in ["p@ssw0rd12345678", "w3lc0me-w3lc0me", "l3tm31nl3tm31n"] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn a_common_word_among_others_is_not_a_common_password() {
        for password in
            ["plum tree by the old canal", "seven dragons at the bakery", "the summer of my canoe"]
        {
            assert!(!is_common(password), "{password}");
        }
    }
}
