//! Reactions.

use plexi_core::{MessageId, Timestamp, UserId};
use plexi_messaging::event::{ChannelEvent, EventBody};

use super::change::locked;
use crate::chat::events::append;
use crate::fault::Fault;
use crate::sql::{Conn, params, single};

/// Different emoji of a message.
const MOST_EMOJI: i64 = 50;

async fn count(conn: Conn<'_>, key: i64, emoji: &str) -> Result<u32, Fault> {
    let sql = "SELECT COUNT(*) FROM reactions WHERE message_key = ? AND emoji = ?";
    conn.one(sql, params![key, emoji]).await?.as_ref().map_or(Ok(0), single)
}

async fn has(conn: Conn<'_>, key: i64, emoji: &str, user: UserId) -> Result<bool, Fault> {
    let sql = "SELECT reacted_at FROM reactions WHERE message_key = ? AND emoji = ? AND user_id = ?";
    Ok(conn.one(sql, params![key, emoji, user]).await?.is_some())
}

pub(super) async fn add(
    conn: Conn<'_>,
    id: MessageId,
    user: UserId,
    emoji: &str,
    at: Timestamp,
) -> Result<Option<ChannelEvent>, Fault> {
    let (mut head, found) = locked(conn, id, false).await?;
    if has(conn, found.key, emoji, user).await? {
        return Ok(None);
    }
    let count = count(conn, found.key, emoji).await? + 1;
    if count == 1 {
        let sql = "SELECT COUNT(DISTINCT emoji) FROM reactions WHERE message_key = ?";
        let kinds: i64 = conn.one(sql, params![found.key]).await?.as_ref().map_or(Ok(0), single)?;
        if kinds >= MOST_EMOJI {
            return Err(Fault::Conflict("reactions"));
        }
    }
    conn.run(
        "INSERT INTO reactions (message_key, emoji, user_id, reacted_at) VALUES (?, ?, ?, ?)",
        params![found.key, emoji, user, at],
    )
    .await?;
    if !found.has_reactions {
        conn.run("UPDATE messages SET has_reactions = true WHERE message_key = ?", params![found.key])
            .await?;
    }
    let event = EventBody::ReactionAdded { message_id: id, emoji: emoji.to_owned(), user_id: user, count };
    Ok(Some(append(conn, &mut head, at, event).await?))
}

pub(super) async fn remove(
    conn: Conn<'_>,
    id: MessageId,
    user: UserId,
    emoji: &str,
    at: Timestamp,
) -> Result<Option<ChannelEvent>, Fault> {
    let (mut head, found) = locked(conn, id, false).await?;
    if !has(conn, found.key, emoji, user).await? {
        return Ok(None);
    }
    let sql = "DELETE FROM reactions WHERE message_key = ? AND emoji = ? AND user_id = ?";
    conn.run(sql, params![found.key, emoji, user]).await?;
    let any =
        conn.one("SELECT emoji FROM reactions WHERE message_key = ? LIMIT 1", params![found.key]).await?;
    if any.is_none() {
        conn.run("UPDATE messages SET has_reactions = false WHERE message_key = ?", params![found.key])
            .await?;
    }
    let count = count(conn, found.key, emoji).await?;
    let event = EventBody::ReactionRemoved { message_id: id, emoji: emoji.to_owned(), user_id: user, count };
    Ok(Some(append(conn, &mut head, at, event).await?))
}
