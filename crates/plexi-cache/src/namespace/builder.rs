use std::hash::RandomState;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use moka::notification::RemovalCause;

use super::entry::{Entry, micros};
use super::flights::Flights;
use super::marks::Marks;
use super::outer::Outer;
use super::{Inner, Namespace, Rules};
use crate::cache::Cache;
use crate::codec::Codec;
use crate::error::CacheError;
use crate::key::Key;
use crate::level::SecurityLevel;
use crate::seal;
use crate::stats::Counters;

/// Longest name of a namespace.
const LONGEST_NAME: usize = 64;
/// What a namespace gets that asks for no share, in per cent.
const USUAL_SHARE: u8 = 10;

/// Describes a namespace; made by [`Cache::namespace`].
#[must_use]
pub struct NamespaceBuilder<'a> {
    cache: &'a Cache,
    name: String,
    version: u32,
    level: SecurityLevel,
    ttl: Duration,
    idle: Option<Duration>,
    stale: Duration,
    negative: Option<Duration>,
    share: u8,
    remote: bool,
}

impl<'a> NamespaceBuilder<'a> {
    pub(crate) fn new(cache: &'a Cache, name: &str) -> Self {
        let config = cache.config();
        Self {
            cache,
            name: name.to_owned(),
            version: 1,
            level: config.default_security_level,
            ttl: config.default_ttl(),
            idle: None,
            stale: Duration::ZERO,
            negative: None,
            share: USUAL_SHARE,
            remote: false,
        }
    }

    /// The form of its values: another number when their type changed, so that nothing older is read.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// How carefully its values are kept.
    pub fn level(mut self, level: SecurityLevel) -> Self {
        self.level = level;
        self
    }

    /// How long a value is believed at most.
    pub fn time_to_live(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// After how long without a question a value of this process is forgotten.
    pub fn time_to_idle(mut self, idle: Duration) -> Self {
        self.idle = Some(idle);
        self
    }

    /// How long after its time a value is still shown by [`Namespace::get_or_revalidate`] while it is read anew.
    pub fn stale_while_revalidate(mut self, stale: Duration) -> Self {
        self.stale = stale;
        self
    }

    /// How long it is remembered that there is no value; without it that is not remembered.
    pub fn remember_absent(mut self, negative: Duration) -> Self {
        self.negative = Some(negative);
        self
    }

    /// The share of the cache's memory, in per cent. All namespaces together have a hundred; one that asks for none gets ten.
    pub fn share(mut self, percent: u8) -> Self {
        self.share = percent;
        self
    }

    /// Its values are kept in the remote store as well, for other nodes and the next start.
    pub fn remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// Makes the namespace.
    pub fn build<K: Key, V: Clone + Send + Sync + 'static>(
        self,
        codec: Codec<V>,
    ) -> Result<Namespace<K, V>, CacheError> {
        if self.name.is_empty() || self.name.len() > LONGEST_NAME || !self.name.bytes().all(is_name) {
            return Err(CacheError::Name(self.name));
        }
        if codec.bytes.is_none() && (self.remote || self.level != SecurityLevel::Public) {
            return Err(CacheError::NeedsBytes { name: self.name, level: self.level });
        }
        let shared = Arc::clone(self.cache.shared());
        let prefix = seal::prefix(&self.name, self.version, self.level);
        let outer = match (self.remote, &shared.tier) {
            (false, _) => None,
            (true, None) => return Err(CacheError::NoRemote(self.name)),
            (true, Some(tier)) => Some(Outer::new(Arc::clone(tier), &shared.sealer, &prefix)),
        };
        let share = u64::from(self.share.min(100));
        let capacity = self.cache.config().max_bytes() * share / 100;
        let counters = Arc::new(Counters::default());
        let lives = self.ttl.max(self.negative.unwrap_or_default()).saturating_add(self.stale);
        let namespace = Namespace(Arc::new(Inner {
            prefix,
            rules: Rules {
                level: self.level,
                ttl: micros(self.ttl),
                idle: self.idle.map(micros),
                stale: micros(self.stale),
                negative: self.negative.map(micros),
                compress_from: self.cache.config().compresses_from(self.level),
                capacity,
            },
            codec,
            memory: memory(capacity, lives, &counters),
            marks: Marks::default(),
            flights: Flights::new(),
            counters,
            shared,
            outer,
            name: self.name.into(),
            key: PhantomData,
        }));
        self.cache.add(self.share.min(100), &namespace.0)?;
        Ok(namespace)
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn memory<K: Key, V: Clone + Send + Sync + 'static>(
    capacity: u64,
    lives: Duration,
    counters: &Arc<Counters>,
) -> moka::sync::Cache<K, Arc<Entry<V>>, RandomState> {
    /// More than this moka does not take.
    const LONGEST: Duration = Duration::from_hours(24 * 365);
    let counters = Arc::clone(counters);
    moka::sync::Cache::builder()
        .max_capacity(capacity)
        .weigher(|_, entry: &Arc<Entry<V>>| entry.weight)
        // Frees the memory of what nobody asks for again. What is believed is decided by our own clock.
        .time_to_live(lives.clamp(Duration::from_secs(1), LONGEST))
        .eviction_listener(move |_, _, cause| {
            if cause == RemovalCause::Size {
                counters.evictions.count();
            }
        })
        .build()
}
