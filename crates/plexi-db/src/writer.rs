//! The one connection of `SQLite` that writes. Each way to the thread of a connection and back costs more than a small
//! statement itself, so a transaction goes there in as few ways as it can: its beginning with the first statements, its
//! end with the last. The connection is owned here, as a pool asks it on each return whether it is well.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use sea_orm::error::ConnAcquireErr;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sea_orm::sqlx::{
    self, Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Executor as _,
    Row as _,
};
use sea_orm::{DatabaseConnection, DbErr, QueryResult, RuntimeErr, SqlxSqliteConnector, Value};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::fault::Fault;

/// How long emptying the write-ahead log waits for those who read from it; who writes waits as long.
const MOMENT: Duration = Duration::from_millis(250);

/// What one statement brought.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<QueryResult>,
    pub(crate) changed: u64,
}

/// The connection, for one at a time, first come, first served.
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    patience: Duration,
    line: Arc<Mutex<Line>>,
}

/// Where the connection stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// In no transaction.
    Closed,
    /// A transaction is to begin with the next statement.
    Due,
    /// In a transaction; or whoever used it went away, and nobody knows.
    Open,
}

struct Line {
    connection: Option<SqliteConnection>,
    phase: Phase,
    closed: bool,
}

/// The connection, held.
pub(crate) struct Turn(Mutex<OwnedMutexGuard<Line>>);

impl Writer {
    /// Opens the connection. Others wait for it for at most `patience`.
    pub(crate) async fn open(options: SqliteConnectOptions, patience: Duration) -> Result<Self, sqlx::Error> {
        let connection = Some(options.connect().await?);
        let line = Line { connection, phase: Phase::Closed, closed: false };
        Ok(Self { options, patience, line: Arc::new(Mutex::new(line)) })
    }

    /// A pool of one further connection, for what needs a pool. What it sorts may be large and goes to a file.
    pub(crate) fn pool(&self) -> DatabaseConnection {
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(self.patience);
        let options = self.options.clone().pragma("temp_store", "FILE");
        SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.connect_lazy_with(options))
    }

    /// Moves the write-ahead log into the file and empties it, on a connection of its own. `false` when somebody reads from it for
    /// longer than a moment.
    pub(crate) async fn empty_log(&self) -> Result<bool, sqlx::Error> {
        let mut connection = self.options.clone().busy_timeout(MOMENT).connect().await?;
        // The first does most of the work and keeps nobody waiting.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").await?;
        let emptied =
            connection.fetch_one("PRAGMA wal_checkpoint(TRUNCATE)").await?.try_get::<i64, _>(0)? == 0;
        connection.close().await?;
        Ok(emptied)
    }

    /// Waits for the connection, for statements that are a transaction each.
    pub(crate) async fn take(&self) -> Result<Turn, Fault> {
        let line = tokio::time::timeout(self.patience, Arc::clone(&self.line).lock_owned());
        let timed_out = |_| Fault::Db(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
        let mut line = line.await.map_err(timed_out)?;
        if line.phase != Phase::Closed {
            line.roll_back().await;
        }
        if line.connection.is_none() && !line.closed {
            line.connection = Some(self.options.connect().await.map_err(unreachable)?);
        }
        Ok(Turn(Mutex::new(line)))
    }

    /// Waits for the connection, for a transaction. Nothing goes to the engine before the first statement.
    pub(crate) async fn begin(&self) -> Result<Turn, Fault> {
        let turn = self.take().await?;
        turn.0.lock().await.phase = Phase::Due;
        Ok(turn)
    }

    /// Closes the connection after the statement that runs now.
    pub(crate) async fn close(&self) -> Result<(), sqlx::Error> {
        let mut line = self.line.lock().await;
        line.closed = true;
        match line.connection.take() {
            Some(connection) => connection.close().await,
            None => Ok(()),
        }
    }
}

impl Turn {
    /// Runs statements, separated by semicolons, whose parameters follow each other; what each of them brought. With
    /// `ends` the transaction ends with them.
    pub(crate) async fn run(&self, sql: &str, values: Vec<Value>, ends: bool) -> Result<Vec<Answer>, Fault> {
        let mut line = self.0.lock().await;
        let begins = line.phase == Phase::Due;
        let ends = ends && line.phase != Phase::Closed;
        if begins {
            line.phase = Phase::Open;
        }
        let mut answers = match (begins, ends) {
            (false, false) => line.execute(sql.to_owned(), values).await?,
            (true, false) => line.execute(format!("BEGIN IMMEDIATE; {sql}"), values).await?,
            (false, true) => line.execute(format!("{sql}; COMMIT"), values).await?,
            (true, true) => line.execute(format!("BEGIN IMMEDIATE; {sql}; COMMIT"), values).await?,
        };
        if ends {
            line.phase = Phase::Closed;
            answers.pop();
        }
        if begins && !answers.is_empty() {
            answers.remove(0);
        }
        Ok(answers)
    }

    /// Ends the transaction, if its last statements did not.
    pub(crate) async fn commit(&self) -> Result<(), Fault> {
        let mut line = self.0.lock().await;
        if line.phase == Phase::Open {
            line.execute("COMMIT".to_owned(), Vec::new()).await?;
        }
        line.phase = Phase::Closed;
        Ok(())
    }

    /// Takes back what the transaction did; it begins again with the next statement.
    pub(crate) async fn start_over(&self) {
        let mut line = self.0.lock().await;
        line.roll_back().await;
        line.phase = Phase::Due;
    }

    /// Takes back what the transaction did, if it did anything.
    pub(crate) async fn roll_back(&self) {
        self.0.lock().await.roll_back().await;
    }
}

impl Line {
    async fn execute(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<Answer>, Fault> {
        let gone = || Fault::Db(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
        let connection = self.connection.as_mut().ok_or_else(gone)?;
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments(values)?);
        let mut answers = Vec::new();
        let mut answer = Answer::default();
        let mut stream = connection.fetch_many(query);
        while let Some(next) = stream.next().await {
            match next {
                Ok(Either::Right(row)) => answer.rows.push(row.into()),
                Ok(Either::Left(done)) => {
                    answer.changed = done.rows_affected();
                    answers.push(std::mem::take(&mut answer));
                }
                Err(error) => {
                    drop(stream);
                    if matches!(error, sqlx::Error::WorkerCrashed) {
                        self.connection = None;
                    }
                    return Err(Fault::Db(DbErr::Query(RuntimeErr::SqlxError(error.into()))));
                }
            }
        }
        Ok(answers)
    }

    /// After a failure the engine may have ended the transaction by itself: then there is nothing to roll back, and it says so.
    async fn roll_back(&mut self) {
        if self.phase == Phase::Open
            && let Err(fault) = self.execute("ROLLBACK".to_owned(), Vec::new()).await
        {
            tracing::debug!(?fault, "nothing to roll back");
        }
        self.phase = Phase::Closed;
    }
}

fn unreachable(error: sqlx::Error) -> Fault {
    Fault::Db(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}

/// The parameters in the driver's form: those kinds that [`crate::sql::Param`] makes.
fn arguments(values: Vec<Value>) -> Result<SqliteArguments, Fault> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            Value::BigInt(value) => arguments.add(value),
            Value::Bool(value) => arguments.add(value),
            Value::String(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
            Value::Uuid(value) => arguments.add(value),
            other => return Err(Fault::Corrupt(format!("a parameter of an unknown kind: {other:?}"))),
        };
        added.map_err(|error| Fault::Corrupt(error.to_string()))?;
    }
    Ok(arguments)
}
