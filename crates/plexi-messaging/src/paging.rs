use crate::error::MessagingError;
use crate::model::Page;
use crate::ports::StorePage;

/// The longest page.
pub(crate) const MOST: u32 = 200;

/// The longest key in a cursor, in bytes.
const LONGEST_KEY: usize = 512;

/// The store's page for a cursor. One more than asked for is read, to know whether there is a next page.
pub(crate) fn store_page(cursor: Option<&str>, limit: u32) -> Result<(StorePage, usize), MessagingError> {
    let limit = limit.clamp(1, MOST);
    let after = cursor.map(decode).transpose()?;
    Ok((StorePage { after, limit: limit + 1 }, usize::try_from(limit).unwrap_or(1)))
}

/// A page of what a store returned, with the cursor after its last entry.
pub(crate) fn page<T>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| encode(&key(last)));
    Page { items, next }
}

/// Hexadecimal: safe in an address whatever is in the key.
pub(crate) fn encode(key: &str) -> String {
    use std::fmt::Write;
    key.bytes().fold(String::with_capacity(key.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn decode(cursor: &str) -> Result<String, MessagingError> {
    if !cursor.len().is_multiple_of(2)
        || cursor.len() > 2 * LONGEST_KEY
        || !cursor.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return Err(MessagingError::Cursor);
    }
    let bytes = cursor.as_bytes().chunks_exact(2).map(|pair| {
        std::str::from_utf8(pair)
            .ok()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .ok_or(MessagingError::Cursor)
    });
    String::from_utf8(bytes.collect::<Result<Vec<u8>, _>>()?).map_err(|_| MessagingError::Cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_cursor_reads_back_and_no_text_makes_reading_fail_otherwise(key in "\\PC{0,40}", noise in "\\PC{0,40}") {
            proptest::prop_assert_eq!(decode(&encode(&key)).unwrap(), key);
            let _ = decode(&noise);
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        assert_eq!(page(vec!["a"], 1, |key| (*key).to_owned()).next, None);
        let first = page(vec!["a", "b"], 1, |key| (*key).to_owned());
        assert_eq!((first.items, decode(&first.next.unwrap()).unwrap()), (vec!["a"], "a".to_owned()));
    }
}
