use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

/// What a child is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Has not been started yet.
    Waiting,
    /// Was started and is not ready yet.
    Starting,
    /// Runs.
    Running,
    /// Was asked to stop.
    Stopping,
    /// Ended and waits to be started again.
    Backoff,
    /// Ended and stays so.
    Ended,
    /// Was aborted and did not end: it never yields. It is left alone.
    Stuck,
}

impl State {
    /// The state's name in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Backoff => "backoff",
            Self::Ended => "ended",
            Self::Stuck => "stuck",
        }
    }
}

/// What a place in the tree holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A task.
    Worker,
    /// A supervisor of others.
    Supervisor,
}

/// A place in the tree as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The name, once among its siblings.
    pub name: String,
    /// Task or supervisor.
    pub kind: Kind,
    /// What it does.
    pub state: State,
    /// For how long it has been in that state.
    pub in_state: Duration,
    /// How often it was started again, since the root began.
    pub restarts: u64,
    /// How often it was found hung, since the root began.
    pub hung: u64,
    /// How it ended last, if it ever did otherwise than asked; for operators, not for clients.
    pub last_failure: Option<String>,
    /// After which time it is started again, while it waits for that.
    pub starts_in: Option<Duration>,
    /// Those it supervises, in the order of their start.
    pub children: Vec<Status>,
}

/// What a supervisor is asked from outside.
#[derive(Debug)]
pub(crate) enum Order {
    /// Restart one of its children.
    Restart(usize),
    /// Say that you are still at work.
    Answer(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Facts {
    state: State,
    since: Instant,
    restarts: u32,
    hung: u32,
    last_failure: Option<Box<str>>,
    starts_at: Option<Instant>,
}

/// A place in the tree, which outlives the runs of what it holds.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: Arc<str>,
    facts: Mutex<Facts>,
    /// Whether a task of this place lives, also one that its supervisor gave up and did not outlive.
    held: AtomicBool,
    /// Made by whoever waits for that, which is seldom.
    freed: OnceLock<Box<Notify>>,
    branch: Option<Box<Branch>>,
}

/// A task's hold of its place, for as long as the task lives.
#[derive(Debug)]
pub(crate) struct Hold(Arc<Node>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::Release);
        // Whoever begins to wait either sees that it is free or is seen here.
        fence(Ordering::SeqCst);
        if let Some(freed) = self.0.freed.get() {
            freed.notify_waiters();
        }
    }
}

/// What a supervisor's place has more than a task's.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) children: Box<[Arc<Node>]>,
    pub(crate) orders: Mutex<Option<mpsc::Sender<Order>>>,
    /// Whether all children have become ready in this run.
    pub(crate) ready: watch::Sender<bool>,
}

impl Node {
    pub(crate) fn worker(name: &Arc<str>) -> Self {
        Self::new(name, None)
    }

    pub(crate) fn supervisor(name: &Arc<str>, children: Vec<Arc<Self>>) -> Self {
        let branch =
            Branch { children: children.into(), orders: Mutex::default(), ready: watch::Sender::new(false) };
        Self::new(name, Some(Box::new(branch)))
    }

    fn new(name: &Arc<str>, branch: Option<Box<Branch>>) -> Self {
        let facts = Facts {
            state: State::Waiting,
            since: Instant::now(),
            restarts: 0,
            hung: 0,
            last_failure: None,
            starts_at: None,
        };
        Self {
            name: Arc::clone(name),
            facts: Mutex::new(facts),
            held: AtomicBool::new(false),
            freed: OnceLock::new(),
            branch,
        }
    }

    pub(crate) fn hold(self: &Arc<Self>) -> Hold {
        self.held.store(true, Ordering::Release);
        Hold(Arc::clone(self))
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Waits until no task holds this place.
    pub(crate) async fn freed(&self) {
        loop {
            // before the look, so that what happens after it is heard
            let freed = self.freed.get_or_init(Box::default).notified();
            fence(Ordering::SeqCst);
            if !self.is_held() {
                return;
            }
            freed.await;
        }
    }

    pub(crate) fn branch(&self) -> Option<&Branch> {
        self.branch.as_deref()
    }

    pub(crate) fn enter(&self, state: State, now: Instant) {
        let mut facts = self.facts();
        (facts.state, facts.since, facts.starts_at) = (state, now, None);
    }

    pub(crate) fn wait_until(&self, at: Instant, now: Instant) {
        let mut facts = self.facts();
        (facts.state, facts.since, facts.starts_at) = (State::Backoff, now, Some(at));
    }

    pub(crate) fn count_restart(&self) {
        let mut facts = self.facts();
        facts.restarts = facts.restarts.saturating_add(1);
    }

    pub(crate) fn note_failure(&self, reason: &str, hung: bool) {
        let mut facts = self.facts();
        facts.hung = facts.hung.saturating_add(u32::from(hung));
        facts.last_failure = Some(reason.into());
    }

    pub(crate) fn status(&self) -> Status {
        let facts = self.facts();
        let now = Instant::now();
        Status {
            name: self.name.as_ref().to_owned(),
            kind: if self.branch.is_some() { Kind::Supervisor } else { Kind::Worker },
            state: facts.state,
            in_state: now.duration_since(facts.since),
            restarts: facts.restarts.into(),
            hung: facts.hung.into(),
            last_failure: facts.last_failure.as_deref().map(str::to_owned),
            starts_in: facts.starts_at.map(|at| at.saturating_duration_since(now)),
            children: self
                .branch
                .iter()
                .flat_map(|branch| branch.children.iter())
                .map(|child| child.status())
                .collect(),
        }
    }

    /// A lock is never held over foreign code, so a poisoned one still holds whole facts.
    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Branch {
    pub(crate) fn orders(&self) -> MutexGuard<'_, Option<mpsc::Sender<Order>>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
