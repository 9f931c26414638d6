use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plexi_core::{Coded, ErrorCode, Secret};
use plexi_migrations::{Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait};

use crate::chat::messages::guess::Guesses;
use crate::config::DatabaseConfig;
use crate::connect;
use crate::fault::{Fault, Kind};
use crate::former;
use crate::schema_lock::SchemaLock;
use crate::sql::{Cells, Conn, single};
use crate::writer::{Turn, Writer};

/// How often a transaction is tried when others stand in its way.
pub(crate) const ATTEMPTS: u32 = 5;

/// Which database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file on this machine.
    Sqlite,
    /// `PostgreSQL` 15 or newer.
    Postgres,
    /// `MariaDB` 10.11 or newer.
    MariaDb,
}

impl Engine {
    /// What ends a query that locks the rows it reads. `SQLite` has one writer and needs none.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres | Self::MariaDb => " FOR UPDATE",
        }
    }

    /// The name used in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }
}

/// The database could not be opened or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// The url names no engine that is known, or cannot be read.
    #[error("database url must be sqlite, sqlite:PATH, postgres://... or mysql://...")]
    Url,
    /// It cannot be reached or opened.
    #[error("cannot connect to the database: {0}")]
    Connect(String),
    /// A step of the schema failed.
    #[error("cannot bring the schema up to date: {0}")]
    Migrate(String),
    /// Another server changes the schema, for longer than this one waited.
    #[error("another server is changing the schema of the database; waited for {} seconds", .0.as_secs_f32())]
    SchemaBusy(Duration),
    /// A transaction of another server, perhaps of one that was killed, holds a channel for longer than this one waited.
    #[error("another server is still writing to the database; waited for {} seconds", .0.as_secs_f32())]
    StillWriting(Duration),
    /// It does not answer.
    #[error("database does not answer: {0}")]
    Unavailable(String),
    /// What it holds cannot be read: the file or a table is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// It takes no writes.
    #[error("database is full or read-only: {0}")]
    Full(String),
}

impl Coded for DbError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Full(_) => ErrorCode::StorageFull,
            _ => ErrorCode::StorageUnavailable,
        }
    }
}

/// How much a database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts of every kind.
    pub users: u64,
    /// Spaces, archived ones too.
    pub spaces: u64,
    /// Channels and direct conversations.
    pub channels: u64,
    /// Messages, deleted ones too.
    pub messages: u64,
    /// Sessions that have not ended.
    pub sessions: u64,
}

struct Inner {
    engine: Engine,
    write: Write,
    read: DatabaseConnection,
    slow: Duration,
    schema_wait: Duration,
    guesses: Guesses,
    deleted: AtomicBool,
}

/// Where changes go.
pub(crate) enum Write {
    /// Any connection of the pool.
    Pool(DatabaseConnection),
    /// The one of `SQLite` that writes.
    Sqlite(Box<Writer>),
}

/// A transaction that writes.
pub(crate) enum Tx {
    Pool(DatabaseTransaction),
    Sqlite(Turn),
}

/// All stores. Cheap to clone.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("engine", &self.0.engine).finish_non_exhaustive()
    }
}

/// Something is being deleted; noted at the end of it, however it ends.
pub(crate) struct Deleting<'a>(&'a AtomicBool);

impl Drop for Deleting<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Database {
    /// Opens the database, makes it when it is a file that does not exist, and brings its schema up to date. `data_dir` is
    /// where relative paths of `SQLite` files start. What a server that was killed still commits is waited for:
    /// [`DbError::StillWriting`] when it takes too long.
    pub async fn connect(config: &DatabaseConfig, data_dir: &Path) -> Result<Self, DbError> {
        let database = Self::connect_only(config, data_dir).await?;
        database.migrate_up(None).await?;
        former::wait(&database, database.0.schema_wait).await?;
        Ok(database)
    }

    /// As [`Database::connect`], and leaves the schema as it is.
    pub async fn connect_only(config: &DatabaseConfig, data_dir: &Path) -> Result<Self, DbError> {
        let pools = connect::open(config, data_dir).await?;
        Ok(Self(Arc::new(Inner {
            engine: pools.engine,
            write: pools.write,
            read: pools.read,
            slow: Duration::from_millis(config.slow_query_ms),
            schema_wait: Duration::from_millis(config.schema_wait_ms.clamp(1, 600_000)),
            guesses: Guesses::default(),
            // by a former process, perhaps
            deleted: AtomicBool::new(true),
        })))
    }

    /// Runs the next `steps` steps of the schema, or all that are left. Of several servers that start at once on one
    /// database one does so and the others wait for it: [`DbError::SchemaBusy`] when it takes too long.
    pub async fn migrate_up(&self, steps: Option<u32>) -> Result<(), DbError> {
        let pool = self.schema_pool();
        let lock = SchemaLock::take(&pool, self.0.engine, self.0.schema_wait).await?;
        let done = Migrator::up(&pool, steps).await;
        self.leave_schema(lock, &pool).await;
        done.map_err(|error| migration_failed(&error.into()))
    }

    /// Takes back the last `steps` steps of the schema, or all of them. What they held is lost.
    pub async fn migrate_down(&self, steps: Option<u32>) -> Result<(), DbError> {
        let pool = self.schema_pool();
        let lock = SchemaLock::take(&pool, self.0.engine, self.0.schema_wait).await?;
        let done = Migrator::down(&pool, steps).await;
        self.leave_schema(lock, &pool).await;
        done.map_err(|error| migration_failed(&error.into()))
    }

    /// Where the schema is changed: of `SQLite` a connection for this alone.
    fn schema_pool(&self) -> DatabaseConnection {
        match &self.0.write {
            Write::Pool(pool) => pool.clone(),
            Write::Sqlite(writer) => writer.pool(),
        }
    }

    async fn leave_schema(&self, lock: SchemaLock, pool: &DatabaseConnection) {
        lock.release().await;
        if matches!(self.0.write, Write::Sqlite(_)) {
            close(pool).await;
        }
    }

    /// Takes up a changed name or password of the same database: connections that are opened from now on use it, those that
    /// are open stay. `false` when `url` names another database, which needs a restart. Nothing changes when it does not work.
    pub async fn sign_in_as(&self, url: &Secret<String>) -> Result<bool, DbError> {
        match &self.0.write {
            Write::Pool(pool) => connect::sign_in_as(pool, self.0.engine, url).await,
            Write::Sqlite(_) => Ok(false),
        }
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// Asks the reading and the writing side a trivial question. `Full` when nothing can be written.
    pub async fn health(&self) -> Result<(), DbError> {
        self.read().one("SELECT 1", Vec::new()).await.map_err(|fault| unhealthy(&fault))?;
        // Takes the write lock and gives it back; a change of nothing finds a read-only file.
        self.write()
            .run("UPDATE roles SET built_in = built_in WHERE name = '' AND scope = ''", Vec::new())
            .await
            .map_err(|fault| unhealthy(&fault))?;
        Ok(())
    }

    /// How much there is, for the status page.
    pub async fn counts(&self) -> Result<Counts, DbError> {
        let sql = "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM spaces), (SELECT COUNT(*) FROM channels), \
                   (SELECT COUNT(*) FROM messages), (SELECT COUNT(*) FROM sessions)";
        self.counted(sql).await.map_err(|fault| unhealthy(&fault))
    }

    /// Reads a whole `SQLite` file and says what is damaged in it, one line each and at most twenty; nothing when it is
    /// sound. Changes nothing and can be done beside a running server. Servers of other engines check their own files.
    pub async fn damage(&self) -> Result<Vec<String>, DbError> {
        if self.0.engine != Engine::Sqlite {
            return Ok(Vec::new());
        }
        match self.damage_found().await {
            Ok(found) => Ok(found),
            // so damaged that looking for damage fails
            Err(fault) if fault.kind() == Kind::Corrupt => Ok(vec![unhealthy(&fault).to_string()]),
            Err(fault) => Err(unhealthy(&fault)),
        }
    }

    async fn damage_found(&self) -> Result<Vec<String>, Fault> {
        let mut found = Vec::new();
        for row in self.read().all("PRAGMA quick_check(20)", Vec::new()).await? {
            let line: String = single(&row)?;
            found.extend((line != "ok").then_some(line));
        }
        let strays = "SELECT \"table\" || ' refers to a row of ' || parent || ' that is not there (' || COUNT(*) || ' times)' \
                      FROM pragma_foreign_key_check GROUP BY \"table\", parent LIMIT 20";
        for row in self.read().all(strays, Vec::new()).await? {
            found.push(single(&row)?);
        }
        found.truncate(20);
        Ok(found)
    }

    async fn counted(&self, sql: &str) -> Result<Counts, Fault> {
        let row = self.read().one(sql, Vec::new()).await?.ok_or(Fault::Missing("counts"))?;
        let mut cells = Cells::new(&row);
        let mut next = || cells.take::<i64>().map(|count| u64::try_from(count).unwrap_or(0));
        Ok(Counts {
            users: next()?,
            spaces: next()?,
            channels: next()?,
            messages: next()?,
            sessions: next()?,
        })
    }

    /// Held while something is deleted for good, so that it is swept out later; also when whoever asked for it is gone before
    /// it is done.
    pub(crate) fn deleting(&self) -> Deleting<'_> {
        Deleting(&self.0.deleted)
    }

    /// Sweeps out what is left of deleted texts: the write-ahead log of `SQLite` holds them until it is emptied. `false` when
    /// somebody read from it all the while; the next call tries again. Does nothing when nothing was deleted since, and with
    /// servers, which tidy up by themselves. To be called now and then, not by those who delete.
    pub async fn sweep(&self) -> Result<bool, DbError> {
        let Write::Sqlite(writer) = &self.0.write else { return Ok(true) };
        if !self.0.deleted.swap(false, Ordering::AcqRel) {
            return Ok(true);
        }
        let again = self.deleting();
        let emptied = writer.empty_log().await.map_err(|error| DbError::Unavailable(error.to_string()))?;
        if emptied {
            // nothing is left of what was deleted before; what was deleted meanwhile noted it itself
            std::mem::forget(again);
        }
        Ok(emptied)
    }

    /// Closes all connections after the statements that run now; the write-ahead log of `SQLite` goes into the file.
    pub async fn close(&self) {
        close(&self.0.read).await;
        match &self.0.write {
            Write::Pool(pool) => close(pool).await,
            Write::Sqlite(writer) => {
                if let Err(error) = writer.close().await {
                    tracing::warn!(%error, "database did not close cleanly");
                }
            }
        }
    }

    /// The reading side. It sees everything that was committed before.
    pub(crate) fn read(&self) -> Conn<'_> {
        Conn::pool(&self.0.read, self.0.engine, self.0.slow)
    }

    /// The writing side, for single statements that are a transaction each.
    pub(crate) fn write(&self) -> Conn<'_> {
        match &self.0.write {
            Write::Pool(pool) => Conn::pool(pool, self.0.engine, self.0.slow),
            Write::Sqlite(writer) => Conn::writer(writer, self.0.slow),
        }
    }

    /// What was seen last of the channels that are posted to.
    pub(crate) fn guesses(&self) -> &Guesses {
        &self.0.guesses
    }

    pub(crate) fn within<'a>(&'a self, tx: &'a Tx) -> Conn<'a> {
        match tx {
            Tx::Pool(tx) => Conn::transaction(tx, self.0.engine, self.0.slow),
            Tx::Sqlite(turn) => Conn::turn(turn, self.0.slow),
        }
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Tx, Fault> {
        match &self.0.write {
            Write::Pool(pool) => Ok(Tx::Pool(pool.begin().await?)),
            Write::Sqlite(writer) => Ok(Tx::Sqlite(writer.begin().await?)),
        }
    }

    /// Ends a transaction: commits when all went well. `Continue` when it is to be tried again.
    pub(crate) async fn finish<T>(
        &self,
        tx: Tx,
        outcome: Result<T, Fault>,
        attempt: &mut u32,
    ) -> ControlFlow<Result<T, Fault>> {
        let fault = match outcome {
            Ok(done) => match tx.commit().await {
                Ok(()) => return ControlFlow::Break(Ok(done)),
                Err(fault) => fault,
            },
            Err(fault) => {
                tx.roll_back().await;
                fault
            }
        };
        *attempt += 1;
        if *attempt >= ATTEMPTS || !fault.again() {
            return ControlFlow::Break(Err(fault));
        }
        tracing::debug!(attempt = *attempt, "transaction runs again");
        tokio::time::sleep(Duration::from_millis(u64::from(*attempt) * 5)).await;
        ControlFlow::Continue(())
    }
}

impl Tx {
    async fn commit(self) -> Result<(), Fault> {
        match self {
            Self::Pool(tx) => Ok(tx.commit().await?),
            Self::Sqlite(turn) => {
                let done = turn.commit().await;
                if done.is_err() {
                    turn.roll_back().await;
                }
                done
            }
        }
    }

    async fn roll_back(self) {
        match self {
            Self::Pool(tx) => {
                if let Err(error) = tx.rollback().await {
                    tracing::debug!(%error, "rollback failed");
                }
            }
            Self::Sqlite(turn) => turn.roll_back().await,
        }
    }
}

async fn close(pool: &DatabaseConnection) {
    if let Err(error) = pool.close_by_ref().await {
        tracing::warn!(%error, "database did not close cleanly");
    }
}

/// Runs the block as a transaction that writes, again (bounded) when another stood in its way. The block is an async
/// one whose `Conn` has the name given.
macro_rules! transaction {
    ($database:expr, $conn:ident, $body:block) => {{
        let mut attempt = 0;
        loop {
            let tx = $database.begin().await?;
            let outcome: Result<_, $crate::fault::Fault> = {
                let $conn = $database.within(&tx);
                async { $body }.await
            };
            if let std::ops::ControlFlow::Break(done) = $database.finish(tx, outcome, &mut attempt).await {
                break done;
            }
        }
    }};
}
pub(crate) use transaction;

fn unhealthy(fault: &Fault) -> DbError {
    let text = format!("{fault:?}");
    match fault.kind() {
        Kind::Full => DbError::Full(text),
        Kind::Corrupt => DbError::Damaged(text),
        _ => DbError::Unavailable(text),
    }
}

fn migration_failed(fault: &Fault) -> DbError {
    let text = match fault {
        Fault::Db(error) => error.to_string(),
        other => format!("{other:?}"),
    };
    match fault.kind() {
        Kind::Full => DbError::Full(text),
        Kind::Corrupt => DbError::Damaged(text),
        _ => DbError::Migrate(text),
    }
}
