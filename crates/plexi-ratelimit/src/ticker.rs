use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clock that never goes back, whatever is done to the time of day.
pub trait Ticker: Send + Sync + 'static {
    /// Microseconds since some moment.
    fn micros(&self) -> u64;
}

/// The machine's.
#[derive(Debug)]
pub struct SystemTicker(Instant);

impl SystemTicker {
    /// Begins now.
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for SystemTicker {
    fn default() -> Self {
        Self::new()
    }
}

impl Ticker for SystemTicker {
    fn micros(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
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
