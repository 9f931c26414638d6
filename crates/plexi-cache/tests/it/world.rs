//! A cache over a clock that stands still.

use std::sync::Arc;
use std::time::Duration;

use plexi_cache::remote::MemoryRemote;
use plexi_cache::{
    Cache, CacheConfig, CacheParts, Codec, InvalidationBus, Keyring, LocalBus, Namespace, NamespaceBuilder,
    SecurityLevel,
};
use plexi_core::{ManualClock, Secret, SeededEntropy, Timestamp};

pub type Words = Namespace<u64, String>;

/// Several nodes with one clock, one keyring, one bus, one remote store.
pub struct World {
    pub clock: Arc<ManualClock>,
    pub keys: Arc<Keyring>,
    pub bus: Arc<LocalBus>,
    pub remote: MemoryRemote,
}

pub const TTL: Duration = Duration::from_mins(1);

impl World {
    pub fn new() -> Self {
        Self {
            clock: Arc::new(ManualClock::new(Timestamp::from_seconds(1_000_000))),
            keys: Arc::new(Keyring::new(Secret::new([3; 32]))),
            bus: Arc::new(LocalBus::new()),
            remote: MemoryRemote::new(),
        }
    }

    /// A node of its own.
    pub fn local(&self) -> Cache {
        let parts = CacheParts::local(CacheConfig::default(), self.clock.clone(), self.keys.clone());
        Cache::new(parts, &SeededEntropy::new(1)).unwrap()
    }

    /// A node that shares the remote store, on the bus or deaf to it.
    pub fn node(&self, seed: u64, hears: bool) -> Cache {
        let bus = hears.then(|| self.bus.clone() as Arc<dyn InvalidationBus>);
        let remote = Some(Arc::new(self.remote.clone()) as _);
        let parts = CacheParts::local(CacheConfig::default(), self.clock.clone(), self.keys.clone());
        Cache::new(CacheParts { bus, remote, ..parts }, &SeededEntropy::new(seed)).unwrap()
    }

    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

pub fn words(cache: &Cache, level: SecurityLevel) -> Words {
    words_with(cache, level, |builder| builder)
}

pub fn words_with(
    cache: &Cache,
    level: SecurityLevel,
    how: impl FnOnce(NamespaceBuilder<'_>) -> NamespaceBuilder<'_>,
) -> Words {
    how(cache.namespace("words").level(level).time_to_live(TTL)).build(Codec::serde()).unwrap()
}

/// A load that finds `word`.
pub async fn finds(word: &str) -> Result<Option<String>, Broken> {
    Ok(Some(word.to_owned()))
}

/// A load must not happen.
pub async fn unasked() -> Result<Option<String>, Broken> {
    panic!("loaded though it was known");
}

#[derive(Debug, PartialEq, Eq)]
pub struct Broken;
