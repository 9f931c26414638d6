use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::{AbortHandle, JoinSet};

use crate::backoff::Backoff;
use crate::context::Context;
use crate::group::TaskGroup;
use crate::supervisor::{Spec, Supervisor};

/// Why a child or its probe failed; for the log.
pub type ChildError = Box<dyn std::error::Error + Send + Sync>;

/// Whether a child that ended is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Restart {
    /// Always, however it ended.
    #[default]
    Permanent,
    /// When it failed, panicked or hung, and not when it finished.
    Transient,
    /// Never.
    Temporary,
}

/// A question that a healthy child answers.
pub struct Probe {
    pub(crate) every: Duration,
    pub(crate) within: Duration,
    pub(crate) failures: u16,
    ask: Arc<dyn Fn() -> Asking + Send + Sync>,
}

type Asking = Pin<Box<dyn Future<Output = Result<(), ChildError>> + Send>>;

impl Probe {
    /// Asks `ask` at every `every` once the child is ready. An error, a panic or no answer within `every` is a failure; three in a row
    /// and the child is restarted as hung.
    pub fn new<F, A>(every: Duration, ask: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), ChildError>> + Send + 'static,
    {
        Self { every, within: every, failures: 3, ask: Arc::new(move || Box::pin(ask())) }
    }

    /// How long an answer may take.
    #[must_use]
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// How many failures in a row make the child count as hung; at least 1, at most 65,535.
    #[must_use]
    pub fn failures(mut self, failures: u32) -> Self {
        self.failures = u16::try_from(failures.max(1)).unwrap_or(u16::MAX);
        self
    }

    /// Asks; `task` tells the answer from others.
    pub(crate) fn spawn(&self, tasks: &mut Tasks, task: Task) {
        let (ask, within) = (Arc::clone(&self.ask), self.within);
        tasks.spawn(async move {
            let answer = AssertUnwindSafe(async { ask().await }).catch_unwind();
            let answer = match tokio::time::timeout(within, answer).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(panic)) => Err(words(&*panic).into()),
                Err(_) => Err("no answer in time".into()),
            };
            (task, answer)
        });
    }
}

/// The tasks of one supervisor, each with what it is and how it ended.
pub(crate) type Tasks = JoinSet<(Task, Result<(), ChildError>)>;

/// Which run or probe a task belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    Run(usize),
    Probe(usize, u32),
}

/// What a panic says.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", said.unwrap_or("without words"))
}

/// What starts a child's task; generic inside, so that the child's future is allocated once.
pub(crate) trait Start: Send + Sync {
    fn start(self: Arc<Self>, context: Context, tasks: &mut Tasks) -> AbortHandle;
}

struct Maker<F>(F);

impl<F, R> Start for Maker<F>
where
    F: Fn(Context) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), ChildError>> + Send + 'static,
{
    fn start(self: Arc<Self>, context: Context, tasks: &mut Tasks) -> AbortHandle {
        let (hold, place) = (context.node().hold(), context.place());
        // Called inside the task, so that a panic of its own is the child's and not the supervisor's.
        tasks.spawn(async move {
            let ended = (self.0)(context).await;
            // Kept until here, and given back at a panic and an abort as well.
            drop(hold);
            (Task::Run(place), ended)
        })
    }
}

pub(crate) enum Work {
    Task(Arc<dyn Start>),
    Supervisor(Arc<Spec>),
}

/// What is supervised: how to start it, and by which rules it lives.
pub struct Child {
    pub(crate) name: Arc<str>,
    pub(crate) work: Work,
    pub(crate) restart: Restart,
    pub(crate) stop_within: Duration,
    more: Option<Box<More>>,
}

/// What few of many children have.
#[derive(Default)]
struct More {
    ready_within: Option<Duration>,
    heartbeat: Option<Duration>,
    backoff: Option<Backoff>,
    probe: Option<Probe>,
}

impl Child {
    /// A child called `name` (1 to 100 ASCII letters, digits, `-`, `_`, `.`; once in its supervisor) that runs what `start` makes of a
    /// context. `start` is called anew at each start. The child ends well with `Ok`, fails with `Err` or a panic. It is permanent, is given five
    /// seconds to stop, and counts as ready once started.
    pub fn new<F, R>(name: &str, start: F) -> Self
    where
        F: Fn(Context) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), ChildError>> + Send + 'static,
    {
        Self::of(name.into(), Work::Task(Arc::new(Maker(start))))
    }

    fn of(name: Arc<str>, work: Work) -> Self {
        let (restart, stop_within) = (Restart::Permanent, Duration::from_secs(5));
        Self { name, work, restart, stop_within, more: None }
    }

    /// A supervisor as a child of another, with the name it has. It may take as long to stop as its own children may, and is ready when
    /// they all are.
    pub fn supervisor(supervisor: Supervisor) -> Self {
        let (name, spec) = supervisor.into_spec();
        let child = Self::of(name, Work::Supervisor(Arc::new(spec)));
        child.stop_within(Duration::MAX).ready_within(Duration::MAX)
    }

    /// A group of tasks that come and go as a child, with the name it has.
    pub fn group(group: &TaskGroup) -> Self {
        Self::group_within(group, || Duration::MAX)
    }

    /// As [`Child::group`]; what has not ended after `patience`, which is asked for at each stop, is dropped. For a time that may change while the tree
    /// runs; [`Child::stop_within`] stays the bound for tasks that never yield, and is to be longer.
    pub fn group_within(group: &TaskGroup, patience: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        let (own, patience) = (group.clone(), Arc::new(patience));
        Self::new(group.name(), move |context| {
            let (own, patience) = (own.clone(), Arc::clone(&patience));
            async move { own.run(context, &*patience).await }
        })
    }

    /// Whether it is started again when it ends.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How long it has to end after it was asked to, before it is aborted. Zero: aborted without being asked.
    #[must_use]
    pub fn stop_within(mut self, within: Duration) -> Self {
        self.stop_within = within;
        self
    }

    /// It says itself when it is ready ([`Context::ready`]): the next child is started then. Not ready in time counts as hung.
    #[must_use]
    pub fn ready_within(mut self, within: Duration) -> Self {
        self.more().ready_within = Some(within);
        self
    }

    /// It calls [`Context::beat`] at least this often; otherwise it counts as hung, is ended and restarted.
    #[must_use]
    pub fn heartbeat(mut self, within: Duration) -> Self {
        self.more().heartbeat = Some(within);
        self
    }

    /// A probe of its health.
    #[must_use]
    pub fn probe(mut self, probe: Probe) -> Self {
        self.more().probe = Some(probe);
        self
    }

    /// Waits before its restarts, in place of its supervisor's.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.more().backoff = Some(backoff);
        self
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// In which time it has to be ready, when it says so itself.
    pub(crate) fn is_ready_within(&self) -> Option<Duration> {
        self.more.as_ref()?.ready_within
    }

    /// How often it beats.
    pub(crate) fn beats_within(&self) -> Option<Duration> {
        self.more.as_ref()?.heartbeat
    }

    /// Its own waits.
    pub(crate) fn own_backoff(&self) -> Option<Backoff> {
        self.more.as_ref()?.backoff
    }

    /// How its health is asked for.
    pub(crate) fn own_probe(&self) -> Option<&Probe> {
        self.more.as_ref()?.probe.as_ref()
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("name", &self.name)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}
