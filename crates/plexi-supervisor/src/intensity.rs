use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How many restarts within which time a supervisor tolerates before it gives up and ends as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// The most restarts within the period; one more and the supervisor gives up. 0: gives up at the first failure.
    pub restarts: u32,
    /// The period.
    pub within: Duration,
}

impl Intensity {
    /// At most `restarts` within `within`.
    pub fn new(restarts: u32, within: Duration) -> Self {
        Self { restarts, within }
    }
}

impl Default for Intensity {
    /// One restart within five seconds, OTP's default.
    fn default() -> Self {
        Self { restarts: 1, within: Duration::from_secs(5) }
    }
}

/// The restarts of the last period.
#[derive(Debug, Default)]
pub(crate) struct Recent(VecDeque<Instant>);

impl Recent {
    /// Notes a restart; whether it is one too many.
    pub(crate) fn exceeds(&mut self, intensity: Intensity, now: Instant) -> bool {
        while self.0.front().is_some_and(|first| now.duration_since(*first) > intensity.within) {
            self.0.pop_front();
        }
        if self.0.len() >= usize::try_from(intensity.restarts).unwrap_or(usize::MAX) {
            return true;
        }
        self.0.push_back(now);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_outside_the_period_are_forgotten() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let intensity = Intensity::new(2, Duration::from_secs(5));
        let mut recent = Recent::default();
        assert!(!recent.exceeds(intensity, at(0)));
        assert!(!recent.exceeds(intensity, at(4)));
        assert!(recent.exceeds(intensity, at(5)), "the third within five seconds");
        assert!(!recent.exceeds(intensity, at(6)), "the first is forgotten");
        assert!(recent.exceeds(intensity, at(9)));
    }

    #[test]
    fn no_restart_is_tolerated_when_none_is_allowed() {
        assert!(Recent::default().exceeds(Intensity::new(0, Duration::from_secs(5)), Instant::now()));
    }
}
