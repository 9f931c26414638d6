//! What a store can say when it refuses or fails: one vocabulary for the ports of every domain.

use crate::error::{Coded, ErrorCode};

/// A store could not do what was asked. Nothing was changed. The texts are for the log; clients get the words of the code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be reached, or timed out; waiting may help.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// No room is left, or the store is read-only.
    #[error("store full or read-only: {0}")]
    Full(String),
    /// Something is there already, or the change no longer fits what is there; the port says by which names.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// What the change refers to is not there; the port says by which names.
    #[error("missing: {0}")]
    Missing(&'static str),
    /// Stored data cannot be read.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// Anything else.
    #[error("store failed: {0}")]
    Failed(String),
}

impl Coded for StoreError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Unavailable(_) => ErrorCode::StorageUnavailable,
            Self::Full(_) => ErrorCode::StorageFull,
            Self::Conflict(_) => ErrorCode::ValidationConflict,
            Self::Missing(_) => ErrorCode::ValidationNotFound,
            Self::Corrupt(_) => ErrorCode::StorageCorrupt,
            Self::Failed(_) => ErrorCode::SystemInternal,
        }
    }

    fn retry_after(&self) -> Option<u32> {
        matches!(self, Self::Unavailable(_)).then_some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_store_that_may_come_back_is_worth_waiting_for() {
        let text = || "text for the log".to_owned();
        let all = [
            (StoreError::Unavailable(text()), ErrorCode::StorageUnavailable, Some(1)),
            (StoreError::Full(text()), ErrorCode::StorageFull, None),
            (StoreError::Conflict("name"), ErrorCode::ValidationConflict, None),
            (StoreError::Missing("user"), ErrorCode::ValidationNotFound, None),
            (StoreError::Corrupt(text()), ErrorCode::StorageCorrupt, None),
            (StoreError::Failed(text()), ErrorCode::SystemInternal, None),
        ];
        for (error, code, retry_after) in all {
            assert_eq!((error.code(), error.retry_after()), (code, retry_after), "{error}");
        }
    }
}
