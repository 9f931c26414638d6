//! What fields of a source may hold: what the API accepts. Anything else becomes the nearest that it does, and is noted.

use plexi_core::names;
use plexi_core::plain::{deceives, is_plain};
use unicode_normalization::UnicodeNormalization as _;

use super::{MAX_TEXT_BYTES, Outlet, TransferError, ident};

/// The most characters of a display name.
pub(super) const MOST_DISPLAY_NAME: usize = 64;
/// The most characters of a status text.
pub(super) const MOST_STATUS: usize = 100;
/// The most characters of a topic.
pub(super) const MOST_TOPIC: usize = 250;
/// The most characters of the text of a note of the system.
pub(super) const MOST_NOTE: usize = 1_000;
/// The most characters of a name of a space.
const MOST_SPACE_NAME: usize = 64;
/// The note of everything that is about a line of text.
const CHANGED: &str = "name, topic or status was not plain or too long and was changed";

/// The note of names that people cannot sign in with here.
const RENAMED: &str =
    "account name was none that is allowed here and was changed; the name that is shown is as it was";

/// The name of an account. That it is written otherwise, in capitals perhaps, is not worth a note.
pub(super) fn account_name(name: &str, place: &str, outlet: &Outlet) -> Result<String, TransferError> {
    if names::fold(name).is_err() {
        outlet.note(RENAMED, place)?;
    }
    Ok(ident::account_name(name))
}

/// What is shown of an account: the first of these that is something, or its name.
pub(super) fn display_name<'a>(
    shown: impl IntoIterator<Item = &'a str>,
    name: &str,
    place: &str,
    outlet: &Outlet,
) -> Result<String, TransferError> {
    let shown = shown.into_iter().map(str::trim).find(|shown| !shown.is_empty()).unwrap_or_default();
    let shown = line(shown.to_owned(), MOST_DISPLAY_NAME, place, outlet)?;
    Ok(if shown.is_empty() { name.to_owned() } else { shown })
}

/// The name of a channel that has one.
pub(super) fn channel_name(name: &str, place: &str, outlet: &Outlet) -> Result<String, TransferError> {
    if let Ok(accepted) = crate::channels::accept_channel_name(name) {
        return Ok(accepted);
    }
    // Names from elsewhere may hold more than those that are chosen here; they are written back as they are.
    let changed = ident::channel_name(name);
    if changed != name {
        outlet.note(CHANGED, place)?;
    }
    Ok(changed)
}

/// The name of a space.
pub(super) fn space_name(name: String, place: &str, outlet: &Outlet) -> Result<String, TransferError> {
    let name = line(name, MOST_SPACE_NAME, place, outlet)?;
    Ok(if name.is_empty() { "space".to_owned() } else { name })
}

/// A line of at most `most` characters, all of them plain; it may be empty.
pub(super) fn line(text: String, most: usize, place: &str, outlet: &Outlet) -> Result<String, TransferError> {
    let fits = |text: &str| is_plain(text) && text.chars().take(most + 1).count() <= most;
    if text.trim() == text && fits(&text) {
        return Ok(text);
    }
    outlet.note(CHANGED, place)?;
    // what stood in several lines stays several words
    let one_line =
        text.split(breaks).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let kept: String = one_line.nfc().filter(|c| !deceives(*c)).take(most).collect();
    let kept = kept.trim();
    Ok(if is_plain(kept) { kept.to_owned() } else { String::new() })
}

fn breaks(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A word of settings, such as a language tag: what it is not becomes the `usual` one.
pub(super) fn word(text: String, usual: impl FnOnce() -> String) -> String {
    let fine = (1..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if fine { text } else { usual() }
}

/// The text of a message, now or formerly.
pub(super) fn text(text: &mut String, place: &str, outlet: &Outlet) -> Result<(), TransferError> {
    if text.contains('\0') {
        outlet.note("text with NUL characters: they were replaced", place)?;
        *text = text.replace('\0', "\u{FFFD}");
    }
    let end = text.floor_char_boundary(MAX_TEXT_BYTES);
    if end < text.len() {
        outlet.note("text longer than 400,000 bytes was cut", place)?;
        text.truncate(end);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn what_stood_in_lines_stays_words_and_what_deceives_goes() {
        let (steps, _told) = mpsc::channel(10);
        let outlet = Outlet::new(steps, CancellationToken::new());
        let accepted = |text: &str| line(text.to_owned(), 20, "topics", &outlet).unwrap();
        assert_eq!(accepted("plans\r\n\n\tand dates"), "plans and dates");
        assert_eq!(accepted("one\u{7}two"), "onetwo");
        assert_eq!(accepted("as it is"), "as it is");
    }
}
