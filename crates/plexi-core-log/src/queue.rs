//! The bounded queue between those who log and the thread that writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::Level;

use crate::config::WhenFull;

/// How much text may wait, in bytes.
pub(crate) const CAPACITY: usize = 8 * 1024 * 1024;
/// How much more errors may take.
const FOR_ERRORS: usize = 1024 * 1024;
/// The longest an important line holds up its caller when the queue is full.
const HOLD_AT_MOST: Duration = Duration::from_secs(1);
/// For how long the writer lets lines gather after it has written some: callers need not wake it meanwhile.
const GATHER: Duration = Duration::from_millis(5);
/// How much may gather before it is woken all the same.
const ENOUGH: usize = 256 * 1024;

/// How much memory is kept to be used again.
const KEPT: usize = 4 * ENOUGH;

/// What the writer finds when it looks.
#[derive(Default)]
pub(crate) struct Batch {
    /// Whole lines.
    pub(crate) text: Vec<u8>,
    /// Lines refused since the last batch.
    pub(crate) lost: u64,
    /// No more will come.
    pub(crate) closed: bool,
}

#[derive(Default)]
struct State {
    text: Vec<u8>,
    lost: u64,
    lost_in_all: u64,
    taken_in: u64,
    settled: u64,
    written: u64,
    closed: bool,
    failing: bool,
    /// The writer waits to be woken.
    asleep: bool,
}

/// Lines on their way to one sink.
pub(crate) struct Queue {
    state: Mutex<State>,
    capacity: usize,
    when_full: WhenFull,
    /// The longest an important line holds up its caller.
    hold: Duration,
    /// The writer is gone. Changed under the lock of the state.
    ended: AtomicBool,
    work: Condvar,
    room: Condvar,
    settled: Condvar,
}

impl Queue {
    pub(crate) fn new(capacity: usize, when_full: WhenFull) -> Self {
        Self {
            state: Mutex::default(),
            capacity,
            when_full,
            hold: HOLD_AT_MOST,
            ended: AtomicBool::new(false),
            work: Condvar::new(),
            room: Condvar::new(),
            settled: Condvar::new(),
        }
    }

    /// For a sink that may hang without failing: with [`WhenFull::Drop`] no line waits for it.
    pub(crate) fn never_holding(self) -> Self {
        Self { hold: Duration::ZERO, ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // the state is consistent between statements: a panic elsewhere does not spoil it
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_full(&self, state: &State, line: &str, level: Level) -> bool {
        let more = if level == Level::ERROR { FOR_ERRORS } else { 0 };
        !state.text.is_empty() && state.text.len() + line.len() > self.capacity + more
    }

    /// Hands over a line with its line break; `false` when it is lost, which is counted.
    pub(crate) fn push(&self, line: &str, level: Level) -> bool {
        let mut state = self.state();
        if self.is_full(&state, line, level) && !state.closed {
            state = self.wait_for_room(state, line, level);
        }
        self.take_in(state, line, level)
    }

    /// As [`Queue::push`], for what the log says of itself. It has the room of errors and never waits, since who says it may be the one who makes
    /// room.
    pub(crate) fn tell(&self, line: &str) -> bool {
        self.take_in(self.state(), line, Level::ERROR)
    }

    fn take_in(&self, mut state: MutexGuard<'_, State>, line: &str, level: Level) -> bool {
        if state.closed || self.is_full(&state, line, level) {
            state.lost += 1;
            state.lost_in_all += 1;
            return false;
        }
        state.text.extend_from_slice(line.as_bytes());
        state.taken_in += 1;
        if state.asleep || state.text.len() >= ENOUGH && state.text.len() - line.len() < ENOUGH {
            state.asleep = false;
            drop(state);
            self.work.notify_one();
        }
        true
    }

    fn wait_for_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        line: &str,
        level: Level,
    ) -> MutexGuard<'a, State> {
        let blocks = self.when_full == WhenFull::Block;
        if !blocks && level > Level::WARN {
            return state;
        }
        let until = Instant::now() + self.hold;
        while !state.closed && !state.failing && self.is_full(&state, line, level) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() && !blocks {
                break;
            }
            let patience = if blocks { HOLD_AT_MOST } else { left };
            state = self.room.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    /// Waits for work and takes all there is. `used` is memory to be used again; empty when nothing was written before.
    pub(crate) fn take(&self, mut used: Vec<u8>) -> Batch {
        used.clear();
        let mut state = self.state();
        let idle = |state: &State| state.text.is_empty() && state.lost == 0 && !state.closed;
        if used.capacity() > 0 && !state.closed && state.text.len() < ENOUGH {
            state = self.work.wait_timeout(state, GATHER).unwrap_or_else(PoisonError::into_inner).0;
        }
        while idle(&state) {
            state.asleep = true;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.asleep = false;
        used.shrink_to(KEPT);
        let batch = Batch {
            text: std::mem::replace(&mut state.text, used),
            lost: std::mem::take(&mut state.lost),
            closed: state.closed,
        };
        drop(state);
        self.room.notify_all();
        batch
    }

    /// Takes what is left in a queue that is closed.
    pub(crate) fn take_rest(&self) -> Batch {
        let mut state = self.state();
        Batch { text: std::mem::take(&mut state.text), lost: std::mem::take(&mut state.lost), closed: true }
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

    /// Says that the writer is gone.
    pub(crate) fn end(&self) {
        let state = self.state();
        self.ended.store(true, Ordering::Relaxed);
        drop(state);
        self.settled.notify_all();
    }

    /// Waits until the writer is gone; when it is not by `until`, how many lines it has not settled.
    pub(crate) fn wait_for_end(&self, until: Instant) -> Result<(), u64> {
        let mut state = self.state();
        while !self.ended.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(state.taken_in - state.settled);
            }
            state = self.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
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
        self.work.notify_all();
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
    use std::sync::Arc;

    use super::*;

    fn dropping(capacity: usize) -> Queue {
        Queue::new(capacity, WhenFull::Drop)
    }

    fn text(batch: &Batch) -> &str {
        std::str::from_utf8(&batch.text).unwrap()
    }

    #[test]
    fn a_full_queue_counts_what_it_refuses_and_says_it_once() {
        let queue = dropping(8);
        let taken: Vec<_> = (0..3).map(|_| queue.push("1234567\n", Level::INFO)).collect();
        assert_eq!(taken, [true, false, false]);
        let batch = queue.take(Vec::new());
        assert_eq!((text(&batch), batch.lost), ("1234567\n", 2));
        assert!(queue.push("x\n", Level::INFO));
        assert_eq!(queue.take(Vec::new()).lost, 0);
        assert_eq!(queue.counts().1, 2);
    }

    #[test]
    fn a_warning_waits_for_room() {
        let queue = Arc::new(dropping(5));
        queue.push("full\n", Level::INFO);
        let pusher = std::thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.push("urgent\n", Level::WARN)
        });
        let mut seen = String::new();
        while seen.lines().count() < 2 {
            seen.push_str(text(&queue.take(Vec::new())));
        }
        assert!(pusher.join().unwrap());
        assert_eq!(seen, "full\nurgent\n");
        assert_eq!(queue.counts().1, 0);
    }

    #[test]
    fn nothing_waits_for_a_sink_that_may_hang() {
        let queue = dropping(5).never_holding();
        assert!(queue.push("full\n", Level::INFO));
        assert!(!queue.push("urgent\n", Level::WARN));
        assert_eq!(queue.take(Vec::new()).lost, 1);
    }

    #[test]
    fn an_error_has_room_when_nothing_else_has() {
        let queue = dropping(5);
        queue.push("full\n", Level::INFO);
        assert!(!queue.push("no room\n", Level::INFO));
        assert!(queue.push("failed\n", Level::ERROR));
        let batch = queue.take(Vec::new());
        assert_eq!((text(&batch), batch.lost), ("full\nfailed\n", 1));
    }

    #[test]
    fn with_blocking_every_line_waits_for_room_until_there_is_some() {
        let queue = Arc::new(Queue::new(5, WhenFull::Block));
        let pusher = std::thread::spawn({
            let queue = Arc::clone(&queue);
            move || (0..100).all(|_| queue.push("line\n", Level::TRACE))
        });
        let mut lines = 0;
        while lines < 100 {
            lines += text(&queue.take(Vec::new())).lines().count();
        }
        assert!(pusher.join().unwrap());
        assert_eq!(queue.counts().1, 0);
    }

    #[test]
    fn what_the_log_says_of_itself_waits_for_nobody_also_with_blocking() {
        let queue = Queue::new(8, WhenFull::Block);
        let big = "x".repeat(FOR_ERRORS) + "\n";
        assert!(
            queue.push("info\n", Level::INFO) && queue.tell("a trouble\n"),
            "errors have room of their own"
        );
        assert!(!queue.tell(&big), "and that is all");
        assert_eq!(queue.counts().1, 1);
    }

    #[test]
    fn nothing_waits_for_a_sink_that_fails() {
        for when_full in [WhenFull::Drop, WhenFull::Block] {
            let queue = Queue::new(4, when_full);
            queue.set_failing(true);
            assert!(queue.push("full\n", Level::INFO));
            assert!(!queue.push("urgent\n", Level::WARN));
            assert_eq!(queue.counts().1, 1);
        }
    }

    #[test]
    fn a_closed_queue_gives_out_what_waits_and_takes_no_more() {
        let queue = dropping(64);
        queue.push("last\n", Level::INFO);
        queue.close();
        assert!(!queue.push("late\n", Level::ERROR));
        let batch = queue.take(Vec::new());
        assert_eq!((text(&batch), batch.closed), ("last\n", true));
        assert_eq!(queue.counts().1, 1);
    }
}
