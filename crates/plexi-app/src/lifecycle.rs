//! Who stops whom: two tokens, one tracker. Every task of the server is spawned here, so none is left behind.

mod notify;
mod signals;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use notify::ServiceNotice;
pub use signals::{Signal, Signals};

/// The life of one server: running, stopping softly, stopped hard.
///
/// The soft token asks everybody to finish (sockets say goodbye, loops end at a boundary); the hard token
/// tells them to drop what they do. Soft always comes first. Cheap to clone: all clones are the same life.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    failed: Arc<AtomicBool>,
}

impl Lifecycle {
    /// A life that has begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the server is to finish what it does and stop.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when the server stops whatever it is doing.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Whether the soft stop has begun.
    pub fn stopping(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Whether an essential task ended before it was asked to.
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// How many tasks run.
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Begins the soft stop.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Stops hard; the soft token is cancelled with it.
    pub fn kill(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// Runs `task` until it ends. A panic in it is logged with its name and harms nobody else.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!(task = name, "task panicked");
            }
        });
    }

    /// Runs a task that the server cannot do without: when it panics or ends before the soft stop, the server
    /// stops and [`Lifecycle::failed`] says so, for the service manager to start it again.
    pub fn spawn_essential(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let life = self.clone();
        self.tasks.spawn(async move {
            let panicked = AssertUnwindSafe(task).catch_unwind().await.is_err();
            if panicked || !life.stopping() {
                tracing::error!(task = name, panicked, "essential task ended, stopping the server");
                life.failed.store(true, Ordering::Release);
                life.stop();
            }
        });
    }

    /// Waits for all tasks for at most `within` after the soft stop, then stops hard and waits a second more. Returns how many
    /// tasks were still there at the end: 0 when all finished.
    pub async fn drain(&self, within: Duration) -> usize {
        self.tasks.close();
        let drained = tokio::select! {
            () = self.tasks.wait() => true,
            () = tokio::time::sleep(within) => false,
            () = self.hard.cancelled() => false,
        };
        self.kill();
        if !drained && tokio::time::timeout(Duration::from_secs(1), self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "tasks did not stop in time");
        }
        self.tasks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_heeds_the_soft_token_is_waited_for() {
        let life = Lifecycle::new();
        let soft = life.soft();
        life.spawn("polite", async move { soft.cancelled().await });
        life.stop();
        assert_eq!(life.drain(Duration::from_mins(1)).await, 0);
        assert!(!life.failed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_is_told_by_the_hard_token_at_the_deadline() {
        let life = Lifecycle::new();
        let hard = life.hard();
        life.spawn("stubborn", async move { hard.cancelled().await });
        life.stop();
        let began = tokio::time::Instant::now();
        assert_eq!(life.drain(Duration::from_secs(10)).await, 0);
        assert_eq!(began.elapsed().as_secs(), 10);
    }

    #[tokio::test]
    async fn the_server_stops_when_something_essential_does() {
        let life = Lifecycle::new();
        life.spawn("spare", async { panic!("a fault that harms nobody else") });
        life.spawn_essential("sender", async {});
        life.soft().cancelled().await;
        assert!(life.failed());
        assert_eq!(life.drain(Duration::from_mins(1)).await, 0);
    }
}
