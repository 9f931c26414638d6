use std::sync::Arc;

use async_trait::async_trait;

use super::entry::{Age, Body, Entry};
use super::marks::Since;
use super::{Inner, Keep, Lookup, micros};
use crate::bus::{Invalid, Invalidation};
use crate::cache::Room;
use crate::compress;
use crate::key::{self, Key};
use crate::level::SecurityLevel;
use crate::plain::Plain;
use crate::seal::{Head, Place, Sealed, Unopened};
use crate::stats::NamespaceStats;

/// Bytes that memory needs to hold an entry, beside the entry itself, by measurement.
const HOLDING: usize = 200;

impl<K: Key, V: Clone + Send + Sync + 'static> Inner<K, V> {
    /// What memory knows.
    pub fn look(&self, key: &K) -> Lookup<V> {
        match self.find(key) {
            Some((entry, Age::Fresh)) => self.show(key, &entry, false),
            _ => self.missed(),
        }
    }

    /// What memory knows, also what may be shown past its time, and whether it is that.
    pub fn look_stale(&self, key: &K) -> (Lookup<V>, bool) {
        match self.find(key) {
            Some((entry, Age::Fresh)) => (self.show(key, &entry, false), false),
            Some((entry, Age::Stale)) if !matches!(entry.body, Body::Absent) => {
                (self.show(key, &entry, true), true)
            }
            _ => (self.missed(), false),
        }
    }

    /// What memory knows, without counting that somebody asked.
    pub fn peek(&self, key: &K) -> Lookup<V> {
        match self.find(key) {
            Some((entry, Age::Fresh)) => self.open(key, &entry),
            _ => Lookup::Unknown,
        }
    }

    fn find(&self, key: &K) -> Option<(Arc<Entry<V>>, Age)> {
        let entry = self.memory.get(key)?;
        let now = self.shared.now();
        let age = entry.head.age(now);
        let believed = age != Age::Dead
            && self.marks.hold(entry.since(), entry.tags())
            && !entry.idles(self.rules.idle, now);
        believed.then_some((entry, age))
    }

    fn missed(&self) -> Lookup<V> {
        self.counters.misses.count();
        Lookup::Unknown
    }

    fn show(&self, key: &K, entry: &Entry<V>, stale: bool) -> Lookup<V> {
        let known = self.open(key, entry);
        match known {
            Lookup::Value(_) if stale => self.counters.stale_hits.count(),
            Lookup::Value(_) => self.counters.hits.count(),
            Lookup::Absent => self.counters.negative_hits.count(),
            Lookup::Unknown => self.counters.misses.count(),
        }
        known
    }

    fn open(&self, key: &K, entry: &Entry<V>) -> Lookup<V> {
        let sealed = match &entry.body {
            Body::Plain(value) => return Lookup::Value(value.clone()),
            Body::Absent => return Lookup::Absent,
            Body::Sealed(sealed) => sealed,
        };
        let opened = key::bytes_of(key).and_then(|bytes| self.unseal(&bytes, &entry.head, sealed));
        let value = opened.and_then(|plain| {
            let body = if self.outer.is_some() { super::outer::without_tags(plain)? } else { plain };
            self.decode(body)
        });
        value.map_or_else(
            || {
                self.memory.invalidate(key);
                Lookup::Unknown
            },
            Lookup::Value,
        )
    }

    /// What is below a seal, expanded; what cannot be opened is counted.
    pub fn unseal(&self, key: &[u8], head: &Head, sealed: &Sealed) -> Option<Plain> {
        let place = Place { prefix: &self.prefix, key };
        let plain = match self.shared.sealer.open(sealed, place, head) {
            Ok(plain) => plain,
            Err(Unopened::Forged) => {
                self.forged("does not open");
                return None;
            }
            Err(Unopened::NoKey) => {
                self.counters.unreadable.count();
                return None;
            }
        };
        if head.flags & Head::COMPRESSED == 0 {
            return Some(plain);
        }
        let expanded = compress::expanded(plain.bytes());
        if expanded.is_none() {
            self.counters.unreadable.count();
        }
        expanded
    }

    /// Seals plain bytes for a key; compressed where that is worth it, which the head then says.
    pub fn seal(&self, key: &[u8], head: &mut Head, plain: Plain) -> Option<Sealed> {
        let tried = self.rules.compress_from.filter(|from| plain.bytes().len() >= *from);
        let plain = match tried.and_then(|_| compress::compressed(plain.bytes())) {
            Some(packed) => {
                head.flags |= Head::COMPRESSED;
                packed
            }
            None => plain,
        };
        self.shared.sealer.seal(self.rules.level, Place { prefix: &self.prefix, key }, head, plain)
    }

    pub fn encode(&self, value: &V, into: &mut Plain) -> bool {
        self.codec.bytes.is_some_and(|codec| (codec.encode)(value, into))
            && into.bytes().len() <= compress::LONGEST
    }

    /// The value of bytes; that they are none is counted.
    pub fn decode(&self, plain: Plain) -> Option<V> {
        let value = self.codec.bytes.and_then(|codec| (codec.decode)(plain));
        if value.is_none() {
            self.counters.unreadable.count();
        }
        value
    }

    /// A security event: something is not what was sealed for its place.
    pub fn forged(&self, how: &str) {
        self.counters.unseal_failures.count();
        let count = self.counters.unseal_failures.value();
        // Whoever can change values must not be able to fill the log.
        if count.is_power_of_two() {
            tracing::warn!(
                security = true,
                namespace = &*self.name,
                how,
                count,
                "cached value was changed by somebody else"
            );
        }
    }

    /// The head of a value stored now, or that there is none; `None` when it is not to be kept.
    pub fn head(&self, absent: bool, keep: &Keep, generation: u64) -> Option<Head> {
        let longest = if absent { self.rules.negative? } else { self.rules.ttl };
        let ttl = keep.ttl.map_or(longest, |ttl| micros(ttl).min(longest));
        if ttl <= 0 || keep.tags.len() > Keep::MOST_TAGS {
            return None;
        }
        let stored = self.shared.now();
        let fresh_until = stored.saturating_add(ttl);
        let stale_until = if absent { fresh_until } else { fresh_until.saturating_add(self.rules.stale) };
        let flags = if absent { Head::ABSENT } else { 0 };
        Some(Head { flags, generation, stored, fresh_until, stale_until })
    }

    /// An entry of a value for the memory of this process alone.
    pub fn entry(&self, key: &K, value: Option<&V>, keep: &Keep, since: Since) -> Option<Entry<V>> {
        let mut head = self.head(value.is_none(), keep, since.generation)?;
        let body = match value {
            None => Body::Absent,
            Some(value) if self.rules.level == SecurityLevel::Public => Body::Plain(value.clone()),
            Some(value) => {
                let mut plain = Plain::with_capacity((self.codec.weigh)(value).min(compress::LONGEST));
                // Below a seal of a remote namespace tags stand before the value.
                if self.outer.is_some() && !super::outer::write_tags(&[], &mut plain) {
                    return None;
                }
                if !self.encode(value, &mut plain) {
                    return None;
                }
                Body::Sealed(self.seal(&key::bytes_of(key)?, &mut head, plain)?)
            }
        };
        Some(self.entry_of(head, since, &keep.tags, body))
    }

    pub fn entry_of(&self, head: Head, since: Since, tags: &[Arc<str>], body: Body<V>) -> Entry<V> {
        let carried = match &body {
            Body::Plain(value) => (self.codec.weigh)(value),
            Body::Sealed(sealed) => sealed.body.len(),
            Body::Absent => 0,
        };
        let tagged: usize = tags.iter().map(|tag| size_of::<Arc<str>>() + tag.len()).sum();
        let weight = carried.saturating_add(tagged + size_of::<K>() + size_of::<Entry<V>>() + HOLDING);
        Entry::new(head, since, tags, body, u32::try_from(weight).unwrap_or(u32::MAX))
    }

    /// Stores an entry. Only under the lock of its key's loads.
    pub fn keep(&self, key: &K, entry: Entry<V>) {
        self.counters.inserts.count();
        self.memory.insert(key.clone(), Arc::new(entry));
    }

    /// Stores a value in memory in place of another.
    pub fn put_local(&self, key: &K, value: Option<&V>, keep: &Keep) {
        let entry = self.entry(key, value, keep, self.marks.since());
        self.flights.detach(key, || match entry {
            Some(entry) => self.keep(key, entry),
            None => self.memory.invalidate(key),
        });
    }

    pub async fn put(&self, key: &K, value: Option<&V>, keep: &Keep) {
        match &self.outer {
            None => {
                self.put_local(key, value, keep);
                self.spread(|| key::bytes_of(key).map(|bytes| Invalid::Key(bytes.to_vec()))).tell().await;
            }
            Some(outer) => outer.put(self, key, value, keep).await,
        }
    }

    pub fn forget(&self, key: &K) {
        self.flights.detach(key, || self.memory.invalidate(key));
    }

    /// Begins to tell the remote store and the other nodes, if there are any.
    pub fn spread(&self, what: impl FnOnce() -> Option<Invalid>) -> Spreading<'_, K, V> {
        let wanted = self.outer.is_some() || self.shared.bus.is_some();
        let told = |what| Invalidation {
            from: self.shared.id,
            namespace: self.name.to_string(),
            what,
            unstored: self.outer.is_some(),
        };
        Spreading { inner: self, left: wanted.then(what).flatten().map(told) }
    }

    pub fn figures(&self) -> NamespaceStats {
        let counters = &self.counters;
        // Counts and weights of what was just stored are taken up by now.
        self.memory.run_pending_tasks();
        NamespaceStats {
            name: self.name.to_string(),
            level: self.rules.level,
            entries: self.memory.entry_count(),
            weight: self.memory.weighted_size(),
            capacity: self.rules.capacity,
            hits: counters.hits.value(),
            negative_hits: counters.negative_hits.value(),
            misses: counters.misses.value(),
            stale_hits: counters.stale_hits.value(),
            remote_hits: counters.remote_hits.value(),
            remote_misses: counters.remote_misses.value(),
            remote_failures: counters.remote_failures.value(),
            loads: counters.loads.value(),
            load_failures: counters.load_failures.value(),
            joined: counters.joined.value(),
            inserts: counters.inserts.value(),
            evictions: counters.evictions.value(),
            invalidations: counters.invalidations.value(),
            unseal_failures: counters.unseal_failures.value(),
            unreadable: counters.unreadable.value(),
        }
    }
}

/// An invalidation on its way. When who asked for it goes away before it is through, it counts here as one that somebody else made, the store
/// is not believed any more, and the other nodes are told in the background.
pub(crate) struct Spreading<'a, K: Key, V: Clone + Send + Sync + 'static> {
    inner: &'a Inner<K, V>,
    /// What is still to be told.
    left: Option<Invalidation>,
}

impl<K: Key, V: Clone + Send + Sync + 'static> Spreading<'_, K, V> {
    /// Whether the remote store was told.
    pub fn stored(&mut self, stored: bool) {
        if let Some(left) = &mut self.left {
            left.unstored = !stored;
        }
    }

    /// Tells the other nodes, also whether the remote store was told.
    pub async fn tell(mut self) {
        if let Some(invalidation) = &self.left {
            self.inner.shared.publish(invalidation).await;
        }
        self.left = None;
    }
}

impl<K: Key, V: Clone + Send + Sync + 'static> Drop for Spreading<'_, K, V> {
    fn drop(&mut self) {
        let Some(left) = self.left.take() else { return };
        self.inner.heard(&left.what, left.unstored);
        if self.inner.shared.bus.is_some() && tokio::runtime::Handle::try_current().is_ok() {
            let shared = Arc::clone(&self.inner.shared);
            self.inner.shared.background(async move { shared.publish(&left).await });
        }
    }
}

#[async_trait]
impl<K: Key, V: Clone + Send + Sync + 'static> Room for Inner<K, V> {
    fn name(&self) -> &str {
        &self.name
    }

    fn stats(&self) -> NamespaceStats {
        self.figures()
    }

    fn heard(&self, what: &Invalid, unstored: bool) {
        self.counters.invalidations.count();
        if unstored && let Some(outer) = &self.outer {
            outer.distrust();
        }
        match what {
            Invalid::Key(bytes) => match key::from_bytes::<K>(bytes) {
                Some(key) => self.forget(&key),
                // Another version of this program has other keys: whatever it means, it is not believed any more.
                None => self.marks.forget_all(),
            },
            Invalid::Tag(tag) => self.marks.mark(tag),
            // The generation itself is learned from the store, which is asked before it is believed.
            Invalid::All => self.marks.forget_all(),
        }
    }

    fn lost(self: Arc<Self>) {
        self.marks.forget_all();
        if self.outer.is_some() {
            // What other nodes are to learn through the store should not wait for the next question.
            let shared = Arc::clone(&self.shared);
            shared.background(async move {
                if let Some(outer) = &self.outer {
                    outer.catch_up(&self).await;
                }
            });
        }
    }

    async fn renew(&self) {
        self.counters.invalidations.count();
        let mut spreading = self.spread(|| Some(Invalid::All));
        match &self.outer {
            None => {
                self.marks.next_generation();
            }
            Some(outer) => {
                self.marks.forget_all();
                spreading.stored(outer.raise_generation(self).await);
                self.marks.forget_all();
            }
        }
        // What is not believed any more need not wait to be pushed out.
        self.memory.invalidate_all();
        spreading.tell().await;
    }
}
