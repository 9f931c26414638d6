//! How the caches of several nodes tell each other what to forget.

use std::sync::{Mutex, PoisonError, Weak};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What one cache tells the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invalidation {
    /// The cache it comes from, which need not hear it again.
    pub from: u64,
    /// The namespace.
    pub namespace: String,
    /// What of it is no longer true.
    pub what: Invalid,
    /// The remote store could not be told: it is not to be believed before another generation began there.
    pub unstored: bool,
}

/// What is no longer true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Invalid {
    /// The value of a key, by its serde bytes.
    Key(Vec<u8>),
    /// Everything with a tag.
    Tag(String),
    /// Everything.
    All,
}

/// The invalidation was not passed on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the invalidation bus is away: {0}")]
pub struct BusError(pub String);

/// Hears what other caches say.
pub trait Listener: Send + Sync {
    /// A cache says that something is no longer true. What it said itself is passed over.
    fn heard(&self, message: &[u8]);

    /// Something may have been missed: nothing that others could have changed is to be believed.
    fn lost(&self);
}

/// Carries invalidations between the caches of several nodes. It is trusted with nothing: messages are sealed, and one that does not open counts
/// as one that was missed.
#[async_trait]
pub trait InvalidationBus: Send + Sync + 'static {
    /// Adds a listener, for as long as it lives.
    fn attach(&self, listener: Weak<dyn Listener>);

    /// Tells all others. What it answers decides nothing: the caller's own cache has forgotten already.
    async fn publish(&self, message: &[u8]) -> Result<(), BusError>;
}

/// The bus between caches of one process: what is published was heard when the call returns.
#[derive(Default)]
pub struct LocalBus(Mutex<Vec<Weak<dyn Listener>>>);

impl LocalBus {
    /// A bus nobody listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls every listener that lives.
    pub(crate) fn each(&self, tell: impl Fn(&dyn Listener)) {
        let listeners = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.retain(|listener| listener.strong_count() > 0);
            known.clone()
        };
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            tell(&*listener);
        }
    }
}

#[async_trait]
impl InvalidationBus for LocalBus {
    fn attach(&self, listener: Weak<dyn Listener>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    async fn publish(&self, message: &[u8]) -> Result<(), BusError> {
        self.each(|listener| listener.heard(message));
        Ok(())
    }
}
