use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::level::SecurityLevel;

/// What a namespace did so far, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NamespaceStats {
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: SecurityLevel,
    /// Values held now, about.
    pub entries: u64,
    /// Bytes they take now, about.
    pub weight: u64,
    /// Bytes they may take.
    pub capacity: u64,
    /// Answers from memory.
    pub hits: u64,
    /// Answers from memory that there is no such value.
    pub negative_hits: u64,
    /// Questions that memory could not answer.
    pub misses: u64,
    /// Values shown past their time while they were read anew.
    pub stale_hits: u64,
    /// Answers from the remote store.
    pub remote_hits: u64,
    /// Questions that the remote store could not answer.
    pub remote_misses: u64,
    /// Questions and changes that the remote store did not take up in time, or was not asked since it failed before.
    pub remote_failures: u64,
    /// Values read from where they come from.
    pub loads: u64,
    /// Loads that failed.
    pub load_failures: u64,
    /// Questions that waited for a load already under way.
    pub joined: u64,
    /// Values stored in memory.
    pub inserts: u64,
    /// Values pushed out to make room.
    pub evictions: u64,
    /// Invalidations by key, by tag, and of everything, of this process and heard from others.
    pub invalidations: u64,
    /// Values that are not what was sealed for their place: somebody changed them. A security event.
    pub unseal_failures: u64,
    /// Values whose key was destroyed, or that are of another form than this program reads.
    pub unreadable: u64,
}

/// The counters of a namespace.
#[derive(Default)]
pub(crate) struct Counters {
    pub hits: Counter,
    pub negative_hits: Counter,
    pub misses: Counter,
    pub stale_hits: Counter,
    pub remote_hits: Counter,
    pub remote_misses: Counter,
    pub remote_failures: Counter,
    pub loads: Counter,
    pub load_failures: Counter,
    pub joined: Counter,
    pub inserts: Counter,
    pub evictions: Counter,
    pub invalidations: Counter,
    pub unseal_failures: Counter,
    pub unreadable: Counter,
}

/// Counts on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
