use plexi_core::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which database, and how much of it is used.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Where the data is: `sqlite` (the file `plexichat.db` in the data folder), `sqlite:PATH`,
    /// `postgres://user:password@host:port/name` or `mysql://user:password@host:port/name` (`MariaDB` 10.11 or newer). It may
    /// hold a password and is never shown.
    pub url: Secret<String>,
    /// Connections kept at most, 2 to 200. With `SQLite` one of them writes and at most four read.
    #[schemars(range(min = 2, max = 200))]
    pub max_connections: u32,
    /// How long a request waits for a connection, in milliseconds, 100 to 60000.
    #[schemars(range(min = 100, max = 60_000))]
    pub acquire_timeout_ms: u64,
    /// Statements that take longer are logged as warnings, in milliseconds; 0 logs none.
    pub slow_query_ms: u64,
    /// Page cache of each `SQLite` connection, in KiB, 256 to 1048576.
    #[schemars(range(min = 256, max = 1_048_576))]
    pub sqlite_cache_kib: u32,
    /// How long the start waits for another server that changes the schema, in milliseconds, 1 to 600000.
    #[schemars(range(min = 1, max = 600_000))]
    pub schema_wait_ms: u64,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: Secret::new(String::from("sqlite")),
            max_connections: 10,
            acquire_timeout_ms: 5_000,
            slow_query_ms: 250,
            sqlite_cache_kib: 4_096,
            schema_wait_ms: 60_000,
        }
    }
}
