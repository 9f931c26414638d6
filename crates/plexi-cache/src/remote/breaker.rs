use std::sync::{Mutex, PoisonError};

/// Failures in a row after which the remote store is left alone.
const FAILURES: u32 = 3;
/// The first pause, in microseconds; each further failure doubles it.
const FIRST_PAUSE: i64 = 250_000;
/// The longest pause.
const LONGEST_PAUSE: i64 = 10_000_000;

/// Leaves a store that fails alone for a while, and then tries it with one question.
#[derive(Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    closed_from: i64,
}

impl Breaker {
    /// Whether the store may be asked now.
    pub fn allows(&self, now: i64) -> bool {
        let mut state = self.state();
        if state.failures < FAILURES {
            return true;
        }
        // Far off only when the clock was set back.
        let waits = now < state.closed_from && state.closed_from - now <= LONGEST_PAUSE;
        if !waits {
            // This one tries; the others wait for how it ends.
            state.closed_from = now + pause(state.failures);
        }
        !waits
    }

    /// It answered.
    pub fn succeeded(&self) {
        self.state().failures = 0;
    }

    /// It did not. Answers whether it is left alone from now on.
    pub fn failed(&self, now: i64) -> bool {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.closed_from = now + pause(state.failures);
        state.failures == FAILURES
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pause(failures: u32) -> i64 {
    let doublings = failures.saturating_sub(FAILURES).min(10);
    (FIRST_PAUSE << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_three_failures_one_question_at_a_time_is_allowed_after_growing_pauses() {
        let breaker = Breaker::default();
        assert!(!breaker.failed(0) && !breaker.failed(0) && breaker.allows(0));
        assert!(breaker.failed(0), "left alone");
        assert!(!breaker.allows(249_999));
        assert!(breaker.allows(250_000) && !breaker.allows(250_000), "one tries");
        breaker.failed(250_000);
        assert!(!breaker.allows(749_999) && breaker.allows(750_000));
        for _ in 0..40 {
            breaker.failed(1_000_000);
        }
        assert!(!breaker.allows(10_999_999) && breaker.allows(11_000_000));
        breaker.succeeded();
        assert!(breaker.allows(11_000_000) && breaker.allows(11_000_000));
    }

    #[test]
    fn a_clock_that_was_set_back_closes_nothing_for_long() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            breaker.failed(1_000_000_000);
        }
        assert!(breaker.allows(0));
    }
}
