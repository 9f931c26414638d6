use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use plexi_core_log::LogHandle;
use plexi_db::Database;
use plexi_messaging::Hub;
use plexi_web::{
    Check, Exposition, HealthChecks, MetricSource, Operator, OperatorError, SecretFacts, SecretsReloaded,
};

use crate::secrets::Secrets;

/// How long a check may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What must work for the server to be ready.
pub(crate) struct Checks(pub(crate) Database);

#[async_trait]
impl HealthChecks for Checks {
    async fn check(&self) -> Vec<Check> {
        let ok = match tokio::time::timeout(PATIENCE, self.0.health()).await {
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
        let log =
            self.log.as_ref().ok_or_else(|| OperatorError::Failed("this server writes no log".into()))?;
        log.set_level(level).map_err(|_| OperatorError::Level)?;
        tracing::info!(level, "log level set until the next start");
        Ok(())
    }

    async fn secrets(&self) -> Result<Vec<SecretFacts>, OperatorError> {
        self.secrets.list().await
    }

    async fn rotate_secret(&self, name: &str) -> Result<SecretFacts, OperatorError> {
        self.secrets.rotate(name).await
    }

    async fn reload_secrets(&self) -> Result<SecretsReloaded, OperatorError> {
        self.secrets.reload().await
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
        if let Some(log) = &self.log {
            let stats = log.stats();
            into.counter("plexi_log_lines_total", "Lines written to the log file.", &[], stats.written);
            into.counter("plexi_log_lost_total", "Lines lost on the way to the log file.", &[], stats.lost);
        }
    }
}
