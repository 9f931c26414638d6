use async_trait::async_trait;
use plexi_core::StoreError;
use plexi_core::{ChannelId, UserId};
use plexi_messaging::model::Message;
use plexi_messaging::ports::{SearchPlan, SearchStore, Trait};
use sea_orm::Value;

use super::messages::{index, view};
use crate::database::{Database, Engine};
use crate::sql::{Param, fold_loosely, params, placeholders, single};

/// The channels that a reader may read: two parameters, the reader twice.
const READABLE: &str = "(EXISTS (SELECT 1 FROM channel_members rm JOIN roles mr ON mr.id = rm.role_id \
    LEFT JOIN space_members ms ON ms.space_id = c.space_id AND ms.user_id = rm.user_id \
    LEFT JOIN roles sr ON sr.id = ms.role_id \
    JOIN users ru ON ru.id = rm.user_id JOIN roles ur ON ur.id = ru.role_id \
    WHERE rm.channel_id = c.id AND rm.user_id = ? AND (mr.grants_read = true OR sr.grants_read = true \
    OR (ur.grants_read = true AND c.space_id IS NOT NULL))) \
    OR (c.kind = 'public' AND EXISTS (SELECT 1 FROM space_members rs JOIN roles rr ON rr.id = rs.role_id \
    WHERE rs.space_id = c.space_id AND rs.user_id = ? AND rr.grants_read = true)))";

/// A query that grows.
struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    fn and(&mut self, condition: &str, mut values: Vec<Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.append(&mut values);
    }

    /// `column` is one of `ids`, when there are any.
    fn any_of<T: Param + Copy>(&mut self, column: &str, ids: &[T]) {
        if !ids.is_empty() {
            let values = ids.iter().map(|id| id.param()).collect();
            self.and(&format!("{column} IN {}", placeholders(ids.len())), values);
        }
    }

    fn has(&mut self, wanted: Trait) {
        let condition = match wanted {
            Trait::Link => "m.has_link = true",
            Trait::Reaction => "m.has_reactions = true",
            Trait::Pinned => "m.pinned_at IS NOT NULL",
            Trait::Thread => "(m.thread_key <> 0 OR m.reply_total > 0)",
            Trait::Edited => "m.edited_at IS NOT NULL",
            Trait::Direct => "c.kind IN ('direct', 'group')",
            Trait::File => "1 = 0",
        };
        self.and(condition, Vec::new());
    }
}

/// Where a search begins: at the index when there are words to look for, else at the messages.
fn start(engine: Engine, plan: &SearchPlan, below: Option<i64>) -> Query {
    let Some(question) = index::question(engine, &plan.terms) else {
        return Query {
            sql: String::from("FROM messages m JOIN channels c ON c.id = m.channel_id WHERE 1 = 1"),
            values: Vec::new(),
        };
    };
    let (sql, values) = match engine {
        // The order of the tables is fixed: this index gives the newest first by itself, and stops when told.
        Engine::Sqlite => (
            "FROM message_index f CROSS JOIN messages m ON m.message_key = f.rowid \
             CROSS JOIN channels c ON c.id = m.channel_id WHERE message_index MATCH ? AND f.rowid < ?",
            params![question, below.unwrap_or(i64::MAX)],
        ),
        Engine::Postgres => (
            "FROM message_index f JOIN messages m ON m.message_key = f.message_key \
             JOIN channels c ON c.id = m.channel_id WHERE f.tokens @@ CAST(? AS tsquery)",
            params![question],
        ),
        Engine::MariaDb => (
            "FROM message_index f JOIN messages m ON m.message_key = f.message_key \
             JOIN channels c ON c.id = m.channel_id WHERE MATCH (f.tokens) AGAINST (? IN BOOLEAN MODE)",
            params![question],
        ),
    };
    Query { sql: sql.to_owned(), values }
}

/// The query for a plan.
fn query(engine: Engine, plan: &SearchPlan, reader: UserId, below: Option<i64>, limit: u32) -> Query {
    let mut query = start(engine, plan, below);
    narrow(&mut query, plan, reader, below);
    let by_index = engine == Engine::Sqlite && query.sql.starts_with("FROM message_index");
    query.sql.push_str(if by_index {
        " ORDER BY f.rowid DESC LIMIT ?"
    } else {
        " ORDER BY m.message_key DESC LIMIT ?"
    });
    query.values.push(limit.param());
    query
}

/// As [`query`], of the messages that wait to be taken into the index of `SQLite`.
fn backlog_query(plan: &SearchPlan, reader: UserId, below: Option<i64>, limit: u32) -> Query {
    let (condition, values) = index::backlog_condition(&plan.terms);
    let mut query = Query {
        sql: format!(
            "FROM message_backlog f CROSS JOIN messages m ON m.message_key = f.message_key \
             CROSS JOIN channels c ON c.id = m.channel_id WHERE {condition}"
        ),
        values,
    };
    narrow(&mut query, plan, reader, below);
    query.sql.push_str(" ORDER BY f.message_key DESC LIMIT ?");
    query.values.push(limit.param());
    query
}

/// All conditions of a plan but the words.
fn narrow(query: &mut Query, plan: &SearchPlan, reader: UserId, below: Option<i64>) {
    if let Some(below) = below {
        query.and("m.message_key < ?", params![below]);
    }
    query.and("m.deleted = false AND m.kind = 'text'", Vec::new());
    query.any_of("m.author_id", &plan.authors);
    query.any_of("m.channel_id", &plan.channels);
    if let Some(before) = plan.before {
        query.and("m.created_at < ?", params![before]);
    }
    if let Some(after) = plan.after {
        query.and("m.created_at >= ?", params![after]);
    }
    for wanted in &plan.traits {
        query.has(*wanted);
    }
    query.and(READABLE, params![reader, reader]);
}

#[async_trait]
impl SearchStore for Database {
    async fn find(
        &self,
        plan: &SearchPlan,
        reader: UserId,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let limit = limit.clamp(1, 500);
        let mut found = Vec::new();
        // The backlog first: a message that moves to the index in between is found twice, never missed.
        if self.engine() == Engine::Sqlite && index::question(Engine::Sqlite, &plan.terms).is_some() {
            let query = backlog_query(plan, reader, below, limit);
            found = view::list(self.read(), &query.sql, query.values, Some(reader)).await?;
        }
        let query = query(self.engine(), plan, reader, below, limit);
        found.append(&mut view::list(self.read(), &query.sql, query.values, Some(reader)).await?);
        found.sort_by_key(|message| std::cmp::Reverse(message.id.key()));
        found.dedup_by_key(|message| message.id);
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    async fn channels_named(&self, name: &str, reader: UserId) -> Result<Vec<ChannelId>, StoreError> {
        let sql = format!(
            "SELECT c.id FROM channels c WHERE c.name_folded = ? AND c.space_id IS NOT NULL AND {READABLE} ORDER BY c.id LIMIT 50"
        );
        let rows = self.read().all(&sql, params![fold_loosely(name), reader, reader]).await?;
        Ok(rows.iter().map(single).collect::<Result<_, _>>()?)
    }
}
