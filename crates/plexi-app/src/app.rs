use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use plexi_auth::Auth;
use plexi_config::Reloader;
use plexi_core_log::{LogHandle, LogReader};
use plexi_messaging::Messaging;
use plexi_supervisor::{Escalated, Stopped, Tree, Watch};
use plexi_web::{MetricSource, WebParts, WebState};
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::error::AppError;
use crate::glue;
use crate::history::Kept;
use crate::listener::Listener;
use crate::notify::ServiceNotice;
use crate::push::Push;
use crate::secrets::Secrets;
use crate::services::{Ambient, Services};
use crate::settings::Settings;
use crate::signals::Signal;
use crate::supervision::{self, Figures, Groups, Rules, Seen};
use crate::transfers::Moves;

/// How often the configuration files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long a database that does not answer holds up the end.
const CLOSE: Duration = Duration::from_secs(10);

/// What a server is made from.
pub struct AppParts {
    /// The configuration, which may change while the server runs.
    pub settings: Arc<Reloader<Settings>>,
    /// The log, if there is one.
    pub log: Option<LogHandle>,
    /// Where time and chance come from.
    pub ambient: Ambient,
}

/// A server that is complete and listens, and answers as soon as it runs.
pub struct App {
    services: Services,
    secrets: Secrets,
    tree: Tree,
    groups: Groups,
    stop: CancellationToken,
    address: SocketAddr,
    setup_link: Option<String>,
    parts: AppParts,
}

impl App {
    /// Makes a server, from the data folder up to the address. The one place that knows all parts.
    pub async fn build(parts: AppParts) -> Result<Self, AppError> {
        let settings = parts.settings.live().get();
        for warning in settings.warnings() {
            tracing::warn!(key = warning.field, problem = warning.problem, "setting deserves a look");
        }
        let server = &settings.server;
        let push = Push::new(&settings.metrics.otlp)?;
        let mut services = Services::open_idle(&settings, "plexi-server", parts.ambient.clone()).await?;
        let listening = listen(server.listen).await;
        let (socket, address) = match listening {
            Ok(bound) => bound,
            Err(error) => {
                services.close().await;
                return Err(error);
            }
        };
        let url = server.address_of(address);
        describe(&mut services, &url);
        let setup_link =
            services.setup_token.as_ref().map(|token| format!("{url}/setup#token={}", token.expose()));

        let stop = CancellationToken::new();
        let groups = Groups::new(&stop, parts.settings.live());
        let moves = Moves::new(&services, parts.settings.live(), groups.transfers.clone());
        let moves = match moves {
            Ok(moves) => moves,
            Err(error) => {
                services.close().await;
                return Err(error);
            }
        };
        let secrets = Secrets::of(&services, parts.settings.live());
        let (seen, connections, history) = (Seen::default(), Arc::default(), Kept::default());
        let console = Arc::new(glue::Console {
            secrets: secrets.clone(),
            database: services.database.clone(),
            hub: services.hub.clone(),
            log: parts.log.clone(),
            connections: Arc::clone(&connections),
            supervision: seen.clone(),
            cache: services.cache.clone(),
            history: history.clone(),
        });
        let checks = Arc::new(glue::Checks::new(services.database.clone()));
        let process = glue::Process { data_dir: services.dirs.root().to_owned() };
        let web = WebState::new(WebParts {
            auth: services.auth.clone(),
            messaging: services.messaging.clone(),
            idempotency: Arc::new(glue::KeptAnswers {
                database: services.database.clone(),
                clock: Arc::clone(&parts.ambient.clock),
            }),
            health: checks.clone(),
            operator: console.clone(),
            configuration: Arc::new(glue::HeldConfiguration(Arc::downgrade(&parts.settings))),
            transfers: Arc::new(moves),
            logs: LogReader::new(&settings.logging, &settings.server.data_dir),
            metric_sources: sources(console, checks, process, push.as_ref()),
            fault_hooks: Vec::new(),
            ui: Some(Arc::new(glue::EmbeddedUi)),
            clock: Arc::clone(&parts.ambient.clock),
            entropy: Arc::clone(&parts.ambient.entropy),
            config: plexi_web::WebConfig { public_url: url, ..settings.web() },
            version: env!("CARGO_PKG_VERSION").to_owned(),
            stop: stop.clone(),
            sockets: groups.sockets.clone(),
        });
        let in_use = InUse {
            log: parts.log.clone(),
            auth: services.auth.clone(),
            messaging: services.messaging.clone(),
            web: web.clone(),
        };
        parts.settings.on_change(move |settings| in_use.take(settings));
        let listener = Arc::new(Listener::new(
            socket,
            parts.settings.section(|settings| settings.server.listener_limits()),
            plexi_web::router(web.clone()),
            groups.connections.clone(),
            connections,
            stop.clone(),
        ));
        let rules = Rules::new(settings.supervisor.clone(), &parts.ambient);
        let accept = move |halt, beat: supervision::Beat| {
            let listener = Arc::clone(&listener);
            async move { listener.serve(halt, move || beat.beat()).await }
        };
        let figures = Figures { web: web.clone(), history, push };
        let tree = match supervision::tree(&services, &rules, &groups, &seen, &figures, accept) {
            Ok(tree) => tree,
            Err(error) => {
                services.close().await;
                return Err(error.into());
            }
        };
        Ok(Self { services, secrets, tree, groups, stop, address, setup_link, parts })
    }

    /// The address that is listened on.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// The address people open.
    pub fn url(&self) -> String {
        self.parts.settings.live().get().server.address_of(self.address)
    }

    /// The link to set the server up with, once; `None` when it has an administrator. Whoever has it takes the server.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// The services, for tests and tools in the same process.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Serves until a [`Signal::Stop`] arrives, then finishes in order: readiness fails and nobody is accepted, sockets are told to
    /// connect again, requests end or the deadline passes, what was accepted is stored, the database closes. A second stop
    /// skips the waiting. Parts that fail meanwhile are started again; when one fails too often the server stops with [`AppError::GaveUp`].
    pub async fn run(self, asks: impl Stream<Item = Signal>) -> Result<(), AppError> {
        let Self { services, secrets, tree, groups, stop, parts, .. } = self;
        let notice = ServiceNotice;
        let watch = tree.watch();
        let mut tree = Box::pin(tree.run(stop.clone(), Arc::clone(&parts.ambient.entropy)));
        let mut asks = pin!(asks.chain(futures_util::stream::pending()));
        let mut look = tokio::time::interval(LOOK);
        let mut alive = pin!(alive(&watch, notice));
        let mut ready = pin!(watch.ready().fuse());
        let mut ended = None;
        while ended.is_none() {
            tokio::select! {
                end = tree.as_mut() => ended = Some(end),
                ask = asks.next() => match ask {
                    Some(Signal::Reload) => {
                        reload(&parts.settings, notice);
                        reload_secrets(&secrets).await;
                    }
                    Some(Signal::Stop) | None => break,
                },
                () = ready.as_mut() => {
                    notice.ready();
                    tracing::info!(address = %self.address, "serving");
                }
                _ = look.tick() => if parts.settings.changed_since_load() { reload(&parts.settings, notice) },
                never = alive.as_mut() => match never {},
            }
        }

        let within = parts.settings.live().get().server.shutdown();
        tracing::info!(seconds = within.as_secs(), "stopping");
        notice.stopping();
        stop.cancel();
        let ended = match ended {
            Some(end) => Some(end),
            None => wind_down(tree, &groups, within, &mut asks).await,
        };
        if tokio::time::timeout(CLOSE, services.close()).await.is_err() {
            tracing::warn!("the database did not close in time");
        }
        let result = outcome(ended);
        tracing::info!("stopped");
        result
    }
}

/// Tells the service manager that the server is alive for as long as its whole tree answers: one that hangs is killed and started again by it.
async fn alive(watch: &Watch, notice: ServiceNotice) -> Infallible {
    let Some(every) = notice.watchdog() else { return std::future::pending().await };
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        watch.answers().await;
        notice.alive();
    }
}

/// Waits for the end of a tree that was asked to stop. `None`: it did not end, and is dropped, and its tasks with it.
async fn wind_down(
    mut tree: Pin<Box<impl Future<Output = Result<Stopped, Escalated>>>>,
    groups: &Groups,
    within: Duration,
    asks: &mut (impl Stream<Item = Signal> + Unpin),
) -> Option<Result<Stopped, Escalated>> {
    tokio::select! {
        end = tree.as_mut() => return Some(end),
        () = tokio::time::sleep(within) => tracing::warn!(left = groups.len(), "connections are cut"),
        () = next_stop(asks) => tracing::warn!("second signal, stopping at once"),
    }
    groups.abort();
    tokio::time::timeout(supervision::LAST, tree).await.ok()
}

fn outcome(ended: Option<Result<Stopped, Escalated>>) -> Result<(), AppError> {
    match ended {
        Some(Ok(stopped)) if stopped.left == 0 => Ok(()),
        Some(Ok(stopped)) => {
            tracing::warn!(left = stopped.left, "tasks did not stop in time");
            Ok(())
        }
        Some(Err(error)) => {
            tracing::error!(%error, "the server gave up");
            Err(AppError::GaveUp { supervisor: error.supervisor, child: error.child })
        }
        None => {
            tracing::warn!("the server did not stop in time");
            Ok(())
        }
    }
}

/// Who tells figures.
fn sources(
    console: Arc<glue::Console>,
    checks: Arc<glue::Checks>,
    process: glue::Process,
    push: Option<&Push>,
) -> Vec<Arc<dyn MetricSource>> {
    let mut sources: Vec<Arc<dyn MetricSource>> = vec![console, checks, Arc::new(process)];
    if let Some(push) = push {
        sources.push(Arc::new(push.clone()));
    }
    sources
}

/// Says in the lock file who holds the data folder.
fn describe(services: &mut Services, url: &str) {
    let holder = format!("plexi-server at {url} (process {})", std::process::id());
    if let Err(error) = services.lock.describe(&holder) {
        tracing::debug!(%error, "lock file not described");
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), AppError> {
    let failed = |source| AppError::Bind { address, source };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let bound = socket.local_addr().map_err(failed)?;
    Ok((socket, bound))
}

/// Reads the configuration again; when it is not valid, says why and changes nothing.
fn reload(settings: &Reloader<Settings>, notice: ServiceNotice) {
    notice.reloading();
    match settings.reload() {
        Ok(done) => {
            tracing::info!(changed = done.changed.join(" "), "configuration read again");
            if !done.needs_restart.is_empty() {
                tracing::warn!(keys = done.needs_restart.join(" "), "settings wait for the next start");
            }
        }
        Err(error) => tracing::error!(%error, "configuration not valid, nothing changed"),
    }
    notice.ready();
}

/// Takes up secrets that were changed where they are kept.
async fn reload_secrets(secrets: &Secrets) {
    match secrets.reload().await {
        Ok(done) if !done.needs_restart.is_empty() => {
            tracing::warn!(keys = done.needs_restart.join(" "), "changed secrets wait for the next start");
        }
        Ok(done) if !done.changed.is_empty() => {
            tracing::info!(changed = done.changed.join(" "), "changed secrets are in use");
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "secrets not read again, those in use stay"),
    }
}

/// Everybody who uses settings and can take others while running. The listener looks for itself.
struct InUse {
    log: Option<LogHandle>,
    auth: Auth,
    messaging: Messaging,
    web: WebState,
}

impl InUse {
    /// Gives them settings that are valid as a whole.
    fn take(&self, settings: &Settings) {
        if let Some(Err(error)) = self.log.as_ref().map(|log| log.apply(&settings.logging)) {
            tracing::warn!(%error, "log levels not changed");
        }
        // invariant: the settings were checked as a whole before
        if let Err(error) = self.auth.reconfigure(settings.auth.clone()) {
            tracing::error!(%error, "settings of sign-in not changed");
        }
        self.messaging.reconfigure(settings.messaging.clone());
        self.web.reconfigure(settings.web());
    }
}

async fn next_stop(asks: &mut (impl Stream<Item = Signal> + Unpin)) {
    while let Some(ask) = asks.next().await {
        if ask == Signal::Stop {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use plexi_config::Live;
    use plexi_core::SystemEntropy;
    use plexi_supervisor::{Child, Supervisor};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_tree_that_does_not_end_is_dropped_and_what_its_tasks_hold_is_free() {
        let held = Arc::new(tokio::sync::Mutex::new(()));
        let own = Arc::clone(&held);
        let deaf = Child::new("deaf", move |context| {
            let own = Arc::clone(&own);
            async move {
                let _held = own.lock().await;
                context.ready();
                std::future::pending().await
            }
        });
        let deaf = deaf.ready_within(Duration::MAX).stop_within(Duration::MAX);
        let tree = Supervisor::new("root").child(deaf).build().unwrap();
        let (stop, watch) = (CancellationToken::new(), tree.watch());
        let mut tree = Box::pin(tree.run(stop.clone(), Arc::new(SystemEntropy::new())));
        tokio::select! {
            ended = tree.as_mut() => panic!("{ended:?}"),
            () = watch.ready() => {}
        }
        stop.cancel();
        let groups = Groups::new(&stop, Live::fixed(Settings::default()));
        let within = Duration::from_secs(10);
        let ended = wind_down(tree, &groups, within, &mut futures_util::stream::pending()).await;
        assert_eq!(ended, None);
        let free = tokio::time::timeout(Duration::from_secs(1), held.lock()).await;
        assert!(free.is_ok(), "nobody holds it any more");
    }
}
