//! Pages of lists: a cursor is the key of the last entry, written so that nobody takes it for more.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plexi_core::FieldError;

use crate::error::AuthError;
use crate::model::Page;
use crate::sign_in::invalid;

/// The most entries of a page.
pub(crate) const MAX: u32 = 200;

/// Checks a page's size.
pub(crate) fn limit(limit: u32) -> Result<u32, AuthError> {
    if (1..=MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(invalid(FieldError::new("limit", "must be 1 to 200")))
    }
}

/// The key in a cursor.
pub(crate) fn read<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, AuthError> {
    let Some(cursor) = cursor else { return Ok(None) };
    if cursor.len() > 512 {
        return Err(AuthError::Cursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| AuthError::Cursor)?;
    let text = String::from_utf8(bytes).map_err(|_| AuthError::Cursor)?;
    text.parse().map(Some).map_err(|_| AuthError::Cursor)
}

/// A page whose cursor is the key of its last entry, if there is more.
pub(crate) fn page<T>(items: Vec<T>, key: impl Fn(&T) -> String, more: bool) -> Page<T> {
    let next = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_on_from_the_last_entry_and_only_when_there_is_more() {
        let page_of = |more| page(vec!["ada".to_owned(), "bob".to_owned()], Clone::clone, more);
        assert_eq!(page_of(false).next, None);
        let next = page_of(true).next.unwrap();
        assert_eq!(read::<String>(Some(&next)).unwrap(), Some("bob".to_owned()));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let long = "A".repeat(600);
        for bad in ["!", "ada", "_w", &long] {
            assert!(matches!(read::<plexi_core::UserId>(Some(bad)), Err(AuthError::Cursor)), "{bad}");
        }
    }
}
