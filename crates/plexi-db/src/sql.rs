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
use crate::writer::{Answer, Turn, Writer};

/// Where a statement runs: on any connection of a pool, or in a transaction. `SQLite` has one connection that writes.
#[derive(Clone, Copy)]
enum Target<'a> {
    Pool(&'a DatabaseConnection),
    Transaction(&'a DatabaseTransaction),
    Writer(&'a Writer),
    Turn(&'a Turn),
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

    pub(crate) fn writer(writer: &'a Writer, slow: Duration) -> Self {
        Self { target: Target::Writer(writer), engine: Engine::Sqlite, slow }
    }

    pub(crate) fn turn(turn: &'a Turn, slow: Duration) -> Self {
        Self { target: Target::Turn(turn), engine: Engine::Sqlite, slow }
    }

    /// All rows of a query.
    pub(crate) async fn all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Fault> {
        let begun = Instant::now();
        let rows = match self.target {
            Target::Pool(pool) => Ok(pool.query_all_raw(self.statement(sql, values)).await?),
            Target::Transaction(tx) => Ok(tx.query_all_raw(self.statement(sql, values)).await?),
            Target::Writer(writer) => writer.take().await?.run(sql, values, false).await.map(rows),
            Target::Turn(turn) => turn.run(sql, values, false).await.map(rows),
        };
        self.note(sql, begun);
        rows
    }

    /// The first row of a query.
    pub(crate) async fn one(&self, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>, Fault> {
        let begun = Instant::now();
        let row = match self.target {
            Target::Pool(pool) => pool.query_one_raw(self.statement(sql, values)).await?,
            Target::Transaction(tx) => tx.query_one_raw(self.statement(sql, values)).await?,
            Target::Writer(_) | Target::Turn(_) => {
                return Ok(self.all(sql, values).await?.into_iter().next());
            }
        };
        self.note(sql, begun);
        Ok(row)
    }

    /// Runs a change; how many rows it changed.
    pub(crate) async fn run(&self, sql: &str, values: Vec<Value>) -> Result<u64, Fault> {
        self.change(sql, values, false).await
    }

    async fn change(&self, sql: &str, values: Vec<Value>, ends: bool) -> Result<u64, Fault> {
        let begun = Instant::now();
        let done = match self.target {
            Target::Pool(pool) => Ok(pool.execute_raw(self.statement(sql, values)).await?.rows_affected()),
            Target::Transaction(tx) => Ok(tx.execute_raw(self.statement(sql, values)).await?.rows_affected()),
            Target::Writer(writer) => {
                writer.take().await?.run(sql, values, ends).await.map(|answers| changed(&answers))
            }
            Target::Turn(turn) => turn.run(sql, values, ends).await.map(|answers| changed(&answers)),
        };
        self.note(sql, begun);
        done
    }

    /// Asks several questions; the rows of each. They go to `SQLite` together.
    pub(crate) async fn ask(&self, questions: Vec<Question>) -> Result<Vec<Vec<QueryResult>>, Fault> {
        let together = self.together(questions.iter().map(|question| question.keys.len()).sum());
        let mut answers: Vec<Vec<QueryResult>> = questions.iter().map(|_| Vec::new()).collect();
        let mut texts = Vec::new();
        let mut values = Vec::new();
        let mut owners = Vec::new();
        for (owner, question) in questions.into_iter().enumerate() {
            for (sql, mut keys) in question.parts(together) {
                if together {
                    owners.push(owner);
                    texts.push(sql);
                    values.append(&mut keys);
                } else {
                    answers[owner].append(&mut self.all(&sql, keys).await?);
                }
            }
        }
        if let (Target::Turn(turn), false) = (self.target, texts.is_empty()) {
            let begun = Instant::now();
            let sql = texts.join("; ");
            let found = turn.run(&sql, values, false).await?;
            self.note(&sql, begun);
            for (owner, mut answer) in owners.into_iter().zip(found) {
                answers[owner].append(&mut answer.rows);
            }
        }
        Ok(answers)
    }

    /// Takes back what the transaction of `SQLite` did, to try something else in its place.
    pub(crate) async fn start_over(&self) {
        if let Target::Turn(turn) = self.target {
            turn.start_over().await;
        }
    }

    /// Whether so many parameters go to the engine as one text.
    fn together(&self, parameters: usize) -> bool {
        matches!(self.target, Target::Turn(_)) && parameters <= TOGETHER
    }

    /// Writes many rows: `head` up to `VALUES`, and one `row` with its placeholders for each.
    pub(crate) async fn insert_many(
        &self,
        head: &str,
        row: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, Fault> {
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

fn rows(answers: Vec<Answer>) -> Vec<QueryResult> {
    answers.into_iter().flat_map(|answer| answer.rows).collect()
}

fn changed(answers: &[Answer]) -> u64 {
    answers.iter().map(|answer| answer.changed).sum()
}

/// The most parameters that go to `SQLite` as one text.
const TOGETHER: usize = 12_000;

/// A query for many keys of one or several columns: `sql` holds `{rows}` where they go, each as `row`. A key of nulls
/// finds nothing.
pub(crate) struct Question {
    pub(crate) sql: String,
    pub(crate) row: &'static str,
    pub(crate) keys: Vec<Value>,
}

impl Question {
    /// A query without parameters; nothing is asked when it is empty.
    pub(crate) fn simple(sql: &str) -> Self {
        Self { sql: sql.to_owned(), row: "", keys: Vec::new() }
    }

    fn parts(self, together: bool) -> Vec<(String, Vec<Value>)> {
        if self.row.is_empty() && !self.sql.is_empty() {
            return vec![(self.sql, Vec::new())];
        }
        portions(&self.sql, self.row, self.keys, together)
    }
}

/// The text for each portion of the rows and its values. Portions have few sizes, so that few statements exist and stay
/// prepared. With `filled` the last one is filled up with nulls, so that also few texts of several statements exist.
fn portions(sql: &str, row: &str, values: Vec<Value>, filled: bool) -> Vec<(String, Vec<Value>)> {
    let width = row.matches('?').count().max(1);
    let mut parts = Vec::new();
    let mut rest = values.into_iter();
    let mut left = rest.len() / width;
    while left > 0 {
        let size = if filled { filled_portion(left, width) } else { portion(left, width) };
        let used = size.min(left);
        let list = vec![row; size].join(",");
        let mut values: Vec<Value> = Vec::with_capacity(size * width);
        values.extend(rest.by_ref().take(used * width));
        values.resize(size * width, Value::BigInt(None));
        let text = if filled && size > 1 && sql.starts_with("INSERT") {
            sql.replace("VALUES {rows}", &format!("SELECT * FROM (VALUES {list}) WHERE column1 IS NOT NULL"))
        } else {
            sql.replace("{rows}", &list)
        };
        parts.push((text, values));
        left -= used;
    }
    parts
}

/// A change of a list.
enum Change {
    One(String, Vec<Value>),
    Rows(String, &'static str, Vec<Value>),
}

/// Changes that are made one after the other. They go to `SQLite` together, unless they are very many.
#[derive(Default)]
pub(crate) struct Writes {
    list: Vec<Change>,
    parameters: usize,
}

impl Writes {
    /// Adds a change.
    pub(crate) fn one(&mut self, sql: &str, values: Vec<Value>) {
        self.parameters += values.len();
        self.list.push(Change::One(sql.to_owned(), values));
    }

    /// Adds a change with a list of rows where `sql` holds `{rows}`; nothing when there are none. The first value of a row is
    /// never null.
    pub(crate) fn rows(&mut self, sql: &str, row: &'static str, values: Vec<Value>) {
        if !values.is_empty() {
            self.parameters += values.len();
            self.list.push(Change::Rows(sql.to_owned(), row, values));
        }
    }

    /// Makes the changes; how many rows they changed.
    pub(crate) async fn run(self, conn: Conn<'_>) -> Result<u64, Fault> {
        self.make(conn, false).await
    }

    /// Makes the changes, the last ones of the transaction: where the engine can, it ends with them.
    pub(crate) async fn run_last(self, conn: Conn<'_>) -> Result<u64, Fault> {
        self.make(conn, true).await
    }

    async fn make(self, conn: Conn<'_>, ends: bool) -> Result<u64, Fault> {
        let together = conn.together(self.parameters);
        let parts = self.list.into_iter().flat_map(|change| match change {
            Change::One(sql, values) => vec![(sql, values)],
            Change::Rows(sql, row, values) => portions(&sql, row, values, together),
        });
        if together {
            let (texts, values): (Vec<_>, Vec<_>) = parts.unzip();
            if texts.is_empty() {
                return Ok(0);
            }
            return conn.change(&texts.join("; "), values.into_iter().flatten().collect(), ends).await;
        }
        let mut changed = 0;
        for (sql, values) in parts {
            changed += conn.run(&sql, values).await?;
        }
        Ok(changed)
    }
}

/// The size of a portion that takes all rows that are left, or as many as may be, and has a few more places than that.
fn filled_portion(rows: usize, width: usize) -> usize {
    let exact = portion(rows, width);
    if exact >= rows || exact >= most(width) {
        return exact;
    }
    // The next of the sizes 1, 2, 3, 4, 6, 8, 12 ...
    let power = 1 << exact.ilog2();
    if exact == power && power > 1 { power + power / 2 } else { power * 2 }
}

/// The most rows of one statement.
fn most(width: usize) -> usize {
    if width > 60 { 256 } else { 512 }
}

/// How many of the rows that are left one statement takes: one of few sizes, within `SQLite`'s 32,766 parameters.
fn portion(rows: usize, width: usize) -> usize {
    let capped = rows.min(most(width));
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
    Uuid, Uuid, v => v;
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
