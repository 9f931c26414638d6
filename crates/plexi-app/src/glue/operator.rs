use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use plexi_auth::FormerKeys;
use plexi_cache::{Cache, NamespaceStats};
use plexi_core_log::{Histogram, LevelChange, LogHandle, LogLevels};
use plexi_db::Database;
use plexi_messaging::Hub;
use plexi_supervisor::{ControlError, Kind, Status};
use plexi_web::{
    Check, Exposition, HealthChecks, History, HistoryRange, MetricSource, Operator, OperatorError, Part,
    Remembered, SecretFacts, SecretsReloaded,
};

use crate::history::Kept;
use crate::secrets::Secrets;
use crate::supervision::Seen;

/// How long a check may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What must work for the server to be ready, and how long looking took.
pub(crate) struct Checks {
    database: Database,
    took: Histogram,
}

impl Checks {
    pub(crate) fn new(database: Database) -> Self {
        Self { database, took: Histogram::default() }
    }
}

impl MetricSource for Checks {
    fn collect(&self, into: &mut Exposition) {
        let help = "Time that the database took for a trivial question and a trivial change.";
        into.durations("plexi_database_check_duration_seconds", help, &[], &self.took.snapshot());
    }
}

#[async_trait]
impl HealthChecks for Checks {
    async fn check(&self) -> Vec<Check> {
        let _timer = self.took.time();
        let ok = match tokio::time::timeout(PATIENCE, self.database.health()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "database check failed");
                false
            }
            Err(_) => {
                tracing::warn!("database check took too long");
                false
            }
        };
        vec![Check { name: "database", ok }]
    }
}

/// What an administrator sees and sets.
pub(crate) struct Console {
    pub(crate) database: Database,
    pub(crate) hub: Hub,
    pub(crate) log: Option<LogHandle>,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) secrets: Secrets,
    pub(crate) supervision: Seen,
    pub(crate) cache: Cache,
    pub(crate) history: Kept,
}

impl Console {
    fn log(&self) -> Result<&LogHandle, OperatorError> {
        self.log.as_ref().ok_or_else(|| OperatorError::Failed("this server writes no log".into()))
    }
}

#[async_trait]
impl Operator for Console {
    async fn counts(&self) -> Result<BTreeMap<String, u64>, OperatorError> {
        let stored =
            self.database.counts().await.map_err(|error| OperatorError::Failed(error.to_string()))?;
        let mut counts = BTreeMap::from([
            ("users".to_owned(), stored.users),
            ("spaces".to_owned(), stored.spaces),
            ("channels".to_owned(), stored.channels),
            ("messages".to_owned(), stored.messages),
            ("sessions".to_owned(), stored.sessions),
        ]);
        let hub = self.hub.counts();
        counts.insert("online_users".into(), hub.users);
        counts.insert("online_sockets".into(), hub.connections);
        Ok(counts)
    }

    fn set_log_level(&self, level: &str) -> Result<(), OperatorError> {
        self.log()?.set_level(level).map_err(|_| OperatorError::Level)?;
        tracing::info!(level, "log level set until the next start");
        Ok(())
    }

    fn log_levels(&self) -> Result<LogLevels, OperatorError> {
        Ok(self.log()?.levels()?)
    }

    fn change_log_levels(&self, change: &LevelChange) -> Result<LogLevels, OperatorError> {
        Ok(self.log()?.change_levels(change)?)
    }

    async fn secrets(&self) -> Result<Vec<SecretFacts>, OperatorError> {
        self.secrets.list().await
    }

    async fn rotate_secret(&self, name: &str, former: FormerKeys) -> Result<SecretFacts, OperatorError> {
        self.secrets.rotate(name, former).await
    }

    async fn reload_secrets(&self) -> Result<SecretsReloaded, OperatorError> {
        self.secrets.reload().await
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        if let Some(watch) = self.supervision.watch() {
            list(watch.status(), None, &mut parts);
        }
        parts
    }

    fn restart_part(&self, path: &str) -> Result<(), OperatorError> {
        let watch = self.supervision.watch().ok_or(OperatorError::NoPart)?;
        watch.restart(path).map_err(|error| match error {
            ControlError::Unknown(_) => OperatorError::NoPart,
            other => OperatorError::PartBusy(other.to_string()),
        })
    }

    fn remembered(&self) -> Vec<Remembered> {
        self.cache.stats().into_iter().map(remembered).collect()
    }

    async fn forget(&self, name: Option<&str>) -> Result<(), OperatorError> {
        match name {
            None => self.cache.flush().await,
            Some(name) if self.cache.flush_namespace(name).await => {}
            Some(_) => return Err(OperatorError::NothingRemembered),
        }
        Ok(())
    }

    fn history(&self, range: HistoryRange) -> History {
        self.history.history(range)
    }
}

fn remembered(stats: NamespaceStats) -> Remembered {
    Remembered {
        name: stats.name,
        level: stats.level.as_str().to_owned(),
        entries: stats.entries,
        bytes: stats.weight,
        max_bytes: stats.capacity,
        hits: stats.hits + stats.negative_hits + stats.stale_hits + stats.remote_hits,
        misses: stats.misses - stats.remote_hits.min(stats.misses),
        joined: stats.joined,
        loads: stats.loads,
        load_failures: stats.load_failures,
        evictions: stats.evictions,
        invalidations: stats.invalidations,
        forged: stats.unseal_failures,
    }
}

/// The tree as a list. The root has its name for a path, others those below it.
fn list(status: Status, above: Option<&str>, into: &mut Vec<Part>) {
    let path = match above {
        None | Some("") => status.name,
        Some(above) => format!("{above}/{}", status.name),
    };
    let below = if above.is_none() { String::new() } else { path.clone() };
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    into.push(Part {
        path,
        kind: match status.kind {
            Kind::Worker => "worker",
            Kind::Supervisor => "supervisor",
        },
        state: status.state.as_str(),
        in_state_ms: millis(status.in_state),
        restarts: status.restarts,
        hung: status.hung,
        last_failure: status.last_failure,
        starts_in_ms: status.starts_in.map(millis),
    });
    for child in status.children {
        list(child, Some(&below), into);
    }
}

impl MetricSource for Console {
    fn collect(&self, into: &mut Exposition) {
        let connections = u64::try_from(self.connections.load(Ordering::Relaxed)).unwrap_or(u64::MAX);
        into.gauge("plexi_http_connections", "Open connections.", &[], connections);
        let hub = self.hub.counts();
        into.gauge("plexi_hub_connections", "Connections that receive events.", &[], hub.connections);
        into.gauge("plexi_hub_users", "Users with a connection.", &[], hub.users);
        into.gauge("plexi_hub_channels", "Channels that somebody listens to.", &[], hub.channels);
        for part in self.parts() {
            let labels = [("part", part.path.as_str())];
            let runs = u64::from(part.state == "running");
            into.gauge("plexi_supervisor_running", "Whether a part of the server runs.", &labels, runs);
            let restarts = "How often a part of the server was started again.";
            into.counter("plexi_supervisor_restarts_total", restarts, &labels, part.restarts);
            into.counter("plexi_supervisor_hung_total", "How often a part hung.", &labels, part.hung);
        }
        for kind in self.remembered() {
            let labels = [("namespace", kind.name.as_str())];
            into.gauge("plexi_cache_entries", "Values remembered.", &labels, kind.entries);
            into.gauge("plexi_cache_bytes", "Memory of values remembered.", &labels, kind.bytes);
            into.counter("plexi_cache_hits_total", "Questions answered from memory.", &labels, kind.hits);
            into.counter(
                "plexi_cache_misses_total",
                "Questions not answered from memory.",
                &labels,
                kind.misses,
            );
            into.counter("plexi_cache_loads_total", "Values read.", &labels, kind.loads);
            into.counter("plexi_cache_evictions_total", "Values pushed out.", &labels, kind.evictions);
            let changed = "Times that something was forgotten since it changed.";
            into.counter("plexi_cache_invalidations_total", changed, &labels, kind.invalidations);
            let forged = "Values that somebody else had changed.";
            into.counter("plexi_cache_forged_total", forged, &labels, kind.forged);
        }
        for count in self.log.as_ref().map(LogHandle::counts).unwrap_or_default() {
            let labels = [("to", count.name.as_str())];
            let written = "Lines written to the log file, the console and other sinks.";
            into.counter("plexi_log_lines_total", written, &labels, count.written);
            into.counter("plexi_log_lost_total", "Lines lost on the way there.", &labels, count.lost);
        }
    }
}
