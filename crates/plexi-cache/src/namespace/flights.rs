use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Lookup;
use super::marks::Since;
use crate::key::Key;

/// Locks that the keys are spread over.
const STRIPES: usize = 64;

/// Loads under way: one for each key, whose answer all get who ask meanwhile. Whoever changes the value of a key detaches
/// its load, so that what it brings is not stored.
pub(crate) struct Flights<K, V> {
    stripes: Box<[Stripe<K, V>]>,
    hash: RandomState,
}

type Stripe<K, V> = Mutex<HashMap<K, Arc<Flight<V>>>>;

/// One load.
pub(crate) struct Flight<V> {
    /// When it was begun; who asks after a later invalidation does not join it.
    since: Since,
    landed: watch::Sender<Option<Landed<V>>>,
}

/// What a load brought.
#[derive(Clone)]
pub(crate) enum Landed<V> {
    Found(Lookup<V>),
    Failed(Arc<dyn Any + Send + Sync>),
}

/// A seat: the one who loads, or one who waits.
pub(crate) enum Seat<'a, K: Key, V: Clone> {
    Lead(Lead<'a, K, V>),
    Join(watch::Receiver<Option<Landed<V>>>),
}

/// Who loads. Dropped early, those who wait begin again.
pub(crate) struct Lead<'a, K: Key, V: Clone> {
    flights: &'a Flights<K, V>,
    key: &'a K,
    flight: Arc<Flight<V>>,
}

impl<K: Key, V: Clone> Flights<K, V> {
    pub fn new() -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::default()).collect();
        Self { stripes, hash: RandomState::new() }
    }

    /// A seat in the load of a key; `since` is now.
    pub fn board<'a>(&'a self, key: &'a K, since: Since) -> Seat<'a, K, V> {
        match self.stripe(key).entry(key.clone()) {
            Entry::Occupied(known) if known.get().since == since => {
                Seat::Join(known.get().landed.subscribe())
            }
            place => {
                let flight = Arc::new(Flight { since, landed: watch::Sender::new(None) });
                place.insert_entry(Arc::clone(&flight));
                Seat::Lead(Lead { flights: self, key, flight })
            }
        }
    }

    /// Whether somebody loads the key.
    pub fn is_under_way(&self, key: &K) -> bool {
        self.stripe(key).contains_key(key)
    }

    /// Changes the value of a key in memory by `change`, and lets no load that began before undo it.
    pub fn detach<T>(&self, key: &K, change: impl FnOnce() -> T) -> T {
        let mut stripe = self.stripe(key);
        // Asked first, since mostly nobody loads and a hash costs more.
        if !stripe.is_empty() {
            stripe.remove(key);
        }
        change()
    }

    fn stripe(&self, key: &K) -> MutexGuard<'_, HashMap<K, Arc<Flight<V>>>> {
        let at = usize::try_from(self.hash.hash_one(key) % STRIPES as u64).unwrap_or_default();
        self.stripes[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key, V: Clone> Lead<'_, K, V> {
    /// Stores by `store`, unless the value was changed since the load began. Answers whether it did.
    pub fn commit(&self, store: impl FnOnce()) -> bool {
        let stripe = self.flights.stripe(self.key);
        let ours = stripe.get(self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight));
        if ours {
            store();
        }
        ours
    }

    /// Gives the answer to all who wait.
    pub fn land(self, landed: impl FnOnce() -> Landed<V>) {
        // Nobody joins any more once it is off the map.
        self.leave();
        if self.flight.landed.receiver_count() > 0 {
            self.flight.landed.send_replace(Some(landed()));
        }
    }

    fn leave(&self) {
        let mut stripe = self.flights.stripe(self.key);
        if stripe.get(self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            stripe.remove(self.key);
        }
    }
}

impl<K: Key, V: Clone> Drop for Lead<'_, K, V> {
    fn drop(&mut self) {
        self.leave();
    }
}
