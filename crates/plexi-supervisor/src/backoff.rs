use std::time::Duration;

use plexi_core::Entropy;

/// How long to wait before a restart: grows with each failure, spread by chance.
///
/// The waits are those of "decorrelated jitter" (Brooker, "Exponential Backoff and Jitter", AWS 2015): each lies anywhere between the
/// first wait and three times the last one, and never above the bound. Children that fail together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    healthy_for: Duration,
}

impl Backoff {
    /// No wait at all, as in OTP. Only the intensity bounds restarts then.
    pub const NONE: Self = Self { first: Duration::ZERO, most: Duration::ZERO, healthy_for: Duration::ZERO };

    /// Waits of at least `first` and at most `most` (not below `first`). They begin anew when a child ran for `most` before it failed.
    pub fn new(first: Duration, most: Duration) -> Self {
        let most = most.max(first);
        Self { first, most, healthy_for: most }
    }

    /// How long a child must have run for its earlier failures to be forgotten.
    #[must_use]
    pub fn healthy_for(mut self, healthy_for: Duration) -> Self {
        self.healthy_for = healthy_for;
        self
    }

    /// Whether a child that ran for `ran` counts as having been healthy.
    pub(crate) fn was_healthy(&self, ran: Duration) -> bool {
        ran >= self.healthy_for
    }

    /// The wait after one of `last`, which is `None` after the first failure.
    pub(crate) fn next(&self, last: Option<Duration>, entropy: &dyn Entropy) -> Duration {
        if self.most.is_zero() {
            return Duration::ZERO;
        }
        let top = last.unwrap_or(self.first).saturating_mul(3).clamp(self.first, self.most);
        let span = u64::try_from(top.saturating_sub(self.first).as_nanos()).unwrap_or(u64::MAX);
        self.first + Duration::from_nanos(scale(span, draw(entropy)))
    }
}

/// A number of 32 bits by chance. Without chance the middle: the wait is then the same for all, and still a wait.
fn draw(entropy: &dyn Entropy) -> u32 {
    let mut bytes = [0; 4];
    match entropy.fill(&mut bytes) {
        Ok(()) => u32::from_le_bytes(bytes),
        Err(_) => u32::MAX / 2,
    }
}

/// `span * drawn / 2^32`, which fits into 64 bits.
fn scale(span: u64, drawn: u32) -> u64 {
    u64::try_from((u128::from(span) * u128::from(drawn)) >> 32).unwrap_or(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plexi_core::SeededEntropy;
    use proptest::prelude::*;

    struct Constant(u8);

    impl Entropy for Constant {
        fn fill(&self, out: &mut [u8]) -> Result<(), plexi_core::EntropyError> {
            out.fill(self.0);
            Ok(())
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_least_chance_always_gives_the_first_wait() {
        let backoff = Backoff::new(5 * SECOND, 300 * SECOND);
        assert_eq!(backoff.next(None, &Constant(0)), 5 * SECOND);
        assert_eq!(backoff.next(Some(200 * SECOND), &Constant(0)), 5 * SECOND);
    }

    #[test]
    fn the_most_chance_triples_the_wait_up_to_the_bound() {
        let backoff = Backoff::new(5 * SECOND, 300 * SECOND);
        let mut last = None;
        let mut waits = Vec::new();
        for _ in 0..6 {
            let wait = backoff.next(last, &Constant(255));
            waits.push(wait.as_secs_f64().round());
            last = Some(wait);
        }
        assert_eq!(waits, [15.0, 45.0, 135.0, 300.0, 300.0, 300.0]);
    }

    #[test]
    fn no_backoff_never_waits() {
        assert_eq!(Backoff::NONE.next(Some(SECOND), &Constant(255)), Duration::ZERO);
    }

    #[test]
    fn a_thousand_that_fail_together_come_back_spread_out() {
        let backoff = Backoff::new(5 * SECOND, 300 * SECOND);
        let entropy = SeededEntropy::new(7);
        let mut seconds = std::collections::HashMap::new();
        for _ in 0..1_000 {
            *seconds.entry(backoff.next(None, &entropy).as_secs()).or_insert(0) += 1;
        }
        let mean = 1_000 / seconds.len();
        let peak = seconds.into_values().max().unwrap();
        assert!(peak <= 3 * mean, "{peak} in one second, {mean} on average");
    }

    proptest! {
        #[test]
        fn a_wait_is_never_outside_its_bounds(first in 0u64..100_000, most in 0u64..1_000_000, last in proptest::option::of(0u64..2_000_000), seed: u64) {
            let (first, most) = (Duration::from_millis(first), Duration::from_millis(most));
            let backoff = Backoff::new(first, most);
            let wait = backoff.next(last.map(Duration::from_millis), &SeededEntropy::new(seed));
            prop_assert!(wait >= first || backoff.most.is_zero());
            prop_assert!(wait <= most.max(first));
        }
    }
}
