//! The remote side of a namespace.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::entry::{Age, Body, Entry};
use super::flights::Lead;
use super::marks::Since;
use super::{Inner, Keep, Lookup};
use crate::bus::Invalid;
use crate::key::{self, Key, Small};
use crate::level::SecurityLevel;
use crate::plain::Plain;
use crate::remote::{Name, Tier, Unread, Write, record};
use crate::seal::{Head, Sealed, Sealer};

/// Most versions of tags that are remembered.
const MOST_TAGS: usize = 65_536;
/// A load that took longer is not stored outside: the fence that guards it may have been forgotten.
const LONGEST_LOAD: i64 = 300_000_000;

/// A tag and how often it was invalidated when the value was read.
pub(crate) type Version = (Arc<str>, u64);

/// What a namespace has outside.
pub(crate) struct Outer {
    tier: Arc<Tier>,
    sealer: Arc<Sealer>,
    /// The namespace with version and level, which goes into all names.
    home: Box<[u8]>,
    generation: Name,
    /// Counts invalidations that did not reach the store: before it is believed again, another generation begins there.
    missed: AtomicU64,
    /// For how many of them one began.
    made_up: AtomicU64,
    /// The highest version seen of each tag: a store that forgets does not bring back what was invalidated.
    seen: RwLock<HashMap<Arc<str>, u64>>,
}

/// What was known outside before a value was read.
pub(crate) struct Ticket {
    at: i64,
    generation: u64,
    fence: u64,
    versions: Vec<Version>,
}

impl Outer {
    pub fn new(tier: Arc<Tier>, sealer: &Arc<Sealer>, home: &[u8]) -> Self {
        Self {
            generation: sealer.name(&[b"generation", home]),
            tier,
            sealer: Arc::clone(sealer),
            home: home.into(),
            missed: AtomicU64::new(0),
            made_up: AtomicU64::new(0),
            seen: RwLock::default(),
        }
    }

    /// What the store knows of a key, brought into memory; and what a load needs, when it knows nothing.
    pub async fn fetch<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        seat: &Lead<'_, K, V>,
        key: &K,
        keep: &Keep,
    ) -> (Lookup<V>, Option<Ticket>) {
        let Some(bytes) = key::bytes_of(key) else { return (Lookup::Unknown, None) };
        let before = inner.marks.since();
        let Some((record, ticket)) = self.read(inner, &bytes, keep).await else {
            inner.counters.remote_failures.count();
            return (Lookup::Unknown, None);
        };
        let since = Since { generation: ticket.generation, ..before };
        let found = match record {
            Some(record) => self.believe(inner, &bytes, &record, since, &ticket).await,
            None => None,
        };
        let Some((value, entry)) = found else {
            inner.counters.remote_misses.count();
            return (Lookup::Unknown, Some(ticket));
        };
        inner.counters.remote_hits.count();
        seat.commit(|| inner.keep(key, entry));
        (value.map_or(Lookup::Absent, Lookup::Value), None)
    }

    /// What a load needs to be stored outside.
    pub async fn ticket<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        key: &K,
        keep: &Keep,
    ) -> Option<Ticket> {
        let bytes = key::bytes_of(key)?;
        self.read(inner, &bytes, keep).await.map(|(_, ticket)| ticket)
    }

    /// Stores what was loaded, here and outside.
    #[expect(clippy::too_many_arguments, reason = "the parts of one load")]
    pub async fn store<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        seat: &Lead<'_, K, V>,
        key: &K,
        value: Option<&V>,
        keep: &Keep,
        since: Since,
        ticket: Option<Ticket>,
    ) {
        let versions = ticket.as_ref().map_or(&[][..], |ticket| &ticket.versions);
        let made = make(inner, key, value, keep, since, versions);
        let Some((entry, bytes, record)) = made else {
            seat.commit(|| inner.memory.invalidate(key));
            return;
        };
        let (stored, until) = (entry.head.stored, entry.head.fresh_until);
        let kept = seat.commit(|| inner.keep(key, entry));
        let Some(ticket) = ticket else { return };
        if !kept || stored - ticket.at > LONGEST_LOAD || since.generation != ticket.generation {
            return;
        }
        let name = self.name(&bytes);
        let write =
            Write { name: &name, record: &record, keep: lasting(stored, until), fence: Some(ticket.fence) };
        if self.tier.write(write).await.is_none() {
            inner.counters.remote_failures.count();
        }
    }

    /// Stores a value in place of another, here and outside.
    pub async fn put<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        key: &K,
        value: Option<&V>,
        keep: &Keep,
    ) {
        let mut spreading = inner.spread(|| key::bytes_of(key).map(|bytes| Invalid::Key(bytes.to_vec())));
        let before = inner.marks.since();
        let versions = if self.catch_up(inner).await { self.now(inner, &keep.tags).await } else { None };
        let away = versions.is_none();
        // It is a value of the generation that is there now; what was forgotten in this process since the question counts all the same.
        let since = Since { generation: inner.marks.generation(), ..before };
        let made = make(inner, key, value, keep, since, &versions.unwrap_or_default());
        let Some((entry, bytes, record)) = made else {
            inner.forget(key);
            if let Some(bytes) = key::bytes_of(key) {
                spreading.stored(self.remove(inner, &bytes).await);
            }
            spreading.tell().await;
            return;
        };
        let (stored, until) = (entry.head.stored, entry.head.fresh_until);
        let name = self.name(&bytes);
        inner.flights.detach(key, || inner.keep(key, entry));
        let write = Write { name: &name, record: &record, keep: lasting(stored, until), fence: None };
        let stored = !away && self.tier.write(write).await.is_some();
        if !stored {
            self.missed(inner);
        }
        spreading.stored(stored);
        spreading.tell().await;
    }

    /// Removes a key. False: the store was not told.
    pub async fn remove<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        key: &[u8],
    ) -> bool {
        let removed = self.tier.remove(&self.name(key)).await;
        self.told(inner, removed).is_some()
    }

    /// Invalidates a tag. False: the store was not told.
    pub async fn raise_tag<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        tag: &str,
    ) -> bool {
        let tag: Arc<str> = tag.into();
        let raised = self.tier.raise(&self.tag(&tag), self.seen_of(&tag)).await;
        self.told(inner, raised).map(|version| self.see(&tag, version)).is_some()
    }

    /// Begins another generation. False: the store was not told.
    pub async fn raise_generation<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
    ) -> bool {
        let raised = self.tier.raise(&self.generation, inner.marks.generation()).await;
        self.told(inner, raised).map(|generation| inner.marks.raise_generation(generation)).is_some()
    }

    /// Does not believe the store before another generation began there.
    pub fn distrust(&self) {
        self.missed.fetch_add(1, Ordering::SeqCst);
    }

    /// What the store answered to an invalidation; notes when it did not.
    fn told<K: Key, V: Clone + Send + Sync + 'static, T>(
        &self,
        inner: &Inner<K, V>,
        answer: Option<T>,
    ) -> Option<T> {
        if answer.is_none() {
            self.missed(inner);
        }
        answer
    }

    /// An invalidation did not reach the store.
    fn missed<K: Key, V: Clone + Send + Sync + 'static>(&self, inner: &Inner<K, V>) {
        inner.counters.remote_failures.count();
        self.distrust();
    }

    /// Makes up for invalidations that did not reach the store. False: it cannot be believed yet.
    pub async fn catch_up<K: Key, V: Clone + Send + Sync + 'static>(&self, inner: &Inner<K, V>) -> bool {
        let missed = self.missed.load(Ordering::SeqCst);
        if missed == self.made_up.load(Ordering::SeqCst) {
            return true;
        }
        let Some(generation) = self.tier.raise(&self.generation, inner.marks.generation()).await else {
            return false;
        };
        inner.marks.raise_generation(generation);
        self.made_up.fetch_max(missed, Ordering::SeqCst);
        // What was missed in the meantime the next one makes up for.
        missed == self.missed.load(Ordering::SeqCst)
    }

    /// The record of a key, and the state of the store around it.
    async fn read<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        key: &[u8],
        keep: &Keep,
    ) -> Option<(Option<Vec<u8>>, Ticket)> {
        if !self.catch_up(inner).await {
            return None;
        }
        let at = inner.shared.now();
        let tags: Vec<Name> = keep.tags.iter().map(|tag| self.tag(tag)).collect();
        let names = [&[self.generation][..], &tags].concat();
        let held = self.tier.read(&self.name(key), &names).await;
        if held.as_ref().err() == Some(&Unread::Nonsense) {
            inner.forged("is nothing that a cache stores");
        }
        let held = held.ok()?;
        let (generation, versions) = held.counters.split_first()?;
        inner.marks.raise_generation(*generation);
        let versions =
            keep.tags.iter().zip(versions).map(|(tag, version)| self.latest(tag, *version)).collect();
        let generation = inner.marks.generation();
        Some((held.record, Ticket { at, generation, fence: held.fence, versions }))
    }

    /// Opens a record and asks all that makes it true: its place, its time, its generation, its tags.
    async fn believe<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        key: &[u8],
        record: &[u8],
        since: Since,
        ticket: &Ticket,
    ) -> Option<(Option<V>, Entry<V>)> {
        let level = inner.rules.level;
        let Some(read) = record::read(record).filter(|read| read.level == level.number()) else {
            inner.forged("is no record of its level");
            return None;
        };
        let Some(ready) = self.sealer.ready(level, read.id, read.salt) else {
            inner.counters.unreadable.count();
            return None;
        };
        let head = read.head;
        let sealed = Sealed { key: ready, nonce: read.nonce, body: read.body.into() };
        let plain = inner.unseal(key, &head, &sealed)?;
        let usable = head.generation == since.generation && head.age(inner.shared.now()) == Age::Fresh;
        let (versions, value) = usable.then(|| split_tags(plain)).flatten()?;
        if !self.tags_hold(&versions, ticket).await? {
            return None;
        }
        let value = match head.flags & Head::ABSENT {
            0 => Some(inner.decode(value)?),
            _ => None,
        };
        let body = match &value {
            None => Body::Absent,
            Some(value) if level == SecurityLevel::Public => Body::Plain(value.clone()),
            Some(_) => Body::Sealed(sealed),
        };
        let tags: Vec<Arc<str>> = versions.into_iter().map(|(tag, _)| tag).collect();
        let entry = inner.entry_of(head, since, &tags, body);
        // However long ago it was stored, somebody asks for it now.
        entry.used.fetch_max(inner.shared.now(), Ordering::Relaxed);
        Some((value, entry))
    }

    /// Whether no tag was invalidated since; `None` when the store does not say.
    async fn tags_hold(&self, versions: &[Version], ticket: &Ticket) -> Option<bool> {
        let known: HashMap<_, _> = ticket.versions.iter().map(|(tag, version)| (tag, *version)).collect();
        let (asked, others): (Vec<_>, Vec<_>) = versions.iter().partition(|(tag, _)| known.contains_key(tag));
        if asked.iter().any(|(tag, version)| known.get(tag) != Some(version)) {
            return Some(false);
        }
        let tags: Vec<Arc<str>> = others.iter().map(|(tag, _)| Arc::clone(tag)).collect();
        let now = self.versions(&tags).await?;
        Some(now.iter().zip(&others).all(|(now, then)| now.1 == then.1))
    }

    /// The versions of tags now, when the generation is taken up as well.
    async fn now<K: Key, V: Clone + Send + Sync + 'static>(
        &self,
        inner: &Inner<K, V>,
        tags: &[Arc<str>],
    ) -> Option<Vec<Version>> {
        let names: Vec<Name> =
            std::iter::once(self.generation).chain(tags.iter().map(|tag| self.tag(tag))).collect();
        let counters = self.tier.counters(&names).await?;
        let (generation, versions) = counters.split_first()?;
        inner.marks.raise_generation(*generation);
        Some(tags.iter().zip(versions).map(|(tag, version)| self.latest(tag, *version)).collect())
    }

    /// The versions of tags now.
    async fn versions(&self, tags: &[Arc<str>]) -> Option<Vec<Version>> {
        if tags.is_empty() {
            return Some(Vec::new());
        }
        let names: Vec<Name> = tags.iter().map(|tag| self.tag(tag)).collect();
        let counters = self.tier.counters(&names).await?;
        Some(tags.iter().zip(counters).map(|(tag, version)| self.latest(tag, version)).collect())
    }

    fn name(&self, key: &[u8]) -> Name {
        self.sealer.name(&[b"value", &self.home, key])
    }

    fn tag(&self, tag: &str) -> Name {
        self.sealer.name(&[b"tag", &self.home, tag.as_bytes()])
    }

    /// The later of what the store says and what was seen of it before.
    fn latest(&self, tag: &Arc<str>, version: u64) -> Version {
        let seen = self.seen_of(tag);
        if version > seen {
            self.see(tag, version);
        }
        (Arc::clone(tag), version.max(seen))
    }

    fn seen_of(&self, tag: &Arc<str>) -> u64 {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).get(tag).copied().unwrap_or_default()
    }

    fn see(&self, tag: &Arc<str>, version: u64) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_TAGS {
            seen.clear();
        }
        let known = seen.entry(Arc::clone(tag)).or_default();
        *known = version.max(*known);
    }
}

/// An entry for memory and a record for the store.
fn make<K: Key, V: Clone + Send + Sync + 'static>(
    inner: &Inner<K, V>,
    key: &K,
    value: Option<&V>,
    keep: &Keep,
    since: Since,
    versions: &[Version],
) -> Option<(Entry<V>, Small<48>, Vec<u8>)> {
    let bytes = key::bytes_of(key)?;
    let mut head = inner.head(value.is_none(), keep, since.generation)?;
    let mut plain = Plain::with_capacity(value.map_or(0, inner.codec.weigh).min(1 << 20) + 64);
    if !write_tags(versions, &mut plain) {
        return None;
    }
    if let Some(value) = value
        && !inner.encode(value, &mut plain)
    {
        return None;
    }
    let sealed = inner.seal(&bytes, &mut head, plain)?;
    let record = record::write(inner.rules.level.number(), &head, &sealed);
    let body = match value {
        None => Body::Absent,
        Some(value) if inner.rules.level == SecurityLevel::Public => Body::Plain(value.clone()),
        Some(_) => Body::Sealed(sealed),
    };
    Some((inner.entry_of(head, since, &keep.tags, body), bytes, record))
}

/// Writes what stands before a value of a remote namespace.
pub(crate) fn write_tags(versions: &[Version], into: &mut Plain) -> bool {
    let tags: Vec<(&str, u64)> = versions.iter().map(|(tag, version)| (&**tag, *version)).collect();
    postcard::serialize_with_flavor(&tags, into).is_ok()
}

fn lasting(stored: i64, until: i64) -> Duration {
    Duration::from_micros(u64::try_from(until - stored).unwrap_or_default())
}

/// The value below the seal of a remote namespace, without the tags before it.
pub(crate) fn without_tags(plain: Plain) -> Option<Plain> {
    split_tags(plain).map(|(_, value)| value)
}

fn split_tags(plain: Plain) -> Option<(Vec<Version>, Plain)> {
    let (versions, rest) = postcard::take_from_bytes::<Vec<(String, u64)>>(plain.bytes()).ok()?;
    let tags = plain.bytes().len() - rest.len();
    let versions = versions.into_iter().map(|(tag, version)| (tag.into(), version)).collect();
    Some((versions, plain.without_first(tags)))
}
