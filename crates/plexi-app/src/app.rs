use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use plexi_config::Reloader;
use plexi_core_log::LogHandle;
use plexi_web::{WebParts, WebState};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::error::AppError;
use crate::glue;
use crate::lifecycle::{Lifecycle, ServiceNotice, Signal};
use crate::listener::Listener;
use crate::secrets::Secrets;
use crate::services::{Ambient, Services};
use crate::settings::Settings;
use crate::transfers::Moves;

/// How often the configuration files are looked at.
const LOOK: Duration = Duration::from_secs(2);

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
    web: WebState,
    router: axum::Router,
    listener: Listener,
    edge: Lifecycle,
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
        let mut services = Services::open_with(&settings, "plexi-server", parts.ambient.clone()).await?;
        let listening = listen(server.listen).await;
        let (socket, address) = match listening {
            Ok(bound) => bound,
            Err(error) => {
                services.close().await;
                return Err(error);
            }
        };
        let url = server.address_of(address);
        let described =
            services.lock.describe(&format!("plexi-server at {url} (process {})", std::process::id()));
        if let Err(error) = described {
            tracing::debug!(%error, "lock file not described");
        }
        let setup_link =
            services.setup_token.as_ref().map(|token| format!("{url}/setup#token={}", token.expose()));

        let edge = Lifecycle::new();
        let limits = parts.settings.section(|settings| settings.server.listener_limits());
        let listener = Listener::new(socket, limits);
        let moves = Moves::new(&services, parts.settings.live(), &edge);
        let moves = match moves {
            Ok(moves) => moves,
            Err(error) => {
                services.close().await;
                return Err(error);
            }
        };
        let secrets = Secrets::of(&services, parts.settings.live());
        let console = Arc::new(glue::Console {
            secrets: secrets.clone(),
            database: services.database.clone(),
            hub: services.hub.clone(),
            log: parts.log.clone(),
            connections: listener.open(),
        });
        let web = WebState::new(WebParts {
            auth: services.auth.clone(),
            messaging: services.messaging.clone(),
            idempotency: Arc::new(glue::KeptAnswers {
                database: services.database.clone(),
                clock: Arc::clone(&parts.ambient.clock),
            }),
            health: Arc::new(glue::Checks(services.database.clone())),
            operator: console.clone(),
            transfers: Arc::new(moves),
            metric_sources: vec![console],
            fault_hooks: Vec::new(),
            ui: Some(Arc::new(glue::EmbeddedUi)),
            clock: Arc::clone(&parts.ambient.clock),
            entropy: Arc::clone(&parts.ambient.entropy),
            config: plexi_web::WebConfig { public_url: url, ..settings.web() },
            version: env!("CARGO_PKG_VERSION").to_owned(),
            stop: edge.soft(),
        });
        let router = plexi_web::router(web.clone());
        Ok(Self { services, secrets, web, router, listener, edge, address, setup_link, parts })
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
    /// skips the waiting.
    pub async fn run(self, asks: impl Stream<Item = Signal>) -> Result<(), AppError> {
        let Self { services, secrets, web, router, listener, edge, parts, .. } = self;
        let notice = ServiceNotice;
        start_tasks(&services, &edge);
        let life = edge.clone();
        edge.spawn_essential("listener", listener.serve(router, life));
        notice.ready();
        tracing::info!(address = %self.address, "serving");

        let mut asks = pin!(asks.chain(futures_util::stream::pending()));
        let mut look = tokio::time::interval(LOOK);
        let mut watchdog = tokio::time::interval(notice.watchdog().unwrap_or(Duration::from_hours(1)));
        let (edge_ended, core_ended) = (edge.soft(), services.life.soft());
        loop {
            tokio::select! {
                ask = asks.next() => match ask {
                    Some(Signal::Reload) => {
                        reload(&parts, &services, &web, notice);
                        reload_secrets(&secrets).await;
                    }
                    Some(Signal::Stop) | None => break,
                },
                _ = look.tick() => if parts.settings.changed_since_load() { reload(&parts, &services, &web, notice) },
                _ = watchdog.tick() => notice.alive(),
                () = edge_ended.cancelled() => break,
                () = core_ended.cancelled() => break,
            }
        }

        let within = parts.settings.live().get().server.shutdown();
        tracing::info!(seconds = within.as_secs(), "stopping");
        notice.stopping();
        edge.stop();
        let finished = async {
            // a socket that outlives the deadline is cut with the process
            let deadline = Instant::now() + within;
            let _ = tokio::time::timeout_at(deadline, web.drained()).await;
            edge.drain(deadline.saturating_duration_since(Instant::now())).await
        };
        tokio::select! {
            left = finished => if left > 0 { tracing::warn!(left, "connections were cut") },
            () = next_stop(&mut asks) => {
                tracing::warn!("second signal, stopping at once");
                edge.kill();
            }
        }
        let failed = edge.failed() || services.life.failed();
        services.close().await;
        tracing::info!("stopped");
        if failed { Err(AppError::Essential) } else { Ok(()) }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), AppError> {
    let failed = |source| AppError::Bind { address, source };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let bound = socket.local_addr().map_err(failed)?;
    Ok((socket, bound))
}

fn start_tasks(services: &Services, edge: &Lifecycle) {
    let (database, clock) = (&services.database, &services.ambient.clock);
    edge.spawn_essential(
        "watch-sessions",
        plexi_web::watch_sessions(services.auth.clone(), services.hub.clone(), edge.soft()),
    );
    edge.spawn("forget-sessions", glue::forget_sessions(services.auth.clone(), edge.soft()));
    edge.spawn("forget-answers", glue::forget_answers(database.clone(), Arc::clone(clock), edge.soft()));
    edge.spawn("sweep-deleted", glue::sweep_deleted(database.clone(), edge.soft()));
    let (hub, stop) = (services.hub.clone(), edge.soft());
    edge.spawn_essential("presence", async move { hub.run_presence(stop).await });
}

/// Reads the configuration again; when it is not valid, says why and changes nothing.
fn reload(parts: &AppParts, services: &Services, web: &WebState, notice: ServiceNotice) {
    notice.reloading();
    match parts.settings.reload() {
        Ok(done) => {
            if !done.changed.is_empty() {
                apply(&parts.settings.live().get(), parts.log.as_ref(), services, web);
            }
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

/// Gives settings that are valid as a whole to everybody who uses them. The listener looks for itself.
fn apply(settings: &Settings, log: Option<&LogHandle>, services: &Services, web: &WebState) {
    if let Some(Err(error)) = log.map(|log| log.apply(&settings.logging)) {
        tracing::warn!(%error, "log levels not changed");
    }
    // invariant: the settings were checked as a whole before
    if let Err(error) = services.auth.reconfigure(settings.auth.clone()) {
        tracing::error!(%error, "settings of sign-in not changed");
    }
    services.messaging.reconfigure(settings.messaging.clone());
    web.reconfigure(settings.web());
}

async fn next_stop(asks: &mut (impl Stream<Item = Signal> + Unpin)) {
    while let Some(ask) = asks.next().await {
        if ask == Signal::Stop {
            return;
        }
    }
}
