//! How each engine's pools are opened.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use plexi_core::Secret;
use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions, Connection as _, Executor};
use sea_orm::{DatabaseConnection, SqlxMySqlConnector, SqlxPostgresConnector, SqlxSqliteConnector};

use crate::config::DatabaseConfig;
use crate::database::{DbError, Engine, Write};
use crate::fault::{Kind, classify_driver};
use crate::writer::Writer;

/// Prepared statements kept by each connection.
const STATEMENTS: usize = 256;
/// How long a statement waits for the write lock of another process.
const BUSY: Duration = Duration::from_secs(5);
/// How long the servers keep a transaction in which nothing happens: that of a machine that went away. Shorter than a start waits.
const IDLE: Duration = Duration::from_secs(30);
/// Pages in the write-ahead log of `SQLite` before they go into the file: 16 MiB. A page that is written often goes once.
const WAL_PAGES: &str = "4096";
/// Whose file it is, for tools that look at `SQLite` files: the bytes of `plex`.
const APPLICATION: &str = "1886152056";
/// Connections of the reading pool of `SQLite`.
const SQLITE_READERS: u32 = 4;

/// The pools of a database.
pub(crate) struct Pools {
    pub(crate) engine: Engine,
    pub(crate) write: Write,
    pub(crate) read: DatabaseConnection,
}

/// Opens the pools that `config` names.
pub(crate) async fn open(config: &DatabaseConfig, data_dir: &Path) -> Result<Pools, DbError> {
    let url = config.url.expose().as_str();
    let timeout = Duration::from_millis(config.acquire_timeout_ms.clamp(100, 60_000));
    if url == "sqlite" {
        return sqlite(config, data_dir.join("plexichat.db"), timeout).await;
    }
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return sqlite(config, data_dir.join(path), timeout).await;
    }
    let most = config.max_connections.clamp(2, 200);
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let options = postgres_options(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(timeout)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    let idle = format!("SET idle_in_transaction_session_timeout = {}", IDLE.as_millis());
                    connection.execute(AssertSqlSafe(idle)).await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .map_err(|error| unavailable(&error))?;
        let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        return Ok(Pools { engine: Engine::Postgres, write: Write::Pool(pool.clone()), read: pool });
    }
    if url.starts_with("mysql://") || url.starts_with("mariadb://") {
        let options = mariadb_options(url)?;
        let pool = MySqlPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(timeout)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // Locks only the rows that are found; the code locks what it decides on.
                    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
                    let idle = format!("SET SESSION idle_transaction_timeout = {}", IDLE.as_secs());
                    connection.execute(AssertSqlSafe(idle)).await?;
                    Ok(())
                })
            })
            .connect_with(options)
            .await
            .map_err(|error| unavailable(&error))?;
        let pool = SqlxMySqlConnector::from_sqlx_mysql_pool(pool);
        return Ok(Pools { engine: Engine::MariaDb, write: Write::Pool(pool.clone()), read: pool });
    }
    Err(DbError::Url)
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, DbError> {
    Ok(PgConnectOptions::from_str(url)
        .map_err(|_| DbError::Url)?
        .application_name("plexichat")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging())
}

fn mariadb_options(url: &str) -> Result<MySqlConnectOptions, DbError> {
    let url = url.strip_prefix("mariadb://").map_or_else(|| url.to_owned(), |rest| format!("mysql://{rest}"));
    Ok(MySqlConnectOptions::from_str(&url)
        .map_err(|_| DbError::Url)?
        .charset("utf8mb4")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging())
}

/// Lets the pool's next connections use the name and password of `url`, once one connection has shown that they are right.
/// `false`, and nothing changes, when `url` names another database than the pool's.
pub(crate) async fn sign_in_as(
    pool: &DatabaseConnection,
    engine: Engine,
    url: &Secret<String>,
) -> Result<bool, DbError> {
    let failed = |error: sqlx::Error| unavailable(&error);
    let url = url.expose().as_str();
    match engine {
        Engine::Postgres if url.starts_with("postgres") => {
            let (pool, new) = (pool.get_postgres_connection_pool(), postgres_options(url)?);
            let old = pool.connect_options();
            if (old.get_host(), old.get_port(), old.get_database())
                != (new.get_host(), new.get_port(), new.get_database())
            {
                return Ok(false);
            }
            new.connect().await.map_err(failed)?.close().await.map_err(failed)?;
            pool.set_connect_options(new);
            Ok(true)
        }
        Engine::MariaDb if url.starts_with("mysql") || url.starts_with("mariadb") => {
            let (pool, new) = (pool.get_mysql_connection_pool(), mariadb_options(url)?);
            let old = pool.connect_options();
            if (old.get_host(), old.get_port(), old.get_database())
                != (new.get_host(), new.get_port(), new.get_database())
            {
                return Ok(false);
            }
            new.connect().await.map_err(failed)?.close().await.map_err(failed)?;
            pool.set_connect_options(new);
            Ok(true)
        }
        _ => Ok(false),
    }
}

async fn sqlite(config: &DatabaseConfig, path: PathBuf, timeout: Duration) -> Result<Pools, DbError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .statement_cache_capacity(STATEMENTS)
        .pragma("cache_size", format!("-{}", config.sqlite_cache_kib.clamp(256, 1_048_576)))
        .pragma("temp_store", "MEMORY")
        // What is deleted or written over is zeroed in the file, not only given free.
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", WAL_PAGES)
        .pragma("journal_size_limit", "67108864")
        .thread_name(|index| format!("sqlite-{index}"))
        .disable_statement_logging();
    // A file that cannot be written would be opened for reading only, and stay so when it can be written again. What every
    // writing connection writes first makes opening fail instead: the next one is tried anew.
    let writing = options.clone().pragma("application_id", APPLICATION);
    let write = Writer::open(writing, timeout).await.map_err(|error| unavailable(&error))?;
    let readers = config.max_connections.clamp(2, 200).saturating_sub(1).min(SQLITE_READERS);
    let read = SqlitePoolOptions::new()
        .max_connections(readers)
        .min_connections(1)
        .acquire_timeout(timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not go away as a server does; asking each time would cost as much as a small statement.
        .test_before_acquire(false)
        .connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pools {
        engine: Engine::Sqlite,
        write: Write::Sqlite(Box::new(write)),
        read: SqlxSqliteConnector::from_sqlx_sqlite_pool(read),
    })
}

fn unavailable(error: &sqlx::Error) -> DbError {
    match classify_driver(error) {
        Kind::Corrupt => DbError::Damaged(error.to_string()),
        Kind::Full => DbError::Full(error.to_string()),
        _ => DbError::Connect(error.to_string()),
    }
}
