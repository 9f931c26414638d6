//! One server at a time changes the schema.

use std::time::Duration;

use sea_orm::DatabaseConnection;
use sea_orm::sqlx::{self, Connection as _, MySqlConnection, PgConnection};

use crate::database::{DbError, Engine};

/// The lock of `PostgreSQL`; its locks are those of one database. The bytes of `plexichs`.
const POSTGRES_KEY: i64 = 0x706c_6578_6963_6873;
/// The lock of `MariaDB`; its locks are those of the whole server, hence the name of the database.
const MARIADB_LOCK: &str = "SELECT GET_LOCK(CONCAT('plexichat.schema.', SHA1(DATABASE())), ?)";

/// Held while the schema changes, on a connection of its own: when that ends, however it ends, the server lets go.
pub(crate) enum SchemaLock {
    /// A file has one server: the lock of the data folder holds.
    Sqlite,
    Postgres(PgConnection),
    MariaDb(MySqlConnection),
}

impl SchemaLock {
    /// Waits for the lock for at most `within`. [`DbError::SchemaBusy`] when another has it for longer.
    pub(crate) async fn take(
        database: &DatabaseConnection,
        engine: Engine,
        within: Duration,
    ) -> Result<Self, DbError> {
        match engine {
            Engine::Sqlite => Ok(Self::Sqlite),
            Engine::Postgres => {
                let pool = database.get_postgres_connection_pool();
                let mut connection = pool.acquire().await.map_err(|error| failed(&error))?.detach();
                postgres(&mut connection, within).await?;
                Ok(Self::Postgres(connection))
            }
            Engine::MariaDb => {
                let pool = database.get_mysql_connection_pool();
                let mut connection = pool.acquire().await.map_err(|error| failed(&error))?.detach();
                mariadb(&mut connection, within).await?;
                Ok(Self::MariaDb(connection))
            }
        }
    }

    /// Lets go, by closing the connection.
    pub(crate) async fn release(self) {
        let closed = match self {
            Self::Sqlite => Ok(()),
            Self::Postgres(connection) => connection.close().await,
            Self::MariaDb(connection) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "connection of the schema lock did not close cleanly");
        }
    }
}

async fn postgres(connection: &mut PgConnection, within: Duration) -> Result<(), DbError> {
    /// A lock was not given in time.
    const NOT_AVAILABLE: &str = "55P03";
    // 0 would wait for ever
    let bound = within.as_millis().max(1).to_string();
    let set = sqlx::query("SELECT set_config('lock_timeout', $1, false)").bind(bound);
    set.execute(&mut *connection).await.map_err(|error| failed(&error))?;
    let asked = sqlx::query("SELECT pg_advisory_lock($1)").bind(POSTGRES_KEY).execute(&mut *connection).await;
    match asked {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NOT_AVAILABLE) => {
            Err(DbError::SchemaBusy(within))
        }
        Err(error) => Err(failed(&error)),
    }
}

async fn mariadb(connection: &mut MySqlConnection, within: Duration) -> Result<(), DbError> {
    let given: Option<i64> = sqlx::query_scalar(MARIADB_LOCK)
        .bind(within.as_secs_f64())
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| failed(&error))?;
    match given {
        Some(1) => Ok(()),
        Some(_) => Err(DbError::SchemaBusy(within)),
        None => Err(DbError::Migrate("the lock of the schema was not given".to_owned())),
    }
}

fn failed(error: &sqlx::Error) -> DbError {
    DbError::Migrate(error.to_string())
}
