use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A clock that never goes back, whatever is done to the time of day.
pub trait Ticker: Send + Sync + 'static {
    /// Microseconds since some moment.
    fn micros(&self) -> u64;
}

/// The machine's: that of the processor where it is steady, else the system's.
#[derive(Debug)]
pub struct SystemTicker {
    clock: quanta::Clock,
    began: quanta::Instant,
}

impl SystemTicker {
    /// Begins now.
    pub fn new() -> Self {
        let clock = quanta::Clock::new();
        Self { began: clock.now(), clock }
    }
}

impl Default for SystemTicker {
    fn default() -> Self {
        Self::new()
    }
}

impl Ticker for SystemTicker {
    fn micros(&self) -> u64 {
        let passed = self.clock.now().duration_since(self.began);
        u64::try_from(passed.as_micros()).unwrap_or(u64::MAX)
    }
}

/// Moves only when told. For tests.
#[derive(Debug, Default)]
pub struct ManualTicker(AtomicU64);

impl ManualTicker {
    /// Goes on.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

impl Ticker for ManualTicker {
    fn micros(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}
