//! What each algorithm makes of what a cell holds, as pure functions of the present. Times are microseconds of a clock that never goes
//! back; every time that is told is rounded away from admitting too early.

mod exact_window;
mod fixed_window;
mod sliding_window;
mod token_bucket;

use std::time::Duration;

use crate::rule::Algorithm;

/// What a cell holds.
pub(crate) type State = [u64; 3];
/// What a cell of an exact window holds: the times of what it admitted, oldest first, then zeros.
pub(crate) type Times = [u64; 16];

/// Tokens are counted in millionths.
const MILLIONTHS: u64 = 1_000_000;

/// What a rule allows, ready to be reckoned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) algorithm: Algorithm,
    pub(crate) quota: u64,
    /// In microseconds.
    pub(crate) window: u64,
}

/// What would be if what is asked for were done, or when it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict<S> {
    Admit {
        next: S,
        /// When the cell will hold nothing any more that matters.
        until: u64,
        remaining: u64,
    },
    Deny {
        /// After how long it could be admitted; none: never.
        wait: Option<u64>,
        remaining: u64,
        /// When the cell will hold nothing any more that matters.
        until: u64,
    },
}

impl Terms {
    pub(crate) fn new(algorithm: Algorithm, quota: u64, window: Duration) -> Self {
        let window = u64::try_from(window.as_micros()).unwrap_or(u64::MAX).max(1);
        Self { algorithm, quota: quota.max(1), window }
    }

    /// The verdict for a cell that holds `state`; a cell that holds nothing is all zeros.
    pub(crate) fn judge(&self, state: &State, now: u64, cost: u64) -> Verdict<State> {
        match self.algorithm {
            Algorithm::TokenBucket => token_bucket::judge(self, state, now, cost),
            Algorithm::SlidingWindow => sliding_window::judge(self, state, now, cost),
            Algorithm::FixedWindow | Algorithm::ExactWindow => fixed_window::judge(self, state, now, cost),
            Algorithm::Concurrent => concurrent(self, state, cost),
        }
    }

    /// The verdict of an exact window.
    pub(crate) fn judge_exactly(&self, times: &Times, now: u64, cost: u64) -> Verdict<Times> {
        exact_window::judge(self, times, now, cost)
    }
}

/// `one * other / by`, rounded down; most often in numbers for which the machine has an instruction.
fn share(one: u64, other: u64, by: u64) -> u64 {
    match one.checked_mul(other) {
        Some(product) => product / by,
        None => u64::try_from(u128::from(one) * u128::from(other) / u128::from(by)).unwrap_or(u64::MAX),
    }
}

/// `one * other / by`, rounded up.
fn share_up(one: u64, other: u64, by: u64) -> u64 {
    match one.checked_mul(other) {
        Some(product) => product.div_ceil(by),
        None => {
            u64::try_from((u128::from(one) * u128::from(other)).div_ceil(u128::from(by))).unwrap_or(u64::MAX)
        }
    }
}

/// How many are under way. What began long ago counts as what began now: a cell is free when nothing is.
fn concurrent(terms: &Terms, [under_way, ..]: &State, cost: u64) -> Verdict<State> {
    let next = under_way.saturating_add(cost);
    if next > terms.quota {
        let wait = (cost <= terms.quota).then_some(MILLIONTHS);
        return Verdict::Deny { wait, remaining: terms.quota.saturating_sub(*under_way), until: u64::MAX };
    }
    Verdict::Admit { next: [next, 0, 0], until: u64::MAX, remaining: terms.quota - next }
}
