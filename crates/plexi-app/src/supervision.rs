//! Who runs whom: the tree of the server's tasks. None runs outside it, so none is left behind, and what fails is started again.
//!
//! ```text
//! server
//!   core          sender                 stores and announces messages; starts first, stops last
//!   realtime      sessions, presence
//!   housekeeping  forget-sessions, forget-answers, sweep-deleted, sample-figures, push-figures
//!   transfers                            imports and exports at work
//!   edge          connections, sockets, listener
//!   report                               figures for the log
//! ```

#[cfg(feature = "test-util")]
mod fault;

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use plexi_config::Live;
use plexi_supervisor::{
    Backoff, BuildError, Child, ChildError, Context, Escalated, Intensity, Stopped, Supervisor,
    SupervisorConfig, TaskGroup, Tree, Watch, report,
};
use plexi_web::WebState;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::AppError;
use crate::glue;
use crate::history::{self, Kept};
use crate::push::Push;
use crate::services::{Ambient, Services};
use crate::settings::Settings;

#[cfg(feature = "test-util")]
pub use fault::{Fault, Faults};

/// How long a cleaning round may take.
const CLEANING: Duration = Duration::from_mins(15);
/// How long a look at the figures and the pause after it may take.
const SAMPLING: Duration = Duration::from_secs(30);
/// How long what was accepted may take to be stored at the end.
const FLUSH: Duration = Duration::from_secs(10);
/// The first wait before something comes back that people would miss at once.
const AT_ONCE: Duration = Duration::from_millis(100);
/// The longest a group may take to stop: longer than any patience that an operator can set.
const LONGEST: Duration = Duration::from_mins(11);
/// How long the tree may take to end once all groups are cut off: longer than all other parts may take, one after the other.
pub(crate) const LAST: Duration = Duration::from_secs(90);

/// How the parts of a server are supervised: by the operator's rules.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    config: SupervisorConfig,
    #[cfg(feature = "test-util")]
    faults: Faults,
}

impl Rules {
    pub(crate) fn new(config: SupervisorConfig, ambient: &Ambient) -> Self {
        #[cfg(not(feature = "test-util"))]
        let _ = ambient;
        Self {
            config,
            #[cfg(feature = "test-util")]
            faults: ambient.faults.clone(),
        }
    }

    /// How long a cleaning round may keep its task silent.
    fn cleaning(&self) -> Duration {
        CLEANING.max(self.config.heartbeat())
    }

    /// Restarts within a time, or none when the operator wants none.
    fn intensity(&self, restarts: u32, within: Duration) -> Intensity {
        Intensity::new(if self.config.enabled { restarts } else { 0 }, within)
    }

    /// Waits that begin so short that nobody notices.
    fn prompt(&self) -> Backoff {
        Backoff::new(AT_ONCE, Duration::from_secs(self.config.backoff_max_seconds.into()))
            .healthy_for(Duration::from_mins(1))
    }

    fn group_of(&self, name: &str, restarts: u32, within: Duration) -> Supervisor {
        Supervisor::new(name).intensity(self.intensity(restarts, within)).backoff(self.prompt())
    }

    /// A loop that runs until it is told to stop, and says that it lives.
    #[cfg_attr(
        not(feature = "test-util"),
        expect(clippy::unused_self, reason = "only the rules of tests make a loop fail")
    )]
    fn child<F, R>(&self, name: &'static str, silent: Duration, work: F) -> Child
    where
        F: Fn(CancellationToken, Beat) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        #[cfg(feature = "test-util")]
        let faults = self.faults.clone();
        let start = move |context: Context| {
            let run = work(context.stop_token(), Beat(context.clone()));
            #[cfg(feature = "test-util")]
            let run = faults.clone().meet(name, run);
            async move {
                run.await;
                if context.is_stopping() { Ok(()) } else { Err(ChildError::from("it ended by itself")) }
            }
        };
        Child::new(name, start).heartbeat(silent)
    }
}

/// What a loop says that it lives by.
pub(crate) struct Beat(Context);

impl Beat {
    pub(crate) fn beat(&self) {
        self.0.beat();
    }
}

/// The part that stores and announces, which the command line has too.
pub(crate) fn core(rules: &Rules, services: &Services) -> Supervisor {
    let messaging = services.messaging.clone();
    let sender = rules.child("sender", rules.config.heartbeat(), move |stop, beat| {
        let messaging = messaging.clone();
        async move { messaging.run_sender(stop, move || beat.beat()).await }
    });
    rules.group_of("core", 10, Duration::from_mins(10)).child(sender.stop_within(FLUSH))
}

/// The groups of tasks that come and go with what people do.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// Connections that speak HTTP.
    pub(crate) connections: TaskGroup,
    /// Connections that have become WebSockets.
    pub(crate) sockets: TaskGroup,
    /// Imports and exports.
    pub(crate) transfers: TaskGroup,
    /// How long what is in them may take to end, as it is set now.
    settings: Live<Settings>,
}

impl Groups {
    /// Groups whose tasks are told at once when `stop` is cancelled, whatever the order of the tree is.
    pub(crate) fn new(stop: &CancellationToken, settings: Live<Settings>) -> Self {
        let group = |name| TaskGroup::under(name, stop.clone());
        Self {
            connections: group("connections"),
            sockets: group("sockets"),
            transfers: group("transfers"),
            settings,
        }
    }

    /// A group as a part of the tree. Also when it is started anew, or the server gives up, nobody holds it up for longer than at a stop.
    fn child(&self, group: &TaskGroup) -> Child {
        let settings = self.settings.clone();
        Child::group_within(group, move || settings.get().server.shutdown()).stop_within(LONGEST)
    }

    /// How many tasks there are.
    pub(crate) fn len(&self) -> usize {
        self.connections.len() + self.sockets.len() + self.transfers.len()
    }

    /// Cuts off all that is left.
    pub(crate) fn abort(&self) {
        for group in [&self.connections, &self.sockets, &self.transfers] {
            group.abort();
        }
    }
}

/// Where others find the look at the tree, which is built last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<OnceLock<Watch>>);

impl Seen {
    pub(crate) fn watch(&self) -> Option<&Watch> {
        self.0.get()
    }
}

/// Where figures are told, kept and sent to.
pub(crate) struct Figures {
    pub(crate) web: WebState,
    pub(crate) history: Kept,
    pub(crate) push: Option<Push>,
}

/// The whole tree of a server. `accept` is the loop that takes connections.
pub(crate) fn tree<F, R>(
    services: &Services,
    rules: &Rules,
    groups: &Groups,
    seen: &Seen,
    figures: &Figures,
    accept: F,
) -> Result<Tree, BuildError>
where
    F: Fn(CancellationToken, Beat) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let hour = Duration::from_hours(1);
    let config = &rules.config;
    let edge = rules
        .group_of("edge", 20, Duration::from_mins(10))
        .child(groups.child(&groups.connections))
        .child(groups.child(&groups.sockets))
        .child(rules.child("listener", rules.config.heartbeat(), accept));
    let (shown, every) = (seen.clone(), config.interval());
    let reporter = Child::new("report", move |context| {
        let shown = shown.clone();
        async move {
            match shown.watch() {
                Some(watch) => report(watch.clone(), every, context).await,
                None => Err("there is no tree to report of".into()),
            }
        }
    });
    let tree = Supervisor::new("server")
        .intensity(rules.intensity(3, hour))
        .backoff(config.backoff())
        .child(Child::supervisor(core(rules, services)))
        .child(Child::supervisor(realtime(rules, services)))
        .child(Child::supervisor(housekeeping(rules, services, figures)))
        .child(groups.child(&groups.transfers))
        .child(Child::supervisor(edge))
        .child(reporter)
        .build()?;
    let _ = seen.0.set(tree.watch());
    Ok(tree)
}

fn realtime(rules: &Rules, services: &Services) -> Supervisor {
    let (auth, hub) = (services.auth.clone(), services.hub.clone());
    let sessions = rules.child("sessions", rules.config.heartbeat(), move |stop, beat| {
        plexi_web::watch_sessions(auth.clone(), hub.clone(), stop, move || beat.beat())
    });
    let hub = services.hub.clone();
    let presence = rules.child("presence", rules.config.heartbeat(), move |stop, beat| {
        let hub = hub.clone();
        async move { hub.run_presence(stop, move || beat.beat()).await }
    });
    rules.group_of("realtime", 20, Duration::from_mins(10)).child(sessions).child(presence)
}

/// What nobody misses for an hour: it never ends the server, unless the operator wants no restarts at all.
fn housekeeping(rules: &Rules, services: &Services, figures: &Figures) -> Supervisor {
    let auth = services.auth.clone();
    let sessions = rules.child("forget-sessions", rules.cleaning(), move |stop, beat| {
        glue::forget_sessions(auth.clone(), stop, beat)
    });
    let (database, clock) = (services.database.clone(), Arc::clone(&services.ambient.clock));
    let answers = rules.child("forget-answers", rules.cleaning(), move |stop, beat| {
        glue::forget_answers(database.clone(), Arc::clone(&clock), stop, beat)
    });
    let database = services.database.clone();
    let deleted = rules.child("sweep-deleted", rules.cleaning(), move |stop, beat| {
        glue::sweep_deleted(database.clone(), stop, beat)
    });
    let (web, history) = (figures.web.clone(), figures.history.clone());
    let clock = Arc::clone(&services.ambient.clock);
    let sampled = rules.child("sample-figures", rules.config.heartbeat().max(SAMPLING), move |stop, beat| {
        history::sample(web.clone(), history.clone(), Arc::clone(&clock), stop, beat)
    });
    let group = Supervisor::new("housekeeping")
        .intensity(rules.intensity(1_000, Duration::from_hours(1)))
        .backoff(rules.config.backoff())
        .child(sessions)
        .child(answers)
        .child(deleted)
        .child(sampled);
    match figures.push.clone() {
        None => group,
        Some(push) => {
            let (web, clock) = (figures.web.clone(), Arc::clone(&services.ambient.clock));
            let silent = push.silent().max(rules.config.heartbeat());
            group.child(rules.child("push-figures", silent, move |stop, beat| {
                push.clone().run(web.clone(), Arc::clone(&clock), stop, beat)
            }))
        }
    }
}

/// A tree that runs by itself, for programs without a server around it.
pub(crate) struct Running {
    stop: CancellationToken,
    tree: JoinSet<Result<Stopped, Escalated>>,
}

impl Running {
    /// Starts `supervisor` as a tree.
    pub(crate) fn start(supervisor: Supervisor, ambient: &Ambient) -> Result<Self, AppError> {
        let tree = supervisor.build()?;
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(tree.run(stop.clone(), Arc::clone(&ambient.entropy)));
        Ok(Self { stop, tree: tasks })
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tree.join_next().await {
            match ended {
                Ok(Ok(stopped)) if stopped.left == 0 => {}
                Ok(Ok(stopped)) => tracing::error!(left = stopped.left, "tasks did not finish in time"),
                Ok(Err(error)) => tracing::error!(%error, "tasks ended early"),
                Err(error) => tracing::error!(%error, "the supervisor ended early"),
            }
        }
    }
}
