//! What went wrong inside a store, and which error of the ports it is.

use plexi_core::StoreError;
use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// A failure inside this crate.
#[derive(Debug)]
pub(crate) enum Fault {
    Db(DbErr),
    Conflict(&'static str),
    Missing(&'static str),
    Corrupt(String),
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        Self::Db(error)
    }
}

/// What kind of failure the engine reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unique,
    ForeignKey,
    /// Another transaction stood in the way; the same one may succeed now.
    Again,
    Full,
    Unavailable,
    Corrupt,
    Other,
}

impl Fault {
    /// `Conflict(what)` when a unique index refused, itself otherwise.
    pub(crate) fn unique(self, what: &'static str) -> Self {
        if self.kind() == Kind::Unique { Self::Conflict(what) } else { self }
    }

    /// `Missing(what)` when a foreign key refused, itself otherwise.
    pub(crate) fn foreign(self, what: &'static str) -> Self {
        if self.kind() == Kind::ForeignKey { Self::Missing(what) } else { self }
    }

    /// What kind of failure it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Db(error) => classify(error),
            Self::Corrupt(_) => Kind::Corrupt,
            Self::Conflict(_) | Self::Missing(_) => Kind::Other,
        }
    }

    /// Whether the same transaction may succeed when run again.
    pub(crate) fn again(&self) -> bool {
        self.kind() == Kind::Again
    }
}

fn driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(inner))
        | DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

/// The kind of a failure.
pub(crate) fn classify(error: &DbErr) -> Kind {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => return Kind::Unique,
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Kind::ForeignKey,
        _ => {}
    }
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) && driver(error).is_none() {
        return Kind::Unavailable;
    }
    driver(error).map_or(Kind::Other, classify_driver)
}

/// The kind of a failure of the driver.
pub(crate) fn classify_driver(error: &sqlx::Error) -> Kind {
    let database = match error {
        sqlx::Error::Database(database) => database,
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_) => return Kind::Unavailable,
        _ => return Kind::Other,
    };
    if let Some(mysql) = database.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return classify_mysql(mysql.number());
    }
    let code = database.code().unwrap_or_default();
    if database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        // An extended code holds the primary one in its lowest byte.
        return classify_sqlite(code.parse::<u32>().unwrap_or(0) & 0xFF);
    }
    classify_postgres(&code)
}

fn classify_sqlite(primary: u32) -> Kind {
    match primary {
        // readonly, ioerr, full, and perm: the disk or its folder does not take the write
        3 | 8 | 10 | 13 => Kind::Full,
        // busy, locked: another process holds the write lock
        5 | 6 => Kind::Again,
        // cantopen
        14 => Kind::Unavailable,
        // corrupt, notadb
        11 | 26 => Kind::Corrupt,
        _ => Kind::Other,
    }
}

fn classify_postgres(code: &str) -> Kind {
    match code {
        // serialization failure, deadlock, lock not available
        "40001" | "40P01" | "55P03" => Kind::Again,
        // disk full, out of memory on disk structures, read-only transaction
        "53100" | "25006" => Kind::Full,
        // data or index corrupted
        "XX001" | "XX002" => Kind::Corrupt,
        // connection failures, too many connections, shutdown, starting up
        code if code.starts_with("08") || code.starts_with("57P") || code == "53300" => Kind::Unavailable,
        _ => Kind::Other,
    }
}

fn classify_mysql(number: u16) -> Kind {
    match number {
        // lock wait timeout, deadlock, record changed since last read
        1205 | 1213 | 1020 => Kind::Again,
        // disk full, table full, error writing file, read-only option, out of resources for the tablespace
        1021 | 1114 | 1026 | 1290 | 1036 | 1836 => Kind::Full,
        // too many connections, shutdown, host or access trouble
        1040 | 1053 | 1043 | 1129 | 1130 | 1203 => Kind::Unavailable,
        // broken table or index
        1034 | 1035 | 1194 | 1195 | 126 | 127 => Kind::Corrupt,
        _ => Kind::Other,
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        let kind = fault.kind();
        match fault {
            Fault::Conflict(what) => Self::Conflict(what),
            Fault::Missing(what) => Self::Missing(what),
            Fault::Corrupt(what) => Self::Corrupt(what),
            Fault::Db(error) => match kind {
                Kind::Full => Self::Full(error.to_string()),
                Kind::Unavailable | Kind::Again => Self::Unavailable(error.to_string()),
                Kind::Corrupt => Self::Corrupt(error.to_string()),
                Kind::Unique => Self::Conflict("key"),
                Kind::ForeignKey => Self::Missing("reference"),
                Kind::Other => Self::Failed(error.to_string()),
            },
        }
    }
}
