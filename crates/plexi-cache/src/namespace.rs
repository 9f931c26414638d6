//! One kind of values: its keys, its rules, its memory.

mod builder;
mod entry;
mod flights;
mod inner;
mod load;
mod marks;
mod outer;

use std::hash::RandomState;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

pub use builder::NamespaceBuilder;
use entry::{Entry, micros};
use flights::Flights;
use marks::Marks;
use outer::Outer;

use crate::bus::Invalid;
use crate::cache::{Room as _, Shared};
use crate::codec::Codec;
use crate::key::{self, Key};
use crate::level::SecurityLevel;
use crate::stats::{Counters, NamespaceStats};

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<V> {
    /// Its value.
    Value(V),
    /// That it has none.
    Absent,
    /// Nothing.
    Unknown,
}

impl<V> Lookup<V> {
    /// The value, if there is one.
    pub fn value(self) -> Option<V> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Unknown => None,
        }
    }
}

/// How a value is kept, where that differs from its namespace: a shorter time, and tags to forget it by.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    ttl: Option<Duration>,
    tags: Vec<Arc<str>>,
}

impl Keep {
    /// Most tags of one value; further ones count as a value that is not kept.
    pub const MOST_TAGS: usize = 16;

    /// As the namespace says.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so long; the namespace's time stays the longest.
    #[must_use]
    pub fn at_most(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// With a tag, by which it can be forgotten together with others.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.into());
        self
    }
}

/// What a namespace goes by; times in microseconds.
pub(crate) struct Rules {
    pub level: SecurityLevel,
    pub ttl: i64,
    pub idle: Option<i64>,
    pub stale: i64,
    pub negative: Option<i64>,
    pub compress_from: Option<usize>,
    pub capacity: u64,
}

/// Values of one kind, found by keys of one kind. Cheap to clone; all clones are the same namespace.
pub struct Namespace<K: Key, V: Clone + Send + Sync + 'static>(Arc<Inner<K, V>>);

impl<K: Key, V: Clone + Send + Sync + 'static> Clone for Namespace<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(crate) struct Inner<K: Key, V: Clone + Send + Sync + 'static> {
    name: Arc<str>,
    prefix: Box<[u8]>,
    rules: Rules,
    codec: Codec<V>,
    memory: moka::sync::Cache<K, Arc<Entry<V>>, RandomState>,
    marks: Marks,
    flights: Flights<K, V>,
    counters: Arc<Counters>,
    shared: Arc<Shared>,
    outer: Option<Outer>,
    key: PhantomData<fn() -> K>,
}

impl<K: Key, V: Clone + Send + Sync + 'static> Namespace<K, V> {
    /// What the memory of this process knows of a key. Never waits.
    pub fn get_local(&self, key: &K) -> Lookup<V> {
        self.0.look(key)
    }

    /// What is known of a key, here or in the remote store.
    pub async fn get(&self, key: &K) -> Lookup<V> {
        match self.0.look(key) {
            Lookup::Unknown if self.0.outer.is_some() => self.0.fetch(key).await,
            known => known,
        }
    }

    /// Keeps a value, in place of what was known before.
    pub async fn insert(&self, key: &K, value: V, keep: &Keep) {
        self.0.put(key, Some(&value), keep).await;
    }

    /// Keeps that a key has no value, if the namespace remembers that.
    pub async fn insert_absent(&self, key: &K, keep: &Keep) {
        self.0.put(key, None, keep).await;
    }

    /// As [`Namespace::insert`], in the memory of this process alone. For namespaces that are not remote.
    pub fn insert_local(&self, key: &K, value: &V, keep: &Keep) {
        self.0.put_local(key, Some(value), keep);
    }

    /// The value of a key, read by `load` when it is not known: by one caller at a time, whose answer all others get that
    /// ask for the key meanwhile. `None` from `load` says that there is no value.
    ///
    /// A value that was invalidated while it was read is answered to those who asked before, and not kept. What fails is not kept.
    pub async fn get_or_try_load<E, F>(&self, key: &K, keep: &Keep, load: F) -> Result<Option<V>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: AsyncFnOnce() -> Result<Option<V>, E>,
    {
        match self.0.look(key) {
            Lookup::Value(value) => Ok(Some(value)),
            Lookup::Absent => Ok(None),
            Lookup::Unknown => self.0.load(key, keep, load).await,
        }
    }

    /// As [`Namespace::get_or_try_load`]; but a value whose time is over and that may still be shown is answered at once, and read
    /// anew in the background, by one task for each key.
    pub async fn get_or_revalidate<E, F, Fut>(
        &self,
        key: &K,
        keep: &Keep,
        load: F,
    ) -> Result<Option<V>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        match self.0.look_stale(key) {
            (Lookup::Value(value), true) => {
                self.revalidate(key, keep, load);
                Ok(Some(value))
            }
            (Lookup::Value(value), false) => Ok(Some(value)),
            (Lookup::Absent, _) => Ok(None),
            (Lookup::Unknown, _) => self.0.load(key, keep, async || load().await).await,
        }
    }

    /// Forgets a key, here and on all nodes.
    pub async fn invalidate(&self, key: &K) {
        self.0.counters.invalidations.count();
        self.0.forget(key);
        let mut spreading = self.0.spread(|| key::bytes_of(key).map(|bytes| Invalid::Key(bytes.to_vec())));
        if let (Some(outer), Some(bytes)) = (&self.0.outer, key::bytes_of(key)) {
            spreading.stored(outer.remove(&self.0, &bytes).await);
            // Somebody may have fetched it from there before it was gone.
            self.0.forget(key);
        }
        spreading.tell().await;
    }

    /// Forgets everything that was kept with the tag, here and on all nodes.
    pub async fn invalidate_tag(&self, tag: &str) {
        self.0.counters.invalidations.count();
        self.0.marks.mark(tag);
        let mut spreading = self.0.spread(|| Some(Invalid::Tag(tag.to_owned())));
        if let Some(outer) = &self.0.outer {
            spreading.stored(outer.raise_tag(&self.0, tag).await);
            self.0.marks.mark(tag);
        }
        spreading.tell().await;
    }

    /// Forgets everything, here and on all nodes: another generation begins.
    pub async fn invalidate_all(&self) {
        self.0.renew().await;
    }

    /// Forgets a key in the memory of this process. The remote store and other nodes are not told.
    pub fn invalidate_local(&self, key: &K) {
        self.0.counters.invalidations.count();
        self.0.forget(key);
    }

    /// Forgets everything in the memory of this process. The remote store and other nodes are not told.
    pub fn invalidate_all_local(&self) {
        self.0.counters.invalidations.count();
        self.0.marks.forget_all();
    }

    /// What it did and holds.
    pub fn stats(&self) -> NamespaceStats {
        self.0.figures()
    }

    fn revalidate<E, F, Fut>(&self, key: &K, keep: &Keep, load: F)
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        if self.0.flights.is_under_way(key) {
            return;
        }
        let (inner, key, keep) = (Arc::clone(&self.0), key.clone(), keep.clone());
        self.0.shared.background(async move {
            // How it ended is counted; the next caller tries again.
            let _: Result<_, Arc<E>> = inner.reload(&key, &keep, async || load().await).await;
        });
    }
}
