use plexi_core::Cursors;

use crate::error::MessagingError;
use crate::ports::StorePage;

/// The longest page.
pub(crate) const MOST: u32 = 200;

/// The store's page for a cursor. One more than asked for is read, to know whether there is a next page.
pub(crate) fn store_page(
    list: &Cursors,
    cursor: Option<&str>,
    limit: u32,
) -> Result<(StorePage, usize), MessagingError> {
    let limit = limit.clamp(1, MOST);
    let after = list.read(cursor)?;
    Ok((StorePage { after, limit: limit + 1 }, usize::try_from(limit).unwrap_or(1)))
}
