use std::sync::Arc;

use tokio::sync::watch;

use super::flights::{Landed, Lead, Seat};
use super::outer::Ticket;
use super::{Inner, Keep, Lookup};
use crate::key::Key;

impl<K: Key, V: Clone + Send + Sync + 'static> Inner<K, V> {
    /// What the remote store knows of a key.
    pub async fn fetch(&self, key: &K) -> Lookup<V> {
        loop {
            match self.flights.board(key, self.marks.since()) {
                Seat::Lead(seat) => {
                    let (known, _) = self.known(&seat, key, &Keep::new()).await;
                    seat.land(|| Landed::Found(known.clone()));
                    return known;
                }
                Seat::Join(waiting) => {
                    self.counters.joined.count();
                    match landed(waiting).await {
                        Some(Landed::Found(known)) => return known,
                        Some(Landed::Failed(_)) => return Lookup::Unknown,
                        None => {}
                    }
                }
            }
        }
    }

    /// The value of a key from where it can be had: another caller's load, the remote store, `load`.
    pub async fn load<E, F>(&self, key: &K, keep: &Keep, load: F) -> Result<Option<V>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: AsyncFnOnce() -> Result<Option<V>, E>,
    {
        loop {
            match self.flights.board(key, self.marks.since()) {
                Seat::Lead(seat) => {
                    return match self.known(&seat, key, keep).await {
                        (Lookup::Unknown, ticket) => self.read(seat, key, keep, ticket, load).await,
                        (known, _) => {
                            seat.land(|| Landed::Found(known.clone()));
                            Ok(known.value())
                        }
                    };
                }
                Seat::Join(waiting) => {
                    self.counters.joined.count();
                    match landed(waiting).await {
                        Some(Landed::Found(Lookup::Value(value))) => return Ok(Some(value)),
                        Some(Landed::Found(Lookup::Absent)) => return Ok(None),
                        Some(Landed::Failed(error)) => {
                            if let Ok(error) = error.downcast() {
                                return Err(error);
                            }
                        }
                        // Who loaded went away or had no `load`.
                        Some(Landed::Found(Lookup::Unknown)) | None => {}
                    }
                }
            }
        }
    }

    /// Reads a value anew, whatever is known, unless somebody does already.
    pub async fn reload<E, F>(&self, key: &K, keep: &Keep, load: F) -> Result<Option<V>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: AsyncFnOnce() -> Result<Option<V>, E>,
    {
        match self.flights.board(key, self.marks.since()) {
            Seat::Lead(seat) => match self.peek(key) {
                Lookup::Unknown => {
                    let ticket = self.ticket(key, keep).await;
                    self.read(seat, key, keep, ticket, load).await
                }
                // Done by another task between the question and now.
                known => Ok(known.value()),
            },
            Seat::Join(_) => Ok(None),
        }
    }

    /// What is known without a load, and what a load needs to be stored outside.
    async fn known(&self, seat: &Lead<'_, K, V>, key: &K, keep: &Keep) -> (Lookup<V>, Option<Ticket>) {
        // Another load may have ended between the caller's question and its seat.
        let known = self.peek(key);
        match &self.outer {
            Some(outer) if matches!(known, Lookup::Unknown) => outer.fetch(self, seat, key, keep).await,
            _ => (known, None),
        }
    }

    async fn ticket(&self, key: &K, keep: &Keep) -> Option<Ticket> {
        match &self.outer {
            Some(outer) => outer.ticket(self, key, keep).await,
            None => None,
        }
    }

    async fn read<E, F>(
        &self,
        seat: Lead<'_, K, V>,
        key: &K,
        keep: &Keep,
        ticket: Option<Ticket>,
        load: F,
    ) -> Result<Option<V>, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: AsyncFnOnce() -> Result<Option<V>, E>,
    {
        self.counters.loads.count();
        let since = self.marks.since();
        let value = match load().await {
            Ok(value) => value,
            Err(error) => {
                self.counters.load_failures.count();
                let error = Arc::new(error);
                seat.land(|| Landed::Failed(error.clone()));
                return Err(error);
            }
        };
        if let Some(outer) = &self.outer {
            outer.store(self, &seat, key, value.as_ref(), keep, since, ticket).await;
        } else {
            let entry = self.entry(key, value.as_ref(), keep, since);
            seat.commit(|| match entry {
                Some(entry) => self.keep(key, entry),
                None => self.memory.invalidate(key),
            });
        }
        seat.land(|| Landed::Found(value.clone().map_or(Lookup::Absent, Lookup::Value)));
        Ok(value)
    }
}

/// What the load brought; `None` when it was given up.
async fn landed<V: Clone>(mut waiting: watch::Receiver<Option<Landed<V>>>) -> Option<Landed<V>> {
    waiting.wait_for(Option::is_some).await.ok().and_then(|landed| landed.clone())
}
