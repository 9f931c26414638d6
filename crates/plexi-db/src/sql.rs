//! Statements with parameters, and the reading of rows: the one place that talks to the driver.

use std::time::{Duration, Instant};

use plexi_core::{
    ChannelId, EventKey, InvitationId, MessageId, RoleId, SessionId, SpaceId, Timestamp, UserId,
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement, Value,
};
use uuid::Uuid;

use crate::database::Engine;
use crate::fault::Fault;

/// Where a statement runs: on any connection of a pool, or in a transaction.
#[derive(Clone, Copy)]
enum Target<'a> {
    Pool(&'a DatabaseConnection),
    Transaction(&'a DatabaseTransaction),
}

/// Runs statements. Parameters are written `?` on every engine.
#[derive(Clone, Copy)]
pub(crate) struct Conn<'a> {
    target: Target<'a>,
    pub(crate) engine: Engine,
    slow: Duration,
}

impl<'a> Conn<'a> {
    pub(crate) fn pool(pool: &'a DatabaseConnection, engine: Engine, slow: Duration) -> Self {
        Self { target: Target::Pool(pool), engine, slow }
    }

    pub(crate) fn transaction(tx: &'a DatabaseTransaction, engine: Engine, slow: Duration) -> Self {
        Self { target: Target::Transaction(tx), engine, slow }
    }

    /// All rows of a query.
    pub(crate) async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Fault> {
        let begun = Instant::now();
        let statement = self.statement(sql, values);
        let rows = match self.target {
            Target::Pool(pool) => pool.query_all_raw(statement).await,
            Target::Transaction(tx) => tx.query_all_raw(statement).await,
        };
        self.note(sql, begun);
        Ok(rows?)
    }

    /// The first row of a query.
    pub(crate) async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>, Fault> {
        let begun = Instant::now();
        let statement = self.statement(sql, values);
        let row = match self.target {
            Target::Pool(pool) => pool.query_one_raw(statement).await,
            Target::Transaction(tx) => tx.query_one_raw(statement).await,
        };
        self.note(sql, begun);
        Ok(row?)
    }

    /// Runs a change; how many rows it changed.
    pub(crate) async fn run(&self, sql: &str, values: Vec<Value>) -> Result<u64, Fault> {
        let begun = Instant::now();
        let statement = self.statement(sql, values);
        let done = match self.target {
            Target::Pool(pool) => pool.execute_raw(statement).await,
            Target::Transaction(tx) => tx.execute_raw(statement).await,
        };
        self.note(sql, begun);
        Ok(done?.rows_affected())
    }

    /// Writes many rows: `head` up to `VALUES`, and one `row` with its placeholders for each.
    pub(crate) async fn insert_many(&self, head: &str, row: &str, values: Vec<Value>) -> Result<u64, Fault> {
        let mut writes = Writes::default();
        writes.rows(&format!("{head} {{rows}}"), row, values);
        writes.run(*self).await
    }

    /// Runs a query for many keys: `sql` holds `{in}` where the list of placeholders goes, after the parameters `before` and
    /// before the parameters `after`. Portions as in [`Conn::insert_many`]; rows come portion by portion.
    pub(crate) async fn all_in(
        &self,
        sql: &str,
        before: &[Value],
        keys: Vec<Value>,
        after: &[Value],
    ) -> Result<Vec<QueryResult>, Fault> {
        let mut rows = Vec::new();
        let mut rest = keys.into_iter();
        let mut left = rest.len();
        while left > 0 {
            let portion = portion(left, 1);
            let list = placeholders(portion);
            let values = before
                .iter()
                .cloned()
                .chain(rest.by_ref().take(portion))
                .chain(after.iter().cloned())
                .collect();
            rows.append(&mut self.all(&sql.replace("{in}", &list), values).await?);
            left -= portion;
        }
        Ok(rows)
    }

    /// As [`Conn::all_in`], for a change.
    pub(crate) async fn run_in(&self, sql: &str, before: &[Value], keys: Vec<Value>) -> Result<u64, Fault> {
        let mut changed = 0;
        let mut rest = keys.into_iter();
        let mut left = rest.len();
        while left > 0 {
            let portion = portion(left, 1);
            let list = placeholders(portion);
            let values = before.iter().cloned().chain(rest.by_ref().take(portion)).collect();
            changed += self.run(&sql.replace("{in}", &list), values).await?;
            left -= portion;
        }
        Ok(changed)
    }

    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        let (backend, sql) = match self.engine {
            Engine::Sqlite => (DbBackend::Sqlite, sql.to_owned()),
            Engine::MariaDb => (DbBackend::MySql, sql.to_owned()),
            Engine::Postgres => (DbBackend::Postgres, numbered(sql)),
        };
        Statement::from_sql_and_values(backend, sql, values)
    }

    fn note(&self, sql: &str, begun: Instant) {
        let elapsed = begun.elapsed();
        if !self.slow.is_zero() && elapsed > self.slow {
            let statement = sql.split_whitespace().take(40).collect::<Vec<_>>().join(" ");
            tracing::warn!(
                elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                statement = statement.get(..300).unwrap_or(&statement),
                "slow query"
            );
        }
    }
}

/// The most parameters of changes that go to `SQLite` as one text.
const TOGETHER: usize = 160;

/// Changes that are made one after the other. Few small ones go to `SQLite` together: there a way to the thread of the
/// connection and back costs more than such a change itself.
#[derive(Default)]
pub(crate) struct Writes {
    list: Vec<(String, Vec<Value>)>,
    parameters: usize,
}

impl Writes {
    /// Adds a change.
    pub(crate) fn one(&mut self, sql: &str, values: Vec<Value>) {
        self.parameters += values.len();
        self.list.push((sql.to_owned(), values));
    }

    /// Adds a change with a list of rows where `sql` holds `{rows}`; nothing when there are none. The rows go in portions of a
    /// few sizes, so that few statements exist and stay prepared.
    pub(crate) fn rows(&mut self, sql: &str, row: &str, values: Vec<Value>) {
        let width = row.matches('?').count();
        let mut rest = values.into_iter();
        let mut rows = rest.len() / width.max(1);
        while rows > 0 {
            let portion = portion(rows, width);
            let mut list = String::with_capacity((row.len() + 1) * portion);
            for index in 0..portion {
                if index > 0 {
                    list.push(',');
                }
                list.push_str(row);
            }
            self.one(&sql.replace("{rows}", &list), rest.by_ref().take(portion * width).collect());
            rows -= portion;
        }
    }

    /// Makes the changes; how many rows they changed.
    pub(crate) async fn run(self, conn: Conn<'_>) -> Result<u64, Fault> {
        if conn.engine == Engine::Sqlite && self.list.len() > 1 && self.parameters <= TOGETHER {
            let (texts, values): (Vec<_>, Vec<_>) = self.list.into_iter().unzip();
            return conn.run(&texts.join("; "), values.into_iter().flatten().collect()).await;
        }
        let mut changed = 0;
        for (sql, values) in self.list {
            changed += conn.run(&sql, values).await?;
        }
        Ok(changed)
    }
}

/// How many of the rows that are left one statement takes: one of few sizes, within `SQLite`'s 32,766 parameters.
fn portion(rows: usize, width: usize) -> usize {
    let most = if width > 60 { 256 } else { 512 };
    let capped = rows.min(most);
    let power = 1 << capped.ilog2();
    let between = power + power / 2;
    if between <= capped { between } else { power }
}

/// `(?,?,?)`.
pub(crate) fn placeholders(count: usize) -> String {
    let mut text = String::with_capacity(2 * count + 1);
    text.push('(');
    for index in 0..count {
        text.push_str(if index == 0 { "?" } else { ",?" });
    }
    text.push(')');
    text
}

/// `?` as `$1`, `$2` ... No statement of this crate has a question mark in a literal.
fn numbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 16);
    for (count, part) in sql.split('?').enumerate() {
        if count > 0 {
            text.push('$');
            text.push_str(&count.to_string());
        }
        text.push_str(part);
    }
    text
}

/// Something that can be a parameter.
pub(crate) trait Param {
    fn param(self) -> Value;
    fn null() -> Value;
}

macro_rules! params_of {
    ($($kind:ty, $value:ident => $param:expr, $null:expr;)*) => {$(
        impl Param for $kind {
            fn param(self) -> Value {
                let $value = self;
                $param
            }

            fn null() -> Value {
                $null
            }
        }
    )*};
}

params_of! {
    i64, v => Value::BigInt(Some(v)), Value::BigInt(None);
    u32, v => Value::BigInt(Some(i64::from(v))), Value::BigInt(None);
    bool, v => Value::Bool(Some(v)), Value::Bool(None);
    String, v => Value::String(Some(v)), Value::String(None);
    &String, v => Value::String(Some(v.clone())), Value::String(None);
    &str, v => Value::String(Some(v.to_owned())), Value::String(None);
    Vec<u8>, v => Value::Bytes(Some(v)), Value::Bytes(None);
    &[u8], v => Value::Bytes(Some(v.to_vec())), Value::Bytes(None);
    &[u8; 32], v => Value::Bytes(Some(v.to_vec())), Value::Bytes(None);
    Uuid, v => Value::Uuid(Some(v)), Value::Uuid(None);
    Timestamp, v => Value::BigInt(Some(v.as_micros())), Value::BigInt(None);
    EventKey, v => Value::BigInt(Some(v.0)), Value::BigInt(None);
    UserId, v => Value::Uuid(Some(v.as_uuid())), Value::Uuid(None);
    SpaceId, v => Value::Uuid(Some(v.as_uuid())), Value::Uuid(None);
    ChannelId, v => Value::Uuid(Some(v.as_uuid())), Value::Uuid(None);
    MessageId, v => Value::Uuid(Some(v.as_uuid())), Value::Uuid(None);
    SessionId, v => Value::Uuid(Some(v.as_uuid())), Value::Uuid(None);
    RoleId, v => Value::Uuid(Some(v.as_uuid())), Value::Uuid(None);
    InvitationId, v => Value::Uuid(Some(v.as_uuid())), Value::Uuid(None);
}

impl<T: Param> Param for Option<T> {
    fn param(self) -> Value {
        self.map_or_else(T::null, T::param)
    }

    fn null() -> Value {
        T::null()
    }
}

/// A list of parameters of any kinds.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Param::param($value)),*] };
}
pub(crate) use params;

/// Reads the columns of a row one after the other.
pub(crate) struct Cells<'a> {
    row: &'a QueryResult,
    next: usize,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(row: &'a QueryResult) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    pub(crate) fn take<T: Cell>(&mut self) -> Result<T, Fault> {
        let index = self.next;
        self.next += 1;
        T::read(self.row, index)
    }
}

/// The only column of a row.
pub(crate) fn single<T: Cell>(row: &QueryResult) -> Result<T, Fault> {
    T::read(row, 0)
}

/// Something that a column can hold.
pub(crate) trait Cell: Sized {
    fn read(row: &QueryResult, index: usize) -> Result<Self, Fault>;
}

macro_rules! cells_of {
    ($($kind:ty, $raw:ty, $value:ident => $cell:expr;)*) => {$(
        impl Cell for $kind {
            fn read(row: &QueryResult, index: usize) -> Result<Self, Fault> {
                let $value: $raw = row.try_get_by_index(index).map_err(unreadable)?;
                Ok($cell)
            }
        }

        impl Cell for Option<$kind> {
            fn read(row: &QueryResult, index: usize) -> Result<Self, Fault> {
                let value: Option<$raw> = row.try_get_by_index(index).map_err(unreadable)?;
                Ok(value.map(|$value| $cell))
            }
        }
    )*};
}

cells_of! {
    i64, i64, v => v;
    i32, i32, v => v;
    bool, bool, v => v;
    u32, i64, v => u32::try_from(v).unwrap_or(u32::MAX);
    String, String, v => v;
    Vec<u8>, Vec<u8>, v => v;
    Timestamp, i64, v => Timestamp::from_micros(v);
    UserId, Uuid, v => UserId::from_uuid(v);
    SpaceId, Uuid, v => SpaceId::from_uuid(v);
    ChannelId, Uuid, v => ChannelId::from_uuid(v);
    MessageId, Uuid, v => MessageId::from_uuid(v);
    SessionId, Uuid, v => SessionId::from_uuid(v);
    RoleId, Uuid, v => RoleId::from_uuid(v);
    InvitationId, Uuid, v => InvitationId::from_uuid(v);
}

impl Cell for [u8; 32] {
    fn read(row: &QueryResult, index: usize) -> Result<Self, Fault> {
        let bytes: Vec<u8> = Cell::read(row, index)?;
        bytes.try_into().map_err(|_| Fault::Corrupt(String::from("a digest of another length")))
    }
}

impl Cell for Option<[u8; 32]> {
    fn read(row: &QueryResult, index: usize) -> Result<Self, Fault> {
        let bytes: Option<Vec<u8>> = Cell::read(row, index)?;
        bytes
            .map(|bytes| {
                bytes.try_into().map_err(|_| Fault::Corrupt(String::from("a digest of another length")))
            })
            .transpose()
    }
}

/// A column that does not hold what the schema says.
fn unreadable(error: DbErr) -> Fault {
    match error {
        DbErr::Type(_) | DbErr::Query(_) => Fault::Corrupt(error.to_string()),
        other => Fault::Db(other),
    }
}

/// Ids as 16 bytes one after the other; none for an empty list.
pub(crate) fn pack_ids(ids: &[UserId]) -> Option<Vec<u8>> {
    if ids.is_empty() {
        return None;
    }
    Some(ids.iter().flat_map(|id| id.as_uuid().into_bytes()).collect())
}

/// The inverse of [`pack_ids`].
pub(crate) fn unpack_ids(bytes: Option<&[u8]>) -> Vec<UserId> {
    let (chunks, _) = bytes.unwrap_or_default().as_chunks::<16>();
    chunks.iter().map(|chunk| UserId::from_uuid(Uuid::from_bytes(*chunk))).collect()
}

/// Text as it is looked for: as [`fold`], and without marks on letters.
pub(crate) use plexi_messaging::search::fold::fold as fold_loosely;

/// Text as it is compared: NFKC, lower case.
pub(crate) fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc().collect::<String>().to_lowercase()
}

/// The first text that is after every text starting with `prefix`.
pub(crate) fn end_of_prefix(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A log that can be read again.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_query_that_takes_too_long_is_logged_without_its_values() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let pool = DatabaseConnection::default();
            let begun = Instant::now();
            for (slow, sql) in [
                (Duration::ZERO, "never"),
                (Duration::from_hours(1), "soon"),
                (Duration::from_nanos(1), "SELECT  late\n FROM  x WHERE y = ?"),
            ] {
                while begun.elapsed() <= Duration::from_nanos(1) {}
                Conn::pool(&pool, Engine::Sqlite, slow).note(sql, begun);
            }
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("slow query") && text.contains("SELECT late FROM x WHERE y = ?"), "{text}");
    }
}
