//! What an administrator sees and sets of the running server: ports to what this crate does not know.

use std::collections::BTreeMap;

use async_trait::async_trait;
use plexi_auth::FormerKeys;
use plexi_config::ConfigError;
use plexi_core::{Coded, ErrorCode, FieldError, Timestamp};
use plexi_core_log::{LevelChange, LogError, LogLevels};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operator's side could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// The text is no log level or filter.
    #[error("no log level")]
    Level,
    /// No secret has that name.
    #[error("no such secret")]
    NoSecret,
    /// The server did not make the secret and cannot change it where it is kept.
    #[error("the secret is kept in {kept}")]
    KeptElsewhere {
        /// The place, in words.
        kept: String,
    },
    /// No part of the server has that path.
    #[error("no such part")]
    NoPart,
    /// Nothing of that name is remembered.
    #[error("nothing of that name is remembered")]
    NothingRemembered,
    /// The part cannot be started anew now.
    #[error("the part cannot be started anew: {0}")]
    PartBusy(String),
    /// A part of the server refused; what the catalogue says of it is answered.
    #[error("{because}")]
    Refused {
        /// The code.
        code: ErrorCode,
        /// For the log.
        because: String,
        /// After how many seconds to try again, when waiting helps.
        after: Option<u32>,
    },
    /// The log refuses.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The configuration refuses.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// Something failed; the text is for the log.
    #[error("operator port failed: {0}")]
    Failed(String),
}

impl Coded for OperatorError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Level | Self::KeptElsewhere { .. } => ErrorCode::ValidationInvalid,
            Self::NoSecret | Self::NoPart | Self::NothingRemembered => ErrorCode::ValidationNotFound,
            Self::PartBusy(_) => ErrorCode::ValidationConflict,
            Self::Refused { code, .. } => *code,
            Self::Log(error) => error.code(),
            Self::Configuration(error) => error.code(),
            Self::Failed(_) => ErrorCode::SystemInternal,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Level => vec![FieldError::new("level", "must be trace, debug, info, warn or error")],
            Self::KeptElsewhere { kept } => {
                let problem = format!("is kept in {kept}: change it there, then reload");
                vec![FieldError::new("name", problem)]
            }
            Self::PartBusy(_) => vec![FieldError::new("path", "cannot be started anew now, try again")],
            Self::Log(error) => error.fields(),
            Self::Configuration(error) => error.fields(),
            Self::NoSecret
            | Self::NoPart
            | Self::NothingRemembered
            | Self::Refused { .. }
            | Self::Failed(_) => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Refused { after, .. } => *after,
            _ => None,
        }
    }
}

impl OperatorError {
    /// A part of the server refused.
    pub fn refused(error: &impl Coded) -> Self {
        Self::Refused { code: error.code(), because: error.to_string(), after: error.retry_after() }
    }
}

/// What may be told of a secret: everything but the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Secret")]
pub struct SecretFacts {
    /// `token.key`, or the key of the configuration.
    pub name: String,
    /// Where it is kept, in words.
    pub kept: String,
    /// Whether the server made it and rotates it. Others are changed where they are kept, and reloaded.
    pub rotatable: bool,
    /// When it was last changed, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Differs when the secret does; the secret cannot be had from it.
    pub fingerprint: String,
}

/// What became of changed secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SecretsReloaded {
    /// In use from now on.
    pub changed: Vec<String>,
    /// In use from the next start on.
    pub needs_restart: Vec<String>,
}

/// A place in the tree of the server's tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Part {
    /// The names from below the root to it, joined by `/`; `server` is the root.
    pub path: String,
    /// What it holds: a task (`worker`), or a `supervisor` of others.
    #[schemars(extend("enum" = ["worker", "supervisor"]))]
    pub kind: &'static str,
    /// What it does.
    #[schemars(extend("enum" = ["waiting", "starting", "running", "stopping", "backoff", "ended", "stuck"]))]
    pub state: &'static str,
    /// For how many milliseconds it has been in that state.
    pub in_state_ms: u64,
    /// How often it was started again, since the server began.
    pub restarts: u64,
    /// How often it was found to hang, since the server began.
    pub hung: u64,
    /// How it failed last, if it ever did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// After how many milliseconds it is started again, while it waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_in_ms: Option<u64>,
}

/// What is remembered of one kind of values, and what that saved, since the server began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Remembered {
    /// The kind.
    pub name: String,
    /// How carefully the values are kept: `PUBLIC` as they are in memory, others sealed.
    pub level: String,
    /// Values held now, about.
    pub entries: u64,
    /// Bytes they take now, about.
    pub bytes: u64,
    /// Bytes they may take.
    pub max_bytes: u64,
    /// Questions that were answered from memory.
    pub hits: u64,
    /// Questions that were not.
    pub misses: u64,
    /// Questions that waited for a read already under way.
    pub joined: u64,
    /// Values that were read.
    pub loads: u64,
    /// Reads that failed.
    pub load_failures: u64,
    /// Values pushed out to make room.
    pub evictions: u64,
    /// How often something was to be forgotten since it changed.
    pub invalidations: u64,
    /// Values that somebody else had changed.
    pub forged: u64,
}

/// How far back figures are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "MetricsRange")]
pub enum HistoryRange {
    /// An hour, by ten seconds.
    #[default]
    #[serde(rename = "1h")]
    Hour,
    /// A day, by five minutes.
    #[serde(rename = "24h")]
    Day,
}

/// What a figure that is kept counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricsUnit")]
pub enum HistoryUnit {
    /// Things.
    Count,
    /// Things a second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Processors at work.
    Processors,
    /// A part of all, 0 to 1.
    Share,
}

/// How a figure was of late.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "MetricsSeries")]
pub struct HistorySeries {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub unit: HistoryUnit,
    /// At each of the times; none where there was nothing to tell.
    pub values: Vec<Option<f32>>,
}

/// How figures were of late, since the server began at most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "MetricsHistory")]
pub struct History {
    /// How many seconds lie between two times, about.
    pub every_seconds: u32,
    /// When they were looked at, oldest first. What counts a time tells of that since the time before.
    pub times: Vec<Timestamp>,
    /// The figures.
    pub items: Vec<HistorySeries>,
}

/// What an administrator may ask of the running server.
#[async_trait]
pub trait Operator: Send + Sync + 'static {
    /// Figures by name: `users`, `spaces`, `channels`, `messages`.
    async fn counts(&self) -> Result<BTreeMap<String, u64>, OperatorError>;

    /// Sets the level of the log until the next start.
    fn set_log_level(&self, level: &str) -> Result<(), OperatorError>;

    /// How much is logged, and where to.
    fn log_levels(&self) -> Result<LogLevels, OperatorError>;

    /// Changes single levels, all of them or none, until the next start.
    fn change_log_levels(&self, change: &LevelChange) -> Result<LogLevels, OperatorError>;

    /// The secrets the server has, without them.
    async fn secrets(&self) -> Result<Vec<SecretFacts>, OperatorError>;

    /// Replaces a secret that the server made; what former ones protect stays valid for its time, or ends at once.
    async fn rotate_secret(&self, name: &str, former: FormerKeys) -> Result<SecretFacts, OperatorError>;

    /// Reads the secrets that are kept elsewhere again.
    async fn reload_secrets(&self) -> Result<SecretsReloaded, OperatorError>;

    /// The tree of the server's tasks: each part, those it supervises after it.
    fn parts(&self) -> Vec<Part>;

    /// Ends a part and starts it anew.
    fn restart_part(&self, path: &str) -> Result<(), OperatorError>;

    /// What is remembered, by name.
    fn remembered(&self) -> Vec<Remembered>;

    /// Forgets what is remembered of one kind, or all.
    async fn forget(&self, name: Option<&str>) -> Result<(), OperatorError>;

    /// How chosen figures were of late.
    fn history(&self, range: HistoryRange) -> History;
}

/// Knows nothing and sets nothing. For tests and examples.
pub struct NoOperator;

#[async_trait]
impl Operator for NoOperator {
    async fn counts(&self) -> Result<BTreeMap<String, u64>, OperatorError> {
        Ok(BTreeMap::new())
    }

    fn set_log_level(&self, level: &str) -> Result<(), OperatorError> {
        let known = ["trace", "debug", "info", "warn", "error"].contains(&level);
        if known { Ok(()) } else { Err(OperatorError::Level) }
    }

    fn log_levels(&self) -> Result<LogLevels, OperatorError> {
        Ok(LogLevels::default())
    }

    fn change_log_levels(&self, _: &LevelChange) -> Result<LogLevels, OperatorError> {
        Ok(LogLevels::default())
    }

    async fn secrets(&self) -> Result<Vec<SecretFacts>, OperatorError> {
        Ok(Vec::new())
    }

    async fn rotate_secret(&self, _: &str, _: FormerKeys) -> Result<SecretFacts, OperatorError> {
        Err(OperatorError::NoSecret)
    }

    async fn reload_secrets(&self) -> Result<SecretsReloaded, OperatorError> {
        Ok(SecretsReloaded::default())
    }

    fn parts(&self) -> Vec<Part> {
        Vec::new()
    }

    fn remembered(&self) -> Vec<Remembered> {
        Vec::new()
    }

    async fn forget(&self, name: Option<&str>) -> Result<(), OperatorError> {
        name.map_or(Ok(()), |_| Err(OperatorError::NothingRemembered))
    }

    fn restart_part(&self, _: &str) -> Result<(), OperatorError> {
        Err(OperatorError::NoPart)
    }

    fn history(&self, _: HistoryRange) -> History {
        History::default()
    }
}
