//! Who takes part in which thread, and what they have seen of it: a row for each who wrote its first message, replied or was
//! named, never one for each reader of a reply.

use std::collections::BTreeMap;

use plexi_core::{ChannelId, MessageId, UserId};
use plexi_messaging::model::{Message, ThreadState};

use super::messages::place::AllKnown;
use crate::database::Engine;
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Writes, params};

/// Unread replies are counted to this.
const MOST_COUNTED: i64 = 1_000;

const SELECT: &str = "SELECT tm.user_id, tm.channel_id, tm.root_id, tm.seen, tm.named, r.reply_total, r.reply_count \
    FROM thread_members tm JOIN messages r ON r.message_key = tm.root_key";

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
    let rows = conn.all(&format!("{SELECT} {rest}"), values).await?;
    let states = rows.iter().map(|row| {
        let mut cells = Cells::new(row);
        let user = cells.take()?;
        let (channel_id, thread_id) = (cells.take()?, cells.take()?);
        let (seen, named): (i64, Option<i64>) = (cells.take()?, cells.take()?);
        let (total, count): (i64, i64) = (cells.take()?, cells.take()?);
        let unread = (total - seen).min(count).clamp(0, MOST_COUNTED);
        let mentioned = unread > 0 && named.is_some_and(|named| named >= seen);
        let unread = u32::try_from(unread).unwrap_or_default();
        Ok((user, ThreadState { channel_id, thread_id, unread, mentioned }))
    });
    states.collect()
}
