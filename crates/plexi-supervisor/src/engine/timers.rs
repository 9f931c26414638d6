use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tokio::time::Instant;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A child's wait is over.
    Start,
    /// A group's wait is over.
    Regroup,
    /// A child had its time to stop.
    Abort,
    /// An aborted child had its time to end.
    Stuck,
    /// A child had its time to become ready.
    Ready,
    /// A child's heart should have beaten.
    Beat,
    /// A child's health is asked for.
    Probe,
}

/// Times to come, the earliest first. Those of a run that is over stay until they are due, and then mean nothing.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Instant, Due, usize, u32)>>);

impl Timers {
    pub(super) fn add(&mut self, at: Instant, due: Due, place: usize, generation: u32) {
        self.0.push(Reverse((at, due, place, generation)));
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, ..))| *at)
    }

    /// The earliest that is due by `now`.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Due, usize, u32)> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, due, place, generation))| (due, place, generation))
    }
}
