//! What the children do, the same for all who supervise them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Children that fail so many times each and then wait until they are stopped.
pub(crate) struct Work {
    failures: usize,
    children: Box<[Child]>,
    settled: AtomicUsize,
    all_settled: Notify,
    ended: Mutex<Vec<usize>>,
    waits: Option<Mutex<Vec<Duration>>>,
}

#[derive(Default)]
struct Child {
    runs: AtomicUsize,
    failed: Mutex<Option<Instant>>,
}

impl Work {
    /// So many children, each failing so many times.
    pub(crate) fn failing(children: usize, failures: usize) -> Arc<Self> {
        Arc::new(Self::new(children, failures, None))
    }

    /// As [`Work::failing`], noting how long it takes from each failure to the next run.
    pub(crate) fn timed(children: usize, failures: usize) -> Arc<Self> {
        let waits = Vec::with_capacity(children * failures);
        Arc::new(Self::new(children, failures, Some(Mutex::new(waits))))
    }

    /// So many children that only wait.
    pub(crate) fn idle(children: usize) -> Arc<Self> {
        Self::failing(children, 0)
    }

    fn new(children: usize, failures: usize, waits: Option<Mutex<Vec<Duration>>>) -> Self {
        Self {
            failures,
            children: (0..children).map(|_| Child::default()).collect(),
            settled: AtomicUsize::new(0),
            all_settled: Notify::new(),
            ended: Mutex::new(Vec::with_capacity(children)),
            waits,
        }
    }

    /// How many children there are.
    pub(crate) fn count(&self) -> usize {
        self.children.len()
    }

    /// A child begins a run; whether it fails in it.
    pub(crate) fn begins(&self, place: usize) -> bool {
        let child = &self.children[place];
        if let Some(waits) = &self.waits
            && let Some(failed) = locked(&child.failed).take()
        {
            locked(waits).push(failed.elapsed());
        }
        if child.runs.fetch_add(1, Ordering::Relaxed) < self.failures {
            if self.waits.is_some() {
                *locked(&child.failed) = Some(Instant::now());
            }
            return true;
        }
        if self.settled.fetch_add(1, Ordering::Relaxed) + 1 == self.count() {
            self.all_settled.notify_one();
        }
        false
    }

    /// A child ends as it was asked to.
    pub(crate) fn ends(&self, place: usize) {
        locked(&self.ended).push(place);
    }

    /// Waits until no child fails any more.
    pub(crate) async fn settled(&self) {
        self.all_settled.notified().await;
    }

    /// Which children ended, in their order.
    pub(crate) fn ended(&self) -> Vec<usize> {
        locked(&self.ended).clone()
    }

    /// How long each child was away after each failure.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.waits.as_ref().map(|waits| locked(waits).clone()).unwrap_or_default()
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
