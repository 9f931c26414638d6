use plexi_core::{Coded, EntropyError, ErrorCode};

use crate::level::SecurityLevel;

/// Why a cache or a namespace cannot be made. Using one never fails: what cannot be had is not there.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// A name is empty, longer than 64 bytes, or has other characters than ASCII letters, digits, `-`, `_` and `.`.
    #[error("`{0}` is no name: 1 to 64 ASCII letters, digits, `-`, `_`, `.`")]
    Name(String),
    /// Two namespaces have the same name.
    #[error("there is already a namespace `{0}`")]
    Twice(String),
    /// The shares of all namespaces exceed the whole.
    #[error("`{name}` wants {wanted} % of the cache and {left} % are left")]
    NoRoom {
        /// The namespace.
        name: String,
        /// What it wants.
        wanted: u8,
        /// What is left.
        left: u8,
    },
    /// Values that are kept in memory only as they are cannot be sealed.
    #[error("`{name}` is {level} or remote: its values need a codec that writes bytes")]
    NeedsBytes {
        /// The namespace.
        name: String,
        /// Its level.
        level: SecurityLevel,
    },
    /// A remote namespace was asked of a cache that has no remote store.
    #[error("`{0}` is remote and the cache has no remote store")]
    NoRemote(String),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl Coded for CacheError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Entropy(_) => ErrorCode::SystemInternal,
            _ => ErrorCode::SystemConfiguration,
        }
    }
}
