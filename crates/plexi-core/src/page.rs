//! Pages of lists and the cursors between them: one implementation for every list.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::error::{Coded, ErrorCode};

/// Bytes by which a cursor says which list it is of: enough to find mistakes, since a cursor gives no rights.
const MARK: usize = 6;
/// The longest cursor that is looked at, in bytes of text.
const LONGEST: usize = 512;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Page<T> {
    /// The entries of this page.
    pub items: Vec<T>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// What was sent is no cursor of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid cursor")]
pub struct CursorError;

impl Coded for CursorError {
    fn code(&self) -> ErrorCode {
        ErrorCode::ValidationCursor
    }
}

/// The cursors of one list. Each holds the key of the last entry before it and a mark of the list, so that it leads on in this
/// list only.
///
/// ```
/// use plexi_core::{Cursors, Page};
///
/// let users = Cursors::of("users");
/// let Page { items, next } = users.page(vec!["ada", "bob"], 1, |name| (*name).to_owned());
/// assert_eq!(items, ["ada"]);
/// assert_eq!(users.read(next.as_deref()), Ok(Some("ada".to_owned())));
/// assert!(Cursors::of("channels").read(next.as_deref()).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Cursors {
    mark: [u8; MARK],
}

impl Cursors {
    /// The cursors of the list with this name, of which there is one.
    pub fn of(list: &str) -> Self {
        Self { mark: mark(list) }
    }

    /// The cursors of the list with this name that belongs to `whole`, such as the members of a space.
    pub fn within(list: &str, whole: impl Display) -> Self {
        Self { mark: mark(&format!("{list}/{whole}")) }
    }

    /// The key in a cursor; none without one. [`CursorError`] when it is of another list, or none at all.
    pub fn read(&self, cursor: Option<&str>) -> Result<Option<String>, CursorError> {
        let Some(cursor) = cursor else { return Ok(None) };
        if cursor.len() > LONGEST {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError)?;
        let key = bytes.strip_prefix(&self.mark).ok_or(CursorError)?;
        String::from_utf8(key.to_vec()).map(Some).map_err(|_| CursorError)
    }

    /// The cursor that leads on after `key`, of at most 370 bytes.
    pub fn after(&self, key: &str) -> String {
        URL_SAFE_NO_PAD.encode([&self.mark, key.as_bytes()].concat())
    }

    /// A page of at most `limit` of the entries that were found, of which one more than that says that there is a next page.
    pub fn page<T>(&self, mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Page<T> {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| self.after(&key(last)));
        Page { items, next }
    }
}

fn mark(list: &str) -> [u8; MARK] {
    let mut mark = [0; MARK];
    mark.copy_from_slice(&digest(&SHA256, list.as_bytes()).as_ref()[..MARK]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_cursor_reads_back_and_no_text_makes_reading_fail_otherwise(key in "\\PC{0,40}", noise in "\\PC{0,40}") {
            let list = Cursors::of("a list");
            proptest::prop_assert_eq!(list.read(Some(&list.after(&key))), Ok(Some(key)));
            proptest::prop_assert_eq!(list.read(Some(&noise)), Err(CursorError));
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let list = Cursors::of("letters");
        let page_of = |items: Vec<&'static str>| list.page(items, 1, |key| (*key).to_owned());
        assert_eq!(page_of(vec!["a"]).next, None);
        assert_eq!(page_of(vec![]).next, None);
        let first = page_of(vec!["a", "b"]);
        assert_eq!((first.items, list.read(first.next.as_deref())), (vec!["a"], Ok(Some("a".to_owned()))));
    }

    #[test]
    fn a_cursor_leads_on_in_its_own_list_only() {
        let lists = [
            Cursors::of("members"),
            Cursors::of("channels"),
            Cursors::within("members", 1),
            Cursors::within("members", 2),
            Cursors::within("channels", 1),
        ];
        for (at, list) in lists.iter().enumerate() {
            let cursor = list.after("key");
            for (other_at, other) in lists.iter().enumerate() {
                assert_eq!(other.read(Some(&cursor)).is_ok(), at == other_at, "{at} in {other_at}");
            }
        }
    }

    #[test]
    fn what_is_too_long_or_cut_off_is_no_cursor() {
        let list = Cursors::of("a list");
        let whole = list.after("key");
        for bad in ["", "!", &whole[..6], &"A".repeat(600)] {
            assert_eq!(list.read(Some(bad)), Err(CursorError), "{bad}");
        }
    }
}
