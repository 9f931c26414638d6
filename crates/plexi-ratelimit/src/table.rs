//! Cells in memory that never grows. A key has one bucket of eight cells; whoever decides holds the bucket.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Cells of a bucket.
pub(crate) const WAYS: usize = 8;

/// Ends are kept in steps of so many bits of microseconds, 65 milliseconds: eight of them then fit beside the lock.
const STEP: u32 = 16;
/// The end of what has none.
const NEVER: u32 = u32::MAX;

/// The cells of the keys that fall together. What tells which one it is, and which one is free, lies in one line of the processor's cache
/// with the lock.
pub(crate) struct Bucket<S> {
    /// The ends of the keys.
    tags: [u16; WAYS],
    /// Until when each cell means anything.
    ends: [u32; WAYS],
    cells: [Cell<S>; WAYS],
}

#[derive(Clone, Copy, Default)]
struct Cell<S> {
    /// 0 where there is none.
    key: u64,
    state: S,
}

/// A bucket and its lock, from the beginning of a line.
#[repr(align(64))]
struct Locked<S>(Mutex<Bucket<S>>);

impl<S: Copy + Default> Bucket<S> {
    fn new() -> Self {
        Self { tags: [0; WAYS], ends: [0; WAYS], cells: [Cell::default(); WAYS] }
    }

    fn at(&self, key: u64) -> Option<usize> {
        let tag = tag(key);
        (0..WAYS).find(|at| self.tags[*at] == tag && self.cells[*at].key == key)
    }

    /// The cell of a key and what it holds; else one that nobody needs any more and that is not among `taken` (a bit each), with nothing
    /// in it. None when all are needed.
    pub(crate) fn find(&self, key: u64, now: u64, taken: u8) -> Option<(usize, S)> {
        let step = passed(now);
        if let Some(at) = self.at(key) {
            let state = if self.ends[at] > step { self.cells[at].state } else { S::default() };
            return Some((at, state));
        }
        let free = (0..WAYS).find(|at| self.ends[*at] <= step && taken & 1 << at == 0)?;
        Some((free, S::default()))
    }

    /// What is put stays for as long as `until` is not over.
    pub(crate) fn put(&mut self, at: usize, key: u64, state: S, until: u64) {
        self.tags[at] = tag(key);
        self.ends[at] = end(until);
        self.cells[at] = Cell { key, state };
    }

    /// Changes what a key has, if it has anything; `None` forgets it.
    pub(crate) fn change(&mut self, key: u64, change: impl FnOnce(S) -> Option<S>) -> bool {
        let Some(at) = self.at(key) else { return false };
        if let Some(state) = change(self.cells[at].state) {
            self.cells[at].state = state;
        } else {
            self.ends[at] = 0;
            self.tags[at] = 0;
            self.cells[at] = Cell::default();
        }
        true
    }
}

fn tag(key: u64) -> u16 {
    u16::try_from(key & 0xffff).unwrap_or_default()
}

/// The step that the present is in: what ends at the end of an earlier one is over.
fn passed(now: u64) -> u32 {
    u32::try_from(now >> STEP).unwrap_or(NEVER)
}

/// The step at whose beginning something is over that lasts until then.
fn end(until: u64) -> u32 {
    if until == u64::MAX { NEVER } else { u32::try_from((until >> STEP) + 1).unwrap_or(NEVER) }
}

/// All cells of a kind.
pub(crate) struct Table<S> {
    buckets: Box<[Locked<S>]>,
}

impl<S: Copy + Default> Table<S> {
    /// At least so many cells.
    pub(crate) fn new(cells: usize) -> Self {
        let buckets = cells.div_ceil(WAYS).max(1).next_power_of_two();
        Self { buckets: (0..buckets).map(|_| Locked(Mutex::new(Bucket::new()))).collect() }
    }

    /// The number of the bucket of a key.
    pub(crate) fn bucket(&self, key: u64) -> usize {
        // the number of buckets is a power of two; the low bits of the key tell cells of a bucket apart
        usize::try_from(key >> 32).unwrap_or_default() & (self.buckets.len() - 1)
    }

    /// Holds a bucket. Several are to be held in the order of their numbers.
    pub(crate) fn hold(&self, bucket: usize) -> MutexGuard<'_, Bucket<S>> {
        // nothing in a bucket is half done: it is written in one go, without anything that panics
        self.buckets[bucket].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cells(&self) -> usize {
        self.buckets.len() * WAYS
    }

    /// How many cells are needed now. Looks at each.
    pub(crate) fn in_use(&self, now: u64) -> usize {
        let step = passed(now);
        let used = |bucket: usize| self.hold(bucket).ends.iter().filter(|end| **end > step).count();
        (0..self.buckets.len()).map(used).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: u64 = 1 << STEP;

    #[test]
    fn a_cell_is_found_again_and_given_away_when_its_time_has_passed() {
        let table = Table::<[u64; 3]>::new(1);
        let mut bucket = table.hold(0);
        for key in 1..=8 {
            let (at, state) = bucket.find(key, 0, 0).unwrap();
            assert_eq!(state, [0; 3]);
            bucket.put(at, key, [key; 3], (10 + key) * STEPS);
        }
        assert_eq!(bucket.find(3, 13 * STEPS, 0).unwrap().1, [3; 3]);
        assert_eq!(bucket.find(9, 11 * STEPS, 0), None, "all are needed, the last moment included");
        let (at, state) = bucket.find(9, 12 * STEPS, 0).unwrap();
        assert_eq!((bucket.cells[at].key, state), (1, [0; 3]), "the one whose time has passed");
        assert_eq!(bucket.find(9, 13 * STEPS, 1 << at).unwrap().0, 1, "and another when that one is taken");
        assert!(bucket.change(5, |_| None));
        assert!(!bucket.change(5, |_| None));
        bucket.put(0, 77, [1; 3], u64::MAX);
        assert_eq!(bucket.find(77, u64::MAX >> 20, 0).unwrap().1, [1; 3], "what has no end stays");
    }

    #[test]
    fn keys_that_look_alike_are_told_apart() {
        let table = Table::<[u64; 3]>::new(1);
        let mut bucket = table.hold(0);
        bucket.put(0, 0x1_0007, [1; 3], u64::MAX);
        bucket.put(1, 0x2_0007, [2; 3], u64::MAX);
        assert_eq!(bucket.find(0x2_0007, 0, 0).unwrap(), (1, [2; 3]));
        assert_eq!(bucket.find(0x3_0007, 0, 0).unwrap(), (2, [0; 3]));
    }

    #[test]
    fn the_size_is_a_power_of_two_of_buckets_and_a_bucket_is_five_lines() {
        assert_eq!(Table::<[u64; 3]>::new(1_000).cells(), 1_024);
        assert_eq!(Table::<[u64; 3]>::new(0).cells(), 8);
        assert_eq!(size_of::<Locked<[u64; 3]>>(), 5 * 64);
    }
}
