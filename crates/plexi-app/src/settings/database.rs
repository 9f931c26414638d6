use plexi_config::{SecretContext, SecretSource, from_process_env};
use plexi_core::{FieldError, Secret};
use plexi_db::DatabaseConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// Where everything is stored: section `database`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSection {
    /// Where the data is; by default the `SQLite` file `plexichat.db` in the data folder. Else `sqlite:PATH`,
    /// `postgres://user:password@host:port/name` or `mysql://user:password@host:port/name` (also for `MariaDB` 10.11 or newer).
    pub url: Option<SecretSource>,
    /// Connections kept at most. With `SQLite` one of them writes and at most four read. 2 to 200.
    #[schemars(range(min = 2, max = 200))]
    pub max_connections: u32,
    /// Milliseconds that a request waits for a connection. 100 to 60,000.
    #[schemars(range(min = 100, max = 60_000))]
    pub acquire_timeout_ms: u64,
    /// Statements that take longer than so many milliseconds are logged as warnings; 0 logs none.
    #[schemars(range(max = 600_000))]
    pub slow_query_ms: u64,
    /// Page cache of each `SQLite` connection in KiB. 256 to 1,048,576.
    #[schemars(range(min = 256, max = 1_048_576))]
    pub sqlite_cache_kib: u32,
}

impl Default for DatabaseSection {
    fn default() -> Self {
        let config = DatabaseConfig::default();
        Self {
            url: None,
            max_connections: config.max_connections,
            acquire_timeout_ms: config.acquire_timeout_ms,
            slow_query_ms: config.slow_query_ms,
            sqlite_cache_kib: config.sqlite_cache_kib,
        }
    }
}

impl DatabaseSection {
    /// Whether the data is in the file of the data folder.
    pub fn is_in_data_folder(&self) -> bool {
        self.url.is_none()
    }

    /// What opens the database; reads the address from where it is kept.
    pub fn open(&self) -> Result<DatabaseConfig, AppError> {
        let context = SecretContext { environment: from_process_env().collect(), ..SecretContext::default() };
        let url = match &self.url {
            Some(source) => source.resolve(&context)?,
            None => Secret::new("sqlite".to_owned()),
        };
        Ok(DatabaseConfig {
            url,
            max_connections: self.max_connections,
            acquire_timeout_ms: self.acquire_timeout_ms,
            slow_query_ms: self.slow_query_ms,
            sqlite_cache_kib: self.sqlite_cache_kib,
            ..DatabaseConfig::default()
        })
    }

    /// All that is wrong with the values; keys are relative to the section.
    pub fn problems(&self) -> Vec<FieldError> {
        [
            ("max_connections", u64::from(self.max_connections), 2, 200),
            ("acquire_timeout_ms", self.acquire_timeout_ms, 100, 60_000),
            ("slow_query_ms", self.slow_query_ms, 0, 600_000),
            ("sqlite_cache_kib", u64::from(self.sqlite_cache_kib), 256, 1_048_576),
        ]
        .into_iter()
        .filter(|(_, value, min, max)| !(min..=max).contains(&value))
        .map(|(key, value, min, max)| FieldError::new(key, format!("is {value} and must be {min} to {max}")))
        .collect()
    }
}
