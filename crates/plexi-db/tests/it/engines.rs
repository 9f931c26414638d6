//! A fresh database for each test: a file of `SQLite` always, one of `PostgreSQL` and of `MariaDB` when a server is named.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use plexi_core::{IdSource, Secret, SystemClock, SystemEntropy};
use plexi_db::{Database, DatabaseConfig, Engine};
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// Every table that all engines have, those that refer to others first.
const TABLES: [&str; 20] = [
    "imported",
    "sidebars",
    "thread_members",
    "idempotency",
    "message_index",
    "drafts",
    "message_mentions",
    "reactions",
    "message_revisions",
    "channel_events",
    "messages",
    "channel_members",
    "channels",
    "invitations",
    "space_members",
    "spaces",
    "refresh_tokens",
    "sessions",
    "users",
    "roles",
];

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Where a test's database is. Dropping it forgets the file; databases of a server are dropped by [`Place::remove`].
pub struct Place {
    pub folder: tempfile::TempDir,
    pub config: DatabaseConfig,
    server: Option<(String, String)>,
}

/// The url of the server that a test of `engine` uses. None skips the test, which the build server does not allow.
pub fn server(engine: Engine) -> Option<String> {
    let name = match engine {
        Engine::Sqlite => return Some(String::new()),
        Engine::Postgres => "PLEXI_TEST_POSTGRES_URL",
        Engine::MariaDb => "PLEXI_TEST_MARIADB_URL",
    };
    let url = setting(name);
    assert!(
        url.is_some() || setting("CI").as_deref() != Some("true"),
        "{name} is not set: cargo xtask services up starts the servers"
    );
    url
}

#[expect(clippy::disallowed_methods, reason = "tests are told by their environment where the servers are")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Place {
    /// A place with an empty database.
    pub async fn new(engine: Engine, server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config =
            DatabaseConfig { max_connections: 8, acquire_timeout_ms: 30_000, ..DatabaseConfig::default() };
        if engine == Engine::Sqlite {
            return Self { folder, config, server: None };
        }
        let name = format!("plexi_t_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        admin(server, &format!("DROP DATABASE IF EXISTS {name}")).await;
        admin(server, &format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').unwrap();
        config.url = Secret::new(format!("{base}/{name}"));
        Self { folder, config, server: Some((server.to_owned(), name)) }
    }

    /// Opens it, with the schema.
    pub async fn open(&self) -> Database {
        Database::connect(&self.config, self.folder.path()).await.unwrap()
    }

    /// Opens it beside the stores, for looking and for harm.
    pub async fn raw(&self) -> DatabaseConnection {
        let url = self.config.url.expose();
        let url = if url == "sqlite" {
            format!("sqlite://{}?mode=rwc", self.folder.path().join("plexichat.db").display())
        } else {
            url.clone()
        };
        sea_orm::Database::connect(url).await.unwrap()
    }

    /// Every table of this engine.
    pub fn tables(&self) -> impl Iterator<Item = &'static str> {
        let own = if self.server.is_none() { &["message_backlog"][..] } else { &[] };
        own.iter().copied().chain(TABLES)
    }

    /// Empties the tables. On the servers this is much faster than another database.
    pub async fn clear(&self) {
        let raw = self.raw().await;
        for table in self.tables() {
            let sql = match (table, &self.server) {
                ("message_index", None) => {
                    "INSERT INTO message_index (message_index) VALUES ('delete-all')".to_owned()
                }
                _ => format!("DELETE FROM {table}"),
            };
            raw.execute_unprepared(&sql).await.unwrap();
        }
        raw.close().await.unwrap();
    }

    /// Drops the database of a server.
    pub async fn remove(self) {
        if let Some((server, name)) = self.server {
            let force = if server.starts_with("postgres") { " WITH (FORCE)" } else { "" };
            admin(&server, &format!("DROP DATABASE {name}{force}")).await;
        }
    }
}

async fn admin(server: &str, sql: &str) {
    let connection = sea_orm::Database::connect(server).await.unwrap();
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}

/// Ids as the server makes them.
pub fn ids() -> IdSource {
    IdSource::new(Arc::new(SystemClock), Arc::new(SystemEntropy::new()))
}

/// A test for each engine: `engines!(name, |place| async { .. })`.
macro_rules! engines {
    ($name:ident, |$place:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn run(engine: plexi_db::Engine) {
                let Some(server) = $crate::engines::server(engine) else { return };
                let $place = $crate::engines::Place::new(engine, &server).await;
                $body
                $place.remove().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(plexi_db::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(plexi_db::Engine::Postgres).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mariadb() {
                run(plexi_db::Engine::MariaDb).await;
            }
        }
    };
}
pub(crate) use engines;
