//! The limiter as its users see it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counting;
mod crowds;
mod deciding;
mod telling;

use std::sync::Arc;
use std::time::Duration;

use plexi_core::SeededEntropy;
use plexi_ratelimit::{Cost, Decision, Limiter, ManualTicker, Rule, Scope, Size, Stage, Subject};

/// A limiter whose time stands still, and the one scope it knows.
struct World {
    limiter: Limiter,
    ticker: Arc<ManualTicker>,
    scope: Scope,
}

impl World {
    fn new(rules: Vec<Rule>) -> Self {
        Self::sized(Size::default(), rules)
    }

    fn sized(size: Size, rules: Vec<Rule>) -> Self {
        let ticker = Arc::new(ManualTicker::default());
        let limiter = Limiter::with_ticker(size, &SeededEntropy::new(1), ticker.clone()).unwrap();
        limiter.set_rules(rules).unwrap();
        let scope = limiter.scope(["messages.post", "write"]).unwrap();
        Self { limiter, ticker, scope }
    }

    fn pass(&self, time: Duration) {
        self.ticker.advance(time);
    }

    fn from(&self, last: u8) -> Subject<'static> {
        self.limiter.subject().address([192, 0, 2, last].into())
    }

    fn ask(&self, subject: &Subject<'_>, cost: Cost) -> Decision {
        self.limiter.decide(self.scope, Stage::Before, subject, cost)
    }

    fn admits(&self, subject: &Subject<'_>) -> bool {
        self.ask(subject, Cost::ONE).is_admitted()
    }

    /// How many of so many are admitted now.
    fn admitted(&self, subject: &Subject<'_>, of: usize) -> usize {
        (0..of).filter(|_| self.admits(subject)).count()
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
