//! Cells in memory that never grows. A key has one bucket of eight cells; whoever decides holds the bucket.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Cells of a bucket.
pub(crate) const WAYS: usize = 8;

/// The cells of the keys that fall together.
pub(crate) struct Bucket<S> {
    /// 0 where there is none.
    keys: [u64; WAYS],
    /// Until when the state means anything.
    until: [u64; WAYS],
    states: [S; WAYS],
}

impl<S: Copy + Default> Bucket<S> {
    fn new() -> Self {
        Self { keys: [0; WAYS], until: [0; WAYS], states: [S::default(); WAYS] }
    }

    /// The cell of a key and what it holds; else one that nobody needs any more and that is not among `taken` (a bit each), with nothing
    /// in it. None when all are needed.
    pub(crate) fn find(&self, key: u64, now: u64, taken: u8) -> Option<(usize, S)> {
        if let Some(at) = self.keys.iter().position(|known| *known == key) {
            let state = if self.until[at] > now { self.states[at] } else { S::default() };
            return Some((at, state));
        }
        let free = (0..WAYS).find(|at| self.until[*at] <= now && taken & 1 << at == 0)?;
        Some((free, S::default()))
    }

    pub(crate) fn put(&mut self, at: usize, key: u64, state: S, until: u64) {
        self.keys[at] = key;
        self.states[at] = state;
        self.until[at] = until;
    }

    /// Changes what a key has, if it has anything; `None` forgets it.
    pub(crate) fn change(&mut self, key: u64, change: impl FnOnce(S) -> Option<S>) -> bool {
        let Some(at) = self.keys.iter().position(|known| *known == key) else { return false };
        if let Some(state) = change(self.states[at]) {
            self.states[at] = state;
        } else {
            self.put(at, 0, S::default(), 0);
        }
        true
    }
}

/// All cells of a kind.
pub(crate) struct Table<S> {
    buckets: Box<[Mutex<Bucket<S>>]>,
}

impl<S: Copy + Default> Table<S> {
    /// At least so many cells.
    pub(crate) fn new(cells: usize) -> Self {
        let buckets = cells.div_ceil(WAYS).max(1).next_power_of_two();
        Self { buckets: (0..buckets).map(|_| Mutex::new(Bucket::new())).collect() }
    }

    /// The number of the bucket of a key.
    pub(crate) fn bucket(&self, key: u64) -> usize {
        // the number of buckets is a power of two; the low bits of the key tell cells of a bucket apart
        usize::try_from(key >> 32).unwrap_or_default() & (self.buckets.len() - 1)
    }

    /// Holds a bucket. Several are to be held in the order of their numbers.
    pub(crate) fn hold(&self, bucket: usize) -> MutexGuard<'_, Bucket<S>> {
        // nothing in a bucket is half done: it is written in one go, without anything that panics
        self.buckets[bucket].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cells(&self) -> usize {
        self.buckets.len() * WAYS
    }

    /// How many cells are needed now. Looks at each.
    pub(crate) fn in_use(&self, now: u64) -> usize {
        let used = |bucket: usize| self.hold(bucket).until.iter().filter(|until| **until > now).count();
        (0..self.buckets.len()).map(used).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_found_again_and_given_away_when_its_time_has_passed() {
        let table = Table::<[u64; 3]>::new(1);
        let mut bucket = table.hold(0);
        for key in 1..=8 {
            let (at, state) = bucket.find(key, 10, 0).unwrap();
            assert_eq!(state, [0; 3]);
            bucket.put(at, key, [key; 3], 10 + key);
        }
        assert_eq!(bucket.find(3, 12, 0).unwrap().1, [3; 3]);
        assert_eq!(bucket.find(9, 10, 0), None, "all are needed");
        let (at, state) = bucket.find(9, 11, 0).unwrap();
        assert_eq!((bucket.keys[at], state), (1, [0; 3]), "the one whose time has passed");
        assert_eq!(bucket.find(9, 12, 1 << at).unwrap().0, 1, "and another when that one is taken");
        assert!(bucket.change(5, |_| None));
        assert!(!bucket.change(5, |_| None));
    }

    #[test]
    fn the_size_is_a_power_of_two_of_buckets() {
        assert_eq!(Table::<[u64; 3]>::new(1_000).cells(), 1_024);
        assert_eq!(Table::<[u64; 3]>::new(0).cells(), 8);
    }
}
