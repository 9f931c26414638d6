//! The bounds of pages.

use plexi_core::FieldError;

use crate::error::AuthError;
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
