//! Who takes part in which thread, and what they have seen of it: a row for each who wrote its first message, replied or was
//! named, never one for each reader of a reply.

use std::collections::BTreeMap;

use plexi_core::{ChannelId, MessageId, UserId};
use plexi_messaging::model::{Message, ThreadState};

use super::messages::place::AllKnown;
use crate::database::Engine;
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, Writes, params};

/// Unread replies are counted to this.
const MOST_COUNTED: i64 = 1_000;
/// Among so many of the last replies, deleted ones included.
const MOST_LOOKED_AT: i64 = 2_000;

/// The replies that somebody has not read and that are not deleted.
const LEFT: &str = "FROM messages u WHERE u.channel_id = tm.channel_id AND u.thread_key = tm.root_key \
    AND u.position >= tm.seen AND u.deleted = false";

/// Of rows `tm` and the first messages `r` of their threads, those with unread replies.
pub(super) fn unread_only() -> String {
    format!("r.reply_count > 0 AND r.reply_total > tm.seen AND EXISTS (SELECT 1 {LEFT})")
}

/// What replies come to for somebody in a thread.
struct Part {
    root: MessageId,
    channel: ChannelId,
    /// The position of the first of the replies: who was not in the thread before has read what is before it.
    from: i64,
    named: Option<i64>,
    /// The position after their own last reply.
    read: Option<i64>,
}

/// Notes who takes part in the threads of new replies: the author of the first message, who replies, who is named.
pub(super) fn follow(writes: &mut Writes, engine: Engine, messages: &[Message], known: &AllKnown) {
    let mut parts: BTreeMap<(UserId, i64), Part> = BTreeMap::new();
    for reply in messages {
        let Some(root) = reply.thread_id else { continue };
        let key = root.key().0;
        let part = || Part { root, channel: reply.channel_id, from: reply.position, named: None, read: None };
        if let Some(first) = known.get(&key) {
            parts.entry((first.author, key)).or_insert_with(part);
        }
        for user in &reply.mentions {
            parts.entry((*user, key)).or_insert_with(part).named = Some(reply.position);
        }
        parts.entry((reply.author_id, key)).or_insert_with(part).read = Some(reply.position + 1);
    }
    save(writes, engine, parts);
}

/// Notes whom an edited reply names now.
pub(super) fn follow_named(writes: &mut Writes, engine: Engine, reply: &Message) {
    let Some(root) = reply.thread_id else { return };
    let part = |user: &UserId| {
        let (from, named) = (reply.position, Some(reply.position));
        ((*user, root.key().0), Part { root, channel: reply.channel_id, from, named, read: None })
    };
    save(writes, engine, reply.mentions.iter().map(part).collect());
}

/// Finds out anew which reply of a thread is the last one that names these people, after it changed whom `reply` names. Looks
/// at the newest replies only, as [`MOST_LOOKED_AT`] says.
pub(super) async fn name_anew(
    conn: Conn<'_>,
    reply: &Message,
    users: impl Iterator<Item = UserId>,
) -> Result<(), Fault> {
    let Some(root) = reply.thread_id else { return Ok(()) };
    let sql = format!(
        "UPDATE thread_members SET named = (SELECT MAX(m.position) FROM messages m \
         JOIN message_mentions x ON x.channel_id = m.channel_id AND x.seq = m.seq \
         WHERE m.channel_id = ? AND m.thread_key = ? AND m.position >= thread_members.seen \
         AND m.position >= (SELECT r.reply_total - {MOST_LOOKED_AT} FROM messages r WHERE r.message_key = ?) \
         AND x.user_id = thread_members.user_id) WHERE root_key = ? AND user_id IN {{in}}"
    );
    let before = params![reply.channel_id, root.key(), root.key(), root.key()];
    conn.run_in(&sql, &before, users.map(Param::param).collect()).await?;
    Ok(())
}

fn save(writes: &mut Writes, engine: Engine, parts: BTreeMap<(UserId, i64), Part>) {
    let head =
        "INSERT INTO thread_members (user_id, root_key, root_id, channel_id, seen, named) VALUES {rows}";
    let (named, seen) = match engine {
        Engine::MariaDb => (
            "ON DUPLICATE KEY UPDATE named = COALESCE(VALUES(named), named)",
            "ON DUPLICATE KEY UPDATE named = COALESCE(VALUES(named), named), seen = VALUES(seen)",
        ),
        Engine::Sqlite | Engine::Postgres => (
            "ON CONFLICT (user_id, root_key) DO UPDATE SET named = COALESCE(excluded.named, thread_members.named)",
            "ON CONFLICT (user_id, root_key) DO UPDATE SET named = COALESCE(excluded.named, thread_members.named), \
             seen = excluded.seen",
        ),
    };
    let (mut watching, mut writing) = (Vec::new(), Vec::new());
    for ((user, key), part) in parts {
        // Who replies has read what is before the reply.
        let rows = if part.read.is_some() { &mut writing } else { &mut watching };
        let seen = part.read.unwrap_or(part.from);
        rows.append(&mut params![user, key, part.root, part.channel, seen, part.named]);
    }
    writes.rows(&format!("{head} {named}"), "(?,?,?,?,?,?)", watching);
    writes.rows(&format!("{head} {seen}"), "(?,?,?,?,?,?)", writing);
}

/// How threads stand, for the rows that `rest` says.
pub(super) async fn states(
    conn: Conn<'_>,
    rest: &str,
    values: Vec<sea_orm::Value>,
) -> Result<Vec<(UserId, ThreadState)>, Fault> {
    // Only where replies are deleted do they have to be counted one by one.
    let sql = format!(
        "SELECT tm.user_id, tm.channel_id, tm.root_id, tm.seen, tm.named, \
         CASE WHEN r.reply_total = r.reply_count THEN r.reply_total - tm.seen \
         ELSE (SELECT COUNT(*) {LEFT} AND u.position >= r.reply_total - {MOST_LOOKED_AT}) END \
         FROM thread_members tm JOIN messages r ON r.message_key = tm.root_key {rest}"
    );
    let rows = conn.all(&sql, values).await?;
    let states = rows.iter().map(|row| {
        let mut cells = Cells::new(row);
        let user = cells.take()?;
        let (channel_id, thread_id) = (cells.take()?, cells.take()?);
        let (seen, named): (i64, Option<i64>) = (cells.take()?, cells.take()?);
        let unread = cells.take::<i64>()?.clamp(0, MOST_COUNTED);
        let mentioned = unread > 0 && named.is_some_and(|named| named >= seen);
        let unread = u32::try_from(unread).unwrap_or_default();
        Ok((user, ThreadState { channel_id, thread_id, unread, mentioned }))
    });
    states.collect()
}
