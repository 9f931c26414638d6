//! The bounded queue between those who log and the thread that writes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much text may wait, in bytes.
pub(crate) const CAPACITY: usize = 8 * 1024 * 1024;
/// The longest an important line holds up its caller when the queue is full.
const HOLD_AT_MOST: Duration = Duration::from_secs(1);

/// What the writer finds when it looks.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) lines: Vec<Arc<str>>,
    /// Lines refused since the last batch.
    pub(crate) lost: u64,
    /// No more will come.
    pub(crate) closed: bool,
}

#[derive(Default)]
struct State {
    lines: Vec<Arc<str>>,
    bytes: usize,
    lost: u64,
    lost_in_all: u64,
    taken_in: u64,
    settled: u64,
    written: u64,
    closed: bool,
    failing: bool,
}

/// Lines on their way to one sink. Full: a line below WARN is counted as lost at once, a more important one
/// waits for room for a second, unless the sink is failing.
pub(crate) struct Queue {
    state: Mutex<State>,
    capacity: usize,
    work: Condvar,
    room: Condvar,
    settled: Condvar,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            capacity,
            work: Condvar::new(),
            room: Condvar::new(),
            settled: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // the state is consistent between statements: a panic elsewhere does not spoil it
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over a line.
    pub(crate) fn push(&self, line: Arc<str>, important: bool) {
        let mut state = self.state();
        let mut patience = important.then(|| Instant::now() + HOLD_AT_MOST);
        while !state.closed && !state.lines.is_empty() && state.bytes + line.len() > self.capacity {
            let left = patience.map(|until| until.saturating_duration_since(Instant::now()));
            let Some(left) = left.filter(|left| !left.is_zero() && !state.failing) else {
                state.lost += 1;
                state.lost_in_all += 1;
                return;
            };
            let (again, timed_out) =
                self.room.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            state = again;
            if timed_out.timed_out() {
                patience = None;
            }
        }
        if state.closed {
            state.lost_in_all += 1;
            return;
        }
        state.bytes += line.len();
        state.taken_in += 1;
        state.lines.push(line);
        drop(state);
        self.work.notify_one();
    }

    /// Waits for work, for at most `patience` if given, and takes all there is.
    pub(crate) fn take(&self, patience: Option<Duration>) -> Batch {
        let mut state = self.state();
        while state.lines.is_empty() && state.lost == 0 && !state.closed {
            match patience {
                None => state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let waited = self.work.wait_timeout(state, patience);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                    break;
                }
            }
        }
        let batch = Batch {
            lines: std::mem::take(&mut state.lines),
            lost: std::mem::take(&mut state.lost),
            closed: state.closed,
        };
        state.bytes = 0;
        drop(state);
        self.room.notify_all();
        batch
    }

    /// Pauses the writer between attempts at a failing sink; shorter when the queue closes.
    pub(crate) fn pause(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut state = self.state();
        while !state.closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Says that `count` lines were written, or given up when `given_up`.
    pub(crate) fn settle(&self, count: u64, given_up: bool) {
        let mut state = self.state();
        state.settled += count;
        if given_up {
            state.lost_in_all += count;
        } else {
            state.written += count;
        }
        drop(state);
        self.settled.notify_all();
    }

    /// Says whether the sink takes lines at present.
    pub(crate) fn set_failing(&self, failing: bool) {
        self.state().failing = failing;
        self.room.notify_all();
        self.settled.notify_all();
    }

    /// Takes no more lines; what waits is still written.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Whether the queue takes no more lines.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Waits until all lines handed over before are settled; `false` when that takes longer than `patience`.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut state = self.state();
        let goal = state.taken_in;
        while state.settled < goal {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Lines written and lines lost since the start.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.state();
        (state.written, state.lost_in_all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Arc<str> {
        Arc::from(text)
    }

    #[test]
    fn a_full_queue_counts_what_it_refuses_and_says_it_once() {
        let queue = Queue::new(8);
        for _ in 0..3 {
            queue.push(line("12345678"), false);
        }
        let batch = queue.take(None);
        assert_eq!((batch.lines.len(), batch.lost), (1, 2));
        queue.push(line("x"), false);
        assert_eq!(queue.take(None).lost, 0);
        assert_eq!(queue.counts().1, 2);
    }

    #[test]
    fn an_important_line_waits_for_room() {
        let queue = Arc::new(Queue::new(4));
        queue.push(line("full"), false);
        let pusher = std::thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.push(line("urgent"), true)
        });
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.extend(queue.take(Some(Duration::from_secs(5))).lines);
        }
        pusher.join().unwrap();
        assert_eq!(seen.iter().map(|line| &**line).collect::<Vec<_>>(), ["full", "urgent"]);
        assert_eq!(queue.counts().1, 0);
    }

    #[test]
    fn nothing_waits_for_a_sink_that_fails() {
        let queue = Queue::new(4);
        queue.set_failing(true);
        queue.push(line("full"), false);
        queue.push(line("urgent"), true);
        assert_eq!(queue.counts().1, 1);
    }

    #[test]
    fn a_closed_queue_gives_out_what_waits_and_takes_no_more() {
        let queue = Queue::new(64);
        queue.push(line("last"), false);
        queue.close();
        queue.push(line("late"), true);
        let batch = queue.take(None);
        assert_eq!((batch.lines.len(), batch.closed), (1, true));
        assert_eq!(queue.counts().1, 1);
    }
}
