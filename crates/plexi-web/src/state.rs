//! What every request can reach: the services, the ports of the operator, the settings.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use plexi_auth::Auth;
use plexi_core::{Clock, Current, Entropy, Timestamp};
use plexi_core_log::LogReader;
use plexi_messaging::Messaging;
use plexi_supervisor::TaskGroup;
use tokio_util::sync::CancellationToken;

use crate::config::WebConfig;
use crate::configuration::Configuration;
use crate::faults::FaultHook;
use crate::gateway::Admission;
use crate::health::HealthChecks;
use crate::idempotency::{IdempotencyStore, InFlight};
use crate::logs::Logs;
use crate::metrics::{Exposition, MetricSource, Metrics};
use crate::operator::Operator;
use crate::transfers::Transfers;
use crate::ui::UiAssets;

/// What the web server is made of. Every field is a collaborator that the composition root passes.
pub struct WebParts {
    /// Who somebody is.
    pub auth: Auth,
    /// Spaces, channels, messages, real time.
    pub messaging: Messaging,
    /// Keeps the answers of creating requests for 24 hours.
    pub idempotency: Arc<dyn IdempotencyStore>,
    /// What must work for the server to be ready.
    pub health: Arc<dyn HealthChecks>,
    /// What an administrator sees and sets of the running server.
    pub operator: Arc<dyn Operator>,
    /// The configuration of the running server.
    pub configuration: Arc<dyn Configuration>,
    /// Whole workspaces in and out.
    pub transfers: Arc<dyn Transfers>,
    /// Reads what this server logs.
    pub logs: LogReader,
    /// Further figures for `/metrics`, such as those of the database.
    pub metric_sources: Vec<Arc<dyn MetricSource>>,
    /// Told of everything that fails here, for alarms.
    pub fault_hooks: Vec<Arc<dyn FaultHook>>,
    /// The built web client; without it only the API is served.
    pub ui: Option<Arc<dyn UiAssets>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for correlation and connection ids.
    pub entropy: Arc<dyn Entropy>,
    /// The settings.
    pub config: WebConfig,
    /// The version that clients are told.
    pub version: String,
    /// Cancelled when the server stops: readiness fails.
    pub stop: CancellationToken,
    /// What the WebSockets are tasks of; they say goodbye when it asks them to end.
    pub sockets: TaskGroup,
}

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct WebState(Arc<Inner>);

/// What the state shares; only this crate sees its fields.
pub struct Inner {
    pub(crate) auth: Auth,
    pub(crate) messaging: Messaging,
    pub(crate) idempotency: Arc<dyn IdempotencyStore>,
    pub(crate) in_flight_keys: InFlight,
    pub(crate) health: Arc<dyn HealthChecks>,
    pub(crate) operator: Arc<dyn Operator>,
    pub(crate) configuration: Arc<dyn Configuration>,
    pub(crate) transfers: Arc<dyn Transfers>,
    pub(crate) logs: Logs,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) metric_sources: Vec<Arc<dyn MetricSource>>,
    pub(crate) fault_hooks: Vec<Arc<dyn FaultHook>>,
    pub(crate) ui: Option<Arc<dyn UiAssets>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) settings: Current<WebConfig>,
    pub(crate) version: String,
    pub(crate) stop: CancellationToken,
    pub(crate) sockets: TaskGroup,
    pub(crate) admission: Arc<Admission>,
    pub(crate) in_flight: AtomicU64,
    pub(crate) started_at: Timestamp,
    /// What the last look at the health found.
    pub(crate) ready: AtomicBool,
}

impl WebState {
    /// Joins the parts.
    pub fn new(parts: WebParts) -> Self {
        Self(Arc::new(Inner {
            started_at: parts.clock.now(),
            in_flight: AtomicU64::new(0),
            // nothing is listened to before everything that a start takes is done
            ready: AtomicBool::new(true),
            admission: Arc::new(Admission::new(&parts.config)),
            auth: parts.auth,
            messaging: parts.messaging,
            idempotency: parts.idempotency,
            in_flight_keys: InFlight::default(),
            health: parts.health,
            operator: parts.operator,
            configuration: parts.configuration,
            transfers: parts.transfers,
            logs: Logs::new(parts.logs),
            metrics: Arc::new(Metrics::new()),
            metric_sources: parts.metric_sources,
            fault_hooks: parts.fault_hooks,
            ui: parts.ui,
            clock: parts.clock,
            entropy: parts.entropy,
            settings: Current::new(parts.config),
            version: parts.version,
            stop: parts.stop,
            sockets: parts.sockets,
        }))
    }

    /// Takes over other settings, for every request and every WebSocket that comes from now on. The public address stays.
    pub fn reconfigure(&self, config: WebConfig) {
        self.0.admission.set_limits(&config);
        let public_url = self.config().public_url.clone();
        self.0.settings.set(WebConfig { public_url, ..config });
    }

    /// What the WebSockets are tasks of.
    pub fn sockets(&self) -> &TaskGroup {
        &self.0.sockets
    }

    /// How many WebSockets are open.
    pub fn open_sockets(&self) -> u64 {
        self.0.admission.open()
    }

    /// The version that clients are told.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// When the server began.
    pub fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    /// Looks whether the server is ready.
    pub async fn is_ready(&self) -> bool {
        crate::health::examine(self).await.0
    }

    /// All figures as they are now.
    pub fn exposition(&self) -> Exposition {
        let mut told = Exposition::default();
        told.gauge("plexi_build_info", "The version that runs.", &[("version", &self.version)], 1);
        let up = self.clock.now().since(self.started_at).as_secs();
        told.gauge("plexi_uptime_seconds", "Seconds since the start.", &[], up);
        let ready = u64::from(self.ready.load(Ordering::Relaxed));
        told.gauge("plexi_ready", "Whether the server is ready, when it was looked at last.", &[], ready);
        told.gauge("plexi_ws_connections", "Open WebSockets.", &[], self.open_sockets());
        self.metrics.collect(&mut told);
        crate::metrics::pipeline(&self.messaging.step_timings(), &mut told);
        for source in &self.metric_sources {
            source.collect(&mut told);
        }
        told
    }
}

impl Inner {
    /// The settings now.
    pub(crate) fn config(&self) -> Arc<WebConfig> {
        self.settings.get()
    }
}

impl std::ops::Deref for WebState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl fmt::Debug for WebState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebState").field("version", &self.version).finish_non_exhaustive()
    }
}
