use async_trait::async_trait;
use plexi_core::StoreError;
use plexi_core::{ChannelId, MessageId, Timestamp, UserId};
use plexi_messaging::model::{Category, Draft, ReadState, ThreadState};
use plexi_messaging::ports::ReadStore;
use uuid::Uuid;

use super::threads;
use crate::database::{Database, transaction};
use crate::fault::Fault;
use crate::sql::{Cells, Conn, params, single};

/// Unread messages and mentions are counted to this.
const MOST: u32 = 1_000;
/// Drafts of a user.
const MOST_DRAFTS: i64 = 500;
/// Channels counted by one statement.
const PORTION: usize = 32;

/// Who stands for everybody in `message_mentions`.
pub(crate) const EVERYBODY: UserId = UserId::from_uuid(Uuid::nil());

/// How many main-line messages of others, and how many of all that name `user`, come after the given `seq` of each channel.
pub(super) async fn unread(
    conn: Conn<'_>,
    user: UserId,
    marks: &[(ChannelId, i64)],
) -> Result<Vec<(ChannelId, (u32, u32))>, Fault> {
    let one = format!(
        "SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM channel_events e JOIN messages m ON m.message_key = e.message_key \
         WHERE e.channel_id = ? AND e.seq > ? AND e.kind = 'message_posted' AND m.thread_key = 0 AND m.deleted = false \
         AND m.author_id <> ? LIMIT {MOST}) unread), \
         (SELECT COUNT(*) FROM (SELECT DISTINCT seq FROM message_mentions WHERE user_id IN (?, ?) AND channel_id = ? \
         AND seq > ? AND author_id <> ? LIMIT {MOST}) named)"
    );
    let mut counts = Vec::with_capacity(marks.len());
    let mut rest = marks;
    while !rest.is_empty() {
        let portion = 1_usize << rest.len().min(PORTION).ilog2();
        let (now, later) = rest.split_at(portion);
        let sql = now
            .iter()
            .enumerate()
            .map(|(index, _)| one.replacen("SELECT", &format!("SELECT {index} AS mark,"), 1))
            .collect::<Vec<_>>()
            .join(" UNION ALL ");
        let values = now
            .iter()
            .flat_map(|(channel, seq)| params![*channel, *seq, user, user, EVERYBODY, *channel, *seq, user])
            .collect();
        for row in conn.all(&sql, values).await? {
            let mut cells = Cells::new(&row);
            let index: i32 = cells.take()?;
            let found = (cells.take()?, cells.take()?);
            if let Some((channel, _)) = usize::try_from(index).ok().and_then(|index| now.get(index)) {
                counts.push((*channel, found));
            }
        }
        rest = later;
    }
    Ok(counts)
}

#[async_trait]
impl ReadStore for Database {
    async fn mark_read(
        &self,
        channel: ChannelId,
        user: UserId,
        seq: i64,
        force: bool,
    ) -> Result<ReadState, StoreError> {
        let sql = "SELECT cm.last_read_seq, c.last_seq FROM channel_members cm JOIN channels c ON c.id = cm.channel_id \
                   WHERE cm.channel_id = ? AND cm.user_id = ?";
        let row = self.read().one(sql, params![channel, user]).await?.ok_or(Fault::Missing("member"))?;
        let mut cells = Cells::new(&row);
        let (present, last): (i64, i64) = (cells.take()?, cells.take()?);
        let wanted = seq.clamp(0, last);
        let mut mark = present;
        if wanted > present || (force && wanted != present) {
            // Of two devices that read at the same time the one further on wins.
            let sql = "UPDATE channel_members SET last_read_seq = ? WHERE channel_id = ? AND user_id = ? \
                       AND (? OR last_read_seq < ?)";
            let changed = self.write().run(sql, params![wanted, channel, user, force, wanted]).await?;
            if changed > 0 {
                mark = wanted;
            } else {
                let sql = "SELECT last_read_seq FROM channel_members WHERE channel_id = ? AND user_id = ?";
                let row =
                    self.write().one(sql, params![channel, user]).await?.ok_or(Fault::Missing("member"))?;
                mark = single(&row)?;
            }
        }
        let (unread, mentions) =
            unread(self.read(), user, &[(channel, mark)]).await?.pop().map_or((0, 0), |(_, counts)| counts);
        Ok(ReadState { last_read_seq: mark, unread, mentions })
    }

    async fn threads_of(
        &self,
        user: UserId,
        unread: bool,
        limit: u32,
    ) -> Result<Vec<ThreadState>, StoreError> {
        let unread = if unread { format!("AND {}", threads::unread_only()) } else { String::new() };
        let rest = format!(
            "JOIN (SELECT root_key FROM thread_members WHERE user_id = ? ORDER BY root_key DESC LIMIT {MOST}) mine \
             ON mine.root_key = tm.root_key \
             JOIN channel_members cm ON cm.channel_id = tm.channel_id AND cm.user_id = tm.user_id \
             WHERE tm.user_id = ? {unread} ORDER BY r.last_reply_at DESC, tm.root_key DESC LIMIT ?"
        );
        let found = threads::states(self.read(), &rest, params![user, user, limit.clamp(1, MOST)]).await?;
        Ok(found.into_iter().map(|(_, state)| state).collect())
    }

    async fn thread_states(&self, root: MessageId) -> Result<Vec<(UserId, ThreadState)>, StoreError> {
        let rest = format!("WHERE tm.root_key = ? AND tm.root_id = ? LIMIT {MOST}");
        Ok(threads::states(self.read(), &rest, params![root.key(), root]).await?)
    }

    async fn mark_thread_read(
        &self,
        root: MessageId,
        user: UserId,
        seen: i64,
    ) -> Result<Option<ThreadState>, StoreError> {
        let sql = "SELECT reply_total FROM messages WHERE message_key = ? AND id = ?";
        let Some(row) = self.read().one(sql, params![root.key(), root]).await? else { return Ok(None) };
        let seen = seen.min(single(&row)?);
        let sql = "UPDATE thread_members SET seen = ? WHERE user_id = ? AND root_key = ? AND seen < ?";
        self.write().run(sql, params![seen, user, root.key(), seen]).await?;
        let rest = "WHERE tm.user_id = ? AND tm.root_key = ? AND tm.root_id = ?";
        let found = threads::states(self.write(), rest, params![user, root.key(), root]).await?;
        Ok(found.into_iter().next().map(|(_, state)| state))
    }

    async fn categories(&self, user: UserId) -> Result<Vec<Category>, StoreError> {
        let row = self.read().one("SELECT categories FROM sidebars WHERE user_id = ?", params![user]).await?;
        let Some(text) = row.as_ref().map(single::<String>).transpose()? else { return Ok(Vec::new()) };
        let categories = serde_json::from_str(&text)
            .map_err(|error| Fault::Corrupt(format!("categories of {user}: {error}")))?;
        Ok(categories)
    }

    async fn set_categories(&self, user: UserId, categories: &[Category]) -> Result<(), StoreError> {
        let text = serde_json::to_string(categories).map_err(|error| Fault::Corrupt(error.to_string()))?;
        Ok(transaction!(self, conn, {
            conn.run("DELETE FROM sidebars WHERE user_id = ?", params![user]).await?;
            conn.run("INSERT INTO sidebars (user_id, categories) VALUES (?, ?)", params![user, &text])
                .await?;
            Ok(())
        })?)
    }

    async fn set_draft(
        &self,
        user: UserId,
        channel: ChannelId,
        thread: Option<MessageId>,
        text: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let thread_key = thread.map_or(0, |id| id.key().0);
        Ok(transaction!(self, conn, {
            let sql = "DELETE FROM drafts WHERE user_id = ? AND channel_id = ? AND thread_key = ?";
            conn.run(sql, params![user, channel, thread_key]).await?;
            let Some(text) = text else { return Ok(()) };
            let count = conn.one("SELECT COUNT(*) FROM drafts WHERE user_id = ?", params![user]).await?;
            if count.as_ref().map_or(Ok(0), single::<i64>)? >= MOST_DRAFTS {
                return Err(Fault::Conflict("drafts"));
            }
            conn.run(
                "INSERT INTO drafts (user_id, channel_id, thread_key, thread_id, body, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
                params![user, channel, thread_key, thread, text, at],
            )
            .await?;
            Ok(())
        })?)
    }

    async fn drafts(&self, user: UserId) -> Result<Vec<Draft>, StoreError> {
        let sql = format!(
            "SELECT channel_id, thread_id, body, updated_at FROM drafts WHERE user_id = ? \
             ORDER BY updated_at DESC, channel_id, thread_key LIMIT {MOST_DRAFTS}"
        );
        let rows = self.read().all(&sql, params![user]).await?;
        let drafts = rows.iter().map(|row| {
            let mut cells = Cells::new(row);
            Ok(Draft {
                channel_id: cells.take()?,
                thread_id: cells.take()?,
                text: cells.take()?,
                updated_at: cells.take()?,
            })
        });
        Ok(drafts.collect::<Result<_, Fault>>()?)
    }
}
