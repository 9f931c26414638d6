use std::sync::Arc;
use std::time::Duration;

use plexi_core::Clock;

use super::breaker::Breaker;
use super::{Held, Name, Remote, RemoteError, Write};

/// No counter gets there honestly; one that is there was set by somebody else, so that it could not rise any more.
const MOST: u64 = 1 << 52;

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The store did not answer, or was not asked.
    Away,
    /// Its answer makes no sense.
    Nonsense,
}

/// A remote store behind a deadline and a breaker. What it does not answer is not there.
pub(crate) struct Tier {
    remote: Arc<dyn Remote>,
    clock: Arc<dyn Clock>,
    deadline: Duration,
    breaker: Breaker,
}

impl Tier {
    pub fn new(remote: Arc<dyn Remote>, clock: Arc<dyn Clock>, deadline: Duration) -> Self {
        Self { remote, clock, deadline, breaker: Breaker::default() }
    }

    pub async fn read(&self, name: &Name, counters: &[Name]) -> Result<Held, Unread> {
        let held = self.question(self.remote.read(name, counters)).await?;
        if sane(&held.counters, counters) { Ok(held) } else { Err(Unread::Nonsense) }
    }

    pub async fn counters(&self, names: &[Name]) -> Option<Vec<u64>> {
        let counters = self.ask(self.remote.counters(names)).await?;
        sane(&counters, names).then_some(counters)
    }

    pub async fn write(&self, write: Write<'_>) -> Option<bool> {
        self.ask(self.remote.write(write)).await
    }

    pub async fn remove(&self, name: &Name) -> Option<()> {
        self.ask(self.remote.remove(name)).await
    }

    pub async fn raise(&self, counter: &Name, above: u64) -> Option<u64> {
        // One that did not rise would let live what it was to end.
        self.ask(self.remote.raise(counter, above)).await.filter(|now| (above + 1..=MOST).contains(now))
    }

    async fn ask<T>(&self, question: impl Future<Output = Result<T, RemoteError>>) -> Option<T> {
        self.question(question).await.ok()
    }

    async fn question<T>(&self, question: impl Future<Output = Result<T, RemoteError>>) -> Result<T, Unread> {
        if !self.breaker.allows(self.clock.now().as_micros()) {
            return Err(Unread::Away);
        }
        let answer = tokio::time::timeout(self.deadline, question).await.unwrap_or(Err(RemoteError::Slow));
        match answer {
            Ok(answer) => {
                self.breaker.succeeded();
                Ok(answer)
            }
            // It is there, and somebody put something into it.
            Err(RemoteError::Nonsense(_)) => {
                self.breaker.succeeded();
                Err(Unread::Nonsense)
            }
            Err(error) => {
                if self.breaker.failed(self.clock.now().as_micros()) {
                    tracing::warn!(%error, "the remote cache fails and is left alone for a while");
                } else {
                    tracing::debug!(%error, "the remote cache failed");
                }
                Err(Unread::Away)
            }
        }
    }
}

fn sane(counters: &[u64], names: &[Name]) -> bool {
    counters.len() == names.len() && counters.iter().all(|counter| *counter < MOST)
}
