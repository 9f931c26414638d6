use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Held, Name, Remote, RemoteError, Write};

/// A remote store in memory, for tests: it can fail, hang, and hold what nobody wrote. It forgets nothing by itself.
#[derive(Clone, Default)]
pub struct MemoryRemote(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    records: HashMap<Name, Vec<u8>>,
    fences: HashMap<Name, u64>,
    counters: HashMap<Name, u64>,
    mood: Mood,
    questions: u64,
}

#[derive(Clone, Copy, Default)]
enum Mood {
    #[default]
    Well,
    Away,
    Silent,
}

impl MemoryRemote {
    /// An empty store that works.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fails from now on, or works again.
    pub fn set_away(&self, away: bool) {
        self.content().mood = if away { Mood::Away } else { Mood::Well };
    }

    /// Does not answer from now on, or works again.
    pub fn set_silent(&self, silent: bool) {
        self.content().mood = if silent { Mood::Silent } else { Mood::Well };
    }

    /// How often it was asked for anything.
    pub fn questions(&self) -> u64 {
        self.content().questions
    }

    /// All records, to be changed behind the cache's back.
    pub fn records(&self) -> Vec<(Name, Vec<u8>)> {
        self.content().records.iter().map(|(name, record)| (*name, record.clone())).collect()
    }

    /// Puts bytes in place of a record.
    pub fn replace(&self, name: Name, record: Vec<u8>) {
        self.content().records.insert(name, record);
    }

    /// Forgets all counters, as a store does that was started empty.
    pub fn forget_counters(&self) {
        self.content().counters.clear();
    }

    fn content(&self) -> std::sync::MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask<T>(&self, what: impl FnOnce(&mut Content) -> T) -> Result<T, RemoteError> {
        let mood = {
            let mut content = self.content();
            content.questions += 1;
            content.mood
        };
        match mood {
            Mood::Well => Ok(what(&mut self.content())),
            Mood::Away => Err(RemoteError::Away("told to".to_owned())),
            Mood::Silent => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Remote for MemoryRemote {
    async fn read(&self, name: &Name, counters: &[Name]) -> Result<Held, RemoteError> {
        self.ask(|content| Held {
            record: content.records.get(name).cloned(),
            fence: content.fences.get(name).copied().unwrap_or_default(),
            counters: content.counters_of(counters),
        })
        .await
    }

    async fn counters(&self, names: &[Name]) -> Result<Vec<u64>, RemoteError> {
        self.ask(|content| content.counters_of(names)).await
    }

    async fn write(&self, write: Write<'_>) -> Result<bool, RemoteError> {
        self.ask(|content| {
            let fence = content.fences.entry(*write.name).or_default();
            match write.fence {
                Some(expected) if expected != *fence => return false,
                Some(_) => {}
                None => *fence += 1,
            }
            content.records.insert(*write.name, write.record.to_vec());
            true
        })
        .await
    }

    async fn remove(&self, name: &Name) -> Result<(), RemoteError> {
        self.ask(|content| {
            *content.fences.entry(*name).or_default() += 1;
            content.records.remove(name);
        })
        .await
    }

    async fn raise(&self, counter: &Name, above: u64) -> Result<u64, RemoteError> {
        self.ask(|content| {
            let counter = content.counters.entry(*counter).or_default();
            *counter = above.max(*counter) + 1;
            *counter
        })
        .await
    }
}

impl Content {
    fn counters_of(&self, names: &[Name]) -> Vec<u64> {
        names.iter().map(|name| self.counters.get(name).copied().unwrap_or_default()).collect()
    }
}
