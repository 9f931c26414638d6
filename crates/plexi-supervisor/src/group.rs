use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::child::ChildError;
use crate::context::Context;

/// Tasks that come and go, such as the connections of a listener: none outlives its supervisor, a panic in one harms nobody.
///
/// As a child ([`crate::Child::group`]) the group is asked to stop with the others: its [`TaskGroup::stop_token`] is cancelled, and it has ended when all its tasks
/// have. What is there at the deadline is dropped. Cheap to clone: all clones are the same group.
#[derive(Clone, Debug)]
pub struct TaskGroup(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Box<str>,
    tasks: TaskTracker,
    tokens: Mutex<Tokens>,
    panics: AtomicU64,
    /// Asks the tasks to end whatever the supervisor does.
    stop: CancellationToken,
}

#[derive(Clone, Debug)]
struct Tokens {
    /// Asks the tasks to end.
    soft: CancellationToken,
    /// Drops them.
    hard: CancellationToken,
}

impl Tokens {
    fn under(stop: &CancellationToken) -> Self {
        Self { soft: stop.child_token(), hard: CancellationToken::new() }
    }

    fn are_used(&self) -> bool {
        self.soft.is_cancelled() || self.hard.is_cancelled()
    }
}

impl TaskGroup {
    /// A group called `name`, by the rules for the names of children.
    pub fn new(name: &str) -> Self {
        Self::under(name, CancellationToken::new())
    }

    /// As [`TaskGroup::new`]; the tasks are also asked to end when `stop` is cancelled, before the supervisor comes to this group in its order.
    pub fn under(name: &str, stop: CancellationToken) -> Self {
        let tokens = Mutex::new(Tokens::under(&stop));
        let tasks = TaskTracker::new();
        Self(Arc::new(Inner { name: name.into(), tasks, tokens, panics: AtomicU64::new(0), stop }))
    }

    /// The group's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Runs `task` until it ends or the group is dropped. A panic is logged and counted.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let (inner, hard) = (Arc::clone(&self.0), self.tokens().hard.clone());
        // Otherwise each step around it would have room of its own for it, and there may be thousands.
        let task = Box::pin(task);
        self.0.tasks.spawn(async move {
            let guarded = AssertUnwindSafe(task).catch_unwind();
            if let Some(Err(_)) = hard.run_until_cancelled_owned(guarded).await {
                inner.panics.fetch_add(1, Ordering::Relaxed);
                tracing::error!(group = &*inner.name, "a task of the group panicked");
            }
        });
    }

    /// The token that is cancelled when the group's tasks are asked to end.
    pub fn stop_token(&self) -> CancellationToken {
        self.tokens().soft.clone()
    }

    /// Drops all tasks that are there, without asking.
    pub fn abort(&self) {
        self.tokens().hard.cancel();
    }

    /// Waits until there is no task, and lets in none meanwhile that would be waited for by nobody. For who runs the group without a supervisor.
    pub async fn drained(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.tasks.reopen();
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.0.tasks.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.tasks.is_empty()
    }

    /// How many of its tasks panicked.
    pub fn panics(&self) -> u64 {
        self.0.panics.load(Ordering::Relaxed)
    }

    pub(crate) async fn run(
        self,
        context: Context,
        patience: &(dyn Fn() -> Duration + Send + Sync),
    ) -> Result<(), ChildError> {
        let tokens = {
            let mut tokens = self.tokens();
            if tokens.are_used() {
                *tokens = Tokens::under(&self.0.stop);
            }
            tokens.clone()
        };
        self.0.tasks.reopen();
        // However this future ends, no task of the group is left behind.
        let hard = tokens.hard.drop_guard();
        context.stopped().await;
        tokens.soft.cancel();
        self.0.tasks.close();
        if tokio::time::timeout(patience(), self.0.tasks.wait()).await.is_err() {
            tracing::warn!(group = &*self.0.name, left = self.len(), "tasks are cut off");
            drop(hard);
            self.0.tasks.wait().await;
        }
        Ok(())
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.0.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
