//! The store outside of this process: what it must offer, and how it is asked without anybody having to wait for it.

mod breaker;
#[cfg(any(test, feature = "test-util"))]
mod memory;
pub(crate) mod record;
mod tier;

use std::time::Duration;

use async_trait::async_trait;

#[cfg(any(test, feature = "test-util"))]
pub use memory::MemoryRemote;
pub(crate) use tier::{Tier, Unread};

/// The name of something in a remote store. It tells nothing of what it names.
pub type Name = [u8; 32];

/// The longest record that is taken from a remote store.
pub const LONGEST_RECORD: usize = (16 << 20) + 4_096;

/// The remote store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// It cannot be reached or refuses.
    #[error("the remote store is away: {0}")]
    Away(String),
    /// It did not answer in time.
    #[error("the remote store did not answer in time")]
    Slow,
    /// Its answer makes no sense.
    #[error("the remote store answers nonsense: {0}")]
    Nonsense(String),
}

/// What a remote store holds under a name, and of the counters beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The record.
    pub record: Option<Vec<u8>>,
    /// A number that is another one after each removal or replacement of the record in the last minutes.
    pub fence: u64,
    /// The counters that were asked for; 0 for one that was never raised.
    pub counters: Vec<u64>,
}

/// A record to be stored.
#[derive(Clone, Debug)]
pub struct Write<'a> {
    /// Its name.
    pub name: &'a Name,
    /// Its bytes.
    pub record: &'a [u8],
    /// For how long.
    pub keep: Duration,
    /// Only while the fence stands there; without it always, and the fence moves on.
    pub fence: Option<u64>,
}

/// A store that several nodes share. It is trusted with nothing: what it answers is opened before it is believed.
#[async_trait]
pub trait Remote: Send + Sync + 'static {
    /// A record with its fence, and counters.
    async fn read(&self, name: &Name, counters: &[Name]) -> Result<Held, RemoteError>;

    /// Counters alone.
    async fn counters(&self, names: &[Name]) -> Result<Vec<u64>, RemoteError>;

    /// Stores a record; false when the fence moved on.
    async fn write(&self, write: Write<'_>) -> Result<bool, RemoteError>;

    /// Removes a record; its fence moves on and stays for ten minutes.
    async fn remove(&self, name: &Name) -> Result<(), RemoteError>;

    /// Raises a counter above what it was and above `above`. Answers what it is now.
    async fn raise(&self, counter: &Name, above: u64) -> Result<u64, RemoteError>;
}
