//! Everything an operator can set, one section for each part, with defaults that are safe and work.

mod database;
mod metrics;
mod server;
mod transfer;

use plexi_auth::{AuthConfig, BreachedList};
use plexi_cache::CacheConfig;
use plexi_config::Validate;
use plexi_core::FieldError;
use plexi_core_log::LogConfig;
use plexi_messaging::MessagingConfig;
use plexi_supervisor::SupervisorConfig;
use plexi_web::WebConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

pub use database::DatabaseSection;
pub use metrics::{MetricsSection, OtlpSection};
pub use server::ServerConfig;
pub use transfer::TransferSection;

/// The configuration of a `PlexiChat` server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The address, the data folder, limits of connections, start and stop.
    pub server: ServerConfig,
    /// Where everything is stored.
    #[schemars(extend("x-restart" = true))]
    pub database: DatabaseSection,
    /// What is written to the log.
    pub logging: LogConfig,
    /// Figures of the server.
    #[schemars(extend("x-restart" = true))]
    pub metrics: MetricsSection,
    /// Passwords, sessions and tokens.
    pub auth: AuthConfig,
    /// Messages and real-time delivery.
    pub messaging: MessagingConfig,
    /// What is remembered in memory.
    #[schemars(extend("x-restart" = true))]
    pub cache: CacheConfig,
    /// Whole workspaces in and out of the running server.
    pub transfer: TransferSection,
    /// How parts of the server that fail are started again.
    #[schemars(extend("x-restart" = true))]
    pub supervisor: SupervisorConfig,
}

impl Settings {
    /// What is allowed and yet deserves a word at start-up, each with its whole key.
    pub fn warnings(&self) -> Vec<FieldError> {
        self.server.warnings()
    }

    /// The list of breached passwords after a look at it, when there is to be one. Blocks for some milliseconds.
    pub fn breached_passwords(&self) -> Result<Option<BreachedList>, AppError> {
        let list = self.auth.breached_passwords.as_deref().map(BreachedList::open).transpose();
        list.map_err(|error| AppError::Auth(error.into()))
    }

    /// The settings of the web server, from the sections that hold them.
    pub fn web(&self) -> WebConfig {
        let server = &self.server;
        WebConfig {
            public_url: server.address(),
            allowed_hosts: server.allowed_hosts.clone(),
            allowed_origins: server.allowed_origins.clone(),
            trusted_proxies: server.trusted_proxies.clone(),
            request_timeout_seconds: server.request_timeout_seconds,
            max_in_flight: server.max_in_flight,
            max_sockets: server.max_connections,
            max_unauthenticated_sockets: server.max_unauthenticated_sockets,
            max_sockets_per_user: server.max_sockets_per_user,
            heartbeat_seconds: server.heartbeat_seconds,
            max_frames_per_second: server.max_frames_per_second,
            compress_events: server.compress_events,
            max_message_length: self.messaging.max_message_length,
        }
    }
}

impl Validate for Settings {
    fn validate(&self) -> Vec<FieldError> {
        let sections = [
            ("server", self.server.problems()),
            ("database", self.database.problems()),
            ("logging", self.logging.problems()),
            ("metrics", self.metrics.problems()),
            ("auth", self.auth.check().err().unwrap_or_default()),
            ("messaging", self.messaging.problems()),
            ("cache", self.cache.problems()),
            ("transfer", self.transfer.problems()),
            ("supervisor", self.supervisor.problems()),
        ];
        let whole = |section: &str, found: FieldError| {
            FieldError::new(format!("{section}.{}", found.field), found.problem)
        };
        sections
            .into_iter()
            .flat_map(|(section, found)| found.into_iter().map(move |one| whole(section, one)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plexi_config::{Editor, FormKind, Reloader, Sources};

    use super::*;

    #[test]
    fn the_defaults_are_valid_and_every_section_checks_itself() {
        assert_eq!(Settings::default().validate(), []);
        let mut settings = Settings::default();
        settings.server.heartbeat_seconds = 0;
        settings.database.max_connections = 1;
        settings.logging.retention_days = 40_000;
        settings.metrics.otlp.interval_seconds = 0;
        settings.auth.session_days = 0;
        settings.messaging.batch = 0;
        settings.cache.max_size_mb = 0;
        settings.transfer.max_upload_mib = 0;
        settings.supervisor.interval_seconds = 0;
        let keys: Vec<String> = settings.validate().into_iter().map(|problem| problem.field).collect();
        assert_eq!(
            keys,
            [
                "server.heartbeat_seconds",
                "database.max_connections",
                "logging.retention_days",
                "metrics.otlp.interval_seconds",
                "auth.session_days",
                "messaging.batch",
                "cache.max_size_mb",
                "transfer.max_upload_mib",
                "supervisor.interval_seconds"
            ]
        );
    }

    #[test]
    fn what_could_run_programs_read_files_or_lock_everybody_out_is_not_changed_from_elsewhere() {
        let clock = Arc::new(plexi_core::SystemClock);
        let reloader = Reloader::<Settings>::start(Sources::new(), None, clock).unwrap();
        let facts = reloader.facts(Editor::Console).1;
        let locked: Vec<&str> =
            facts.iter().filter(|fact| fact.locked.is_some()).map(|fact| fact.key.as_str()).collect();
        assert_eq!(
            locked,
            [
                "auth.argon2_iterations",
                "auth.argon2_memory_kib",
                "auth.breached_passwords",
                "database.url",
                "logging.sinks",
                "logging.file.main",
                "metrics.otlp.address",
                "metrics.otlp.authorization_file",
                "server.allowed_hosts",
                "server.allowed_origins",
                "server.data_dir",
                "server.listen",
                "server.public_url",
                "server.trusted_proxies",
            ]
        );
        // a key that takes any text could be a path or an address: each new one is to be thought about
        let open_texts: Vec<&str> = facts
            .iter()
            .filter(|fact| fact.locked.is_none() && fact.form.choices.is_empty())
            .filter(|fact| matches!(fact.form.kind, FormKind::Text | FormKind::List | FormKind::Table))
            .map(|fact| fact.key.as_str())
            .collect();
        assert_eq!(open_texts, [""; 0]);
    }
}
