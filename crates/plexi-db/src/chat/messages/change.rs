//! Edits, deletions, pins.

use plexi_core::{ChannelId, MessageId, Timestamp, UserId};
use plexi_messaging::event::{ChannelEvent, EventBody};
use plexi_messaging::ports::Edit;

use super::view::{self, Stored};
use super::{index, write};
use crate::chat::channels::{Head, lock};
use crate::chat::events::append;
use crate::chat::threads;
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Writes, pack_ids, params, single};

/// Former texts kept of a message.
const MOST_REVISIONS: i64 = 100;
/// Pinned messages of a channel.
const MOST_PINS: i64 = 100;

/// The message and its channel, locked. `Missing("message")`, also when it is deleted, unless `deleted` allows that.
pub(super) async fn locked(conn: Conn<'_>, id: MessageId, deleted: bool) -> Result<(Head, Stored), Fault> {
    let found = view::row(conn, id).await?.ok_or(Fault::Missing("message"))?;
    let head = lock(conn, found.message.channel_id).await?;
    // It may have changed while the lock was waited for.
    let found = view::row(conn, id).await?.ok_or(Fault::Missing("message"))?;
    if found.message.deleted && !deleted {
        return Err(Fault::Missing("message"));
    }
    Ok((head, found))
}

pub(super) async fn edit(conn: Conn<'_>, id: MessageId, edit: &Edit) -> Result<ChannelEvent, Fault> {
    let (mut head, found) = locked(conn, id, false).await?;
    if edit.expected.is_some_and(|expected| expected != found.message.edited_at) {
        return Err(Fault::Conflict("changed"));
    }
    let sql = "SELECT COALESCE(MAX(revision), 0) FROM message_revisions WHERE message_key = ?";
    let last: i64 = conn.one(sql, params![found.key]).await?.as_ref().map_or(Ok(0), single)?;
    conn.run(
        "INSERT INTO message_revisions (message_key, revision, body, replaced_at) VALUES (?, ?, ?, ?)",
        params![found.key, last + 1, &found.message.text, edit.at],
    )
    .await?;
    let sql = "DELETE FROM message_revisions WHERE message_key = ? AND revision <= ?";
    conn.run(sql, params![found.key, last + 1 - MOST_REVISIONS]).await?;

    write::remove_mentions(conn, &found.message).await?;
    index::remove(conn, found.key, &found.message.text).await?;
    let mut writes = Writes::default();
    index::add(&mut writes, conn.engine, std::iter::once((found.key, edit.index.as_str())));
    writes.run(conn).await?;
    conn.run(
        "UPDATE messages SET body = ?, edited_at = ?, mentions = ?, mentions_all = ?, has_link = ? WHERE message_key = ?",
        params![&edit.text, edit.at, pack_ids(&edit.mentions), edit.mentions_all, edit.has_link, found.key],
    )
    .await?;
    let message = view::one(conn, id, None).await?.ok_or(Fault::Missing("message"))?;
    let mut writes = Writes::default();
    write::insert_mentions(&mut writes, std::iter::once(&message));
    threads::follow_named(&mut writes, conn.engine, &message);
    writes.run(conn).await?;
    let named = found.message.mentions.iter().chain(&edit.mentions).copied();
    threads::name_anew(conn, &found.message, named).await?;
    append(conn, &mut head, edit.at, EventBody::MessageEdited { message: Box::new(message) }).await
}

pub(super) async fn delete(
    conn: Conn<'_>,
    id: MessageId,
    at: Timestamp,
) -> Result<Option<ChannelEvent>, Fault> {
    let (mut head, found) = locked(conn, id, true).await?;
    if found.message.deleted {
        return Ok(None);
    }
    write::remove_mentions(conn, &found.message).await?;
    index::remove(conn, found.key, &found.message.text).await?;
    conn.run("DELETE FROM message_revisions WHERE message_key = ?", params![found.key]).await?;
    conn.run("DELETE FROM reactions WHERE message_key = ?", params![found.key]).await?;
    conn.run(
        "UPDATE messages SET body = '', deleted = true, mentions = NULL, mentions_all = false, has_link = false, \
         has_reactions = false, pinned_at = NULL, pinned_by = NULL WHERE message_key = ?",
        params![found.key],
    )
    .await?;
    threads::name_anew(conn, &found.message, found.message.mentions.iter().copied()).await?;
    if let Some(root) = found.message.thread_id {
        recount(conn, head.id, root).await?;
    }
    let event = EventBody::MessageDeleted { message_id: id, thread_id: found.message.thread_id };
    Ok(Some(append(conn, &mut head, at, event).await?))
}

/// Counts the replies of a thread anew, after one was deleted.
async fn recount(conn: Conn<'_>, channel: ChannelId, root: MessageId) -> Result<(), Fault> {
    let line = "FROM messages WHERE channel_id = ? AND thread_key = ?";
    let sql = format!("SELECT COUNT(*), MAX(created_at) {line} AND deleted = false");
    let row = conn.one(&sql, params![channel, root.key()]).await?.ok_or(Fault::Missing("thread"))?;
    let mut cells = Cells::new(&row);
    let (count, last_at) = (cells.take()?, cells.take()?);
    let sql = format!(
        "SELECT author_id {line} AND deleted = false GROUP BY author_id ORDER BY MIN(position) LIMIT 5"
    );
    let rows = conn.all(&sql, params![channel, root.key()]).await?;
    let participants = rows.iter().map(single).collect::<Result<_, _>>()?;
    let row = conn.one(&format!("SELECT COUNT(*) {line}"), params![channel, root.key()]).await?;
    let total = row.as_ref().map_or(Ok(0), single)?;
    let mut writes = Writes::default();
    write::Replies { total, count, last_at, participants }.save(&mut writes, root.key().0);
    writes.run(conn).await?;
    Ok(())
}

pub(super) async fn pin(
    conn: Conn<'_>,
    id: MessageId,
    user: UserId,
    pinned: bool,
    at: Timestamp,
) -> Result<Option<ChannelEvent>, Fault> {
    let (mut head, found) = locked(conn, id, false).await?;
    if found.pinned.is_some() == pinned {
        return Ok(None);
    }
    if pinned {
        let sql = "SELECT COUNT(*) FROM messages WHERE channel_id = ? AND pinned_at IS NOT NULL";
        let count: i64 = conn.one(sql, params![head.id]).await?.as_ref().map_or(Ok(0), single)?;
        if count >= MOST_PINS {
            return Err(Fault::Conflict("pins"));
        }
    }
    conn.run(
        "UPDATE messages SET pinned_at = ?, pinned_by = ? WHERE message_key = ?",
        params![pinned.then_some(at), pinned.then_some(user), found.key],
    )
    .await?;
    let event = if pinned {
        EventBody::MessagePinned { message_id: id, user_id: user }
    } else {
        EventBody::MessageUnpinned { message_id: id, user_id: user }
    };
    Ok(Some(append(conn, &mut head, at, event).await?))
}
