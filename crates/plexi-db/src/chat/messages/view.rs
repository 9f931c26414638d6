//! Messages as rows and as a viewer sees them.

use std::collections::HashMap;

use plexi_core::{MessageId, Timestamp, UserId};
use plexi_messaging::model::{Message, MessageKind, Reaction, ThreadSummary};
use sea_orm::{QueryResult, Value};

use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, params, unpack_ids};

/// Users named with each emoji of a message.
const NAMED: i64 = 20;

const COLUMNS: &str = "m.message_key, m.id, m.channel_id, m.seq, m.position, m.author_id, m.kind, m.body, m.system_note, \
    m.created_at, m.edited_at, m.deleted, m.client_id, m.thread_id, m.reply_to, m.mentions, m.mentions_all, m.pinned_at, \
    m.pinned_by, m.has_reactions, m.reply_count, m.last_reply_at, m.participants";

/// A message with what the schema knows of it besides.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) key: i64,
    /// With every field but `reactions`; `client_id` filled.
    pub(crate) message: Message,
    pub(crate) pinned: Option<(Timestamp, UserId)>,
    pub(crate) has_reactions: bool,
}

pub(crate) const fn kind_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "text",
        MessageKind::System => "system",
    }
}

fn stored(row: &QueryResult) -> Result<Stored, Fault> {
    let mut cells = Cells::new(row);
    let key = cells.take()?;
    let mut message = Message {
        id: cells.take()?,
        channel_id: cells.take()?,
        seq: cells.take()?,
        position: cells.take()?,
        author_id: cells.take()?,
        kind: if cells.take::<String>()? == "system" { MessageKind::System } else { MessageKind::Text },
        text: cells.take()?,
        system: cells
            .take::<Option<String>>()?
            .map(|note| {
                serde_json::from_str(&note).map_err(|error| Fault::Corrupt(format!("system note: {error}")))
            })
            .transpose()?,
        created_at: cells.take()?,
        edited_at: cells.take()?,
        deleted: cells.take()?,
        client_id: cells.take()?,
        thread_id: cells.take()?,
        reply_to: cells.take()?,
        mentions: unpack_ids(cells.take::<Option<Vec<u8>>>()?.as_deref()),
        mentions_all: cells.take()?,
        pinned: false,
        reactions: Vec::new(),
        thread: None,
    };
    let pinned_at: Option<Timestamp> = cells.take()?;
    let pinned_by: Option<UserId> = cells.take()?;
    let has_reactions = cells.take()?;
    let reply_count = cells.take()?;
    let last_reply_at = cells.take()?;
    let participants: Option<Vec<u8>> = cells.take()?;
    message.pinned = pinned_at.is_some();
    if reply_count > 0 {
        let participant_ids = unpack_ids(participants.as_deref());
        message.thread = Some(ThreadSummary { reply_count, last_reply_at, participant_ids });
    }
    Ok(Stored { key, message, pinned: pinned_at.zip(pinned_by), has_reactions })
}

/// Rows of messages; `from` is the query from its `FROM` on, where `m` stands for the messages.
pub(crate) async fn rows(conn: Conn<'_>, from: &str, values: Vec<Value>) -> Result<Vec<Stored>, Fault> {
    conn.all(&format!("SELECT {COLUMNS} {from}"), values).await?.iter().map(stored).collect()
}

/// Messages in the order of the query (see [`rows`]), as `viewer` sees them; nobody in particular when none.
pub(crate) async fn list(
    conn: Conn<'_>,
    from: &str,
    values: Vec<Value>,
    viewer: Option<UserId>,
) -> Result<Vec<Message>, Fault> {
    let stored = rows(conn, from, values).await?;
    complete(conn, stored, viewer).await
}

/// The row of a message.
pub(crate) async fn row(conn: Conn<'_>, id: MessageId) -> Result<Option<Stored>, Fault> {
    let found = rows(conn, "FROM messages m WHERE m.message_key = ?", params![id.key()]).await?.pop();
    Ok(found.filter(|stored| stored.message.id == id))
}

/// A message.
pub(crate) async fn one(
    conn: Conn<'_>,
    id: MessageId,
    viewer: Option<UserId>,
) -> Result<Option<Message>, Fault> {
    let Some(found) = row(conn, id).await? else { return Ok(None) };
    Ok(complete(conn, vec![found], viewer).await?.pop())
}

/// The messages with these keys, in any order.
pub(crate) async fn by_keys(
    conn: Conn<'_>,
    keys: &[i64],
    viewer: Option<UserId>,
) -> Result<Vec<Message>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM messages m WHERE m.message_key IN {{in}}");
    let rows = conn.all_in(&sql, &[], keys.iter().map(|key| key.param()).collect(), &[]).await?;
    let stored = rows.iter().map(stored).collect::<Result<_, _>>()?;
    complete(conn, stored, viewer).await
}

/// Adds the reactions, in one statement for all, and hides each `client_id` from all but its author.
pub(crate) async fn complete(
    conn: Conn<'_>,
    stored: Vec<Stored>,
    viewer: Option<UserId>,
) -> Result<Vec<Message>, Fault> {
    let keys: Vec<i64> = stored.iter().filter(|one| one.has_reactions).map(|one| one.key).collect();
    let mut reactions = reactions(conn, &keys, viewer).await?;
    let messages = stored.into_iter().map(|one| {
        let mut message = one.message;
        message.reactions = reactions.remove(&one.key).unwrap_or_default();
        if viewer != Some(message.author_id) {
            message.client_id = None;
        }
        message
    });
    Ok(messages.collect())
}

/// Of each message the emoji, oldest first, with their number, the first who reacted, and whether `viewer` did.
async fn reactions(
    conn: Conn<'_>,
    keys: &[i64],
    viewer: Option<UserId>,
) -> Result<HashMap<i64, Vec<Reaction>>, Fault> {
    let mut found: HashMap<i64, Vec<Reaction>> = HashMap::new();
    if keys.is_empty() {
        return Ok(found);
    }
    let sql = "SELECT message_key, emoji, user_id, total, place FROM \
        (SELECT message_key, emoji, user_id, reacted_at, \
        COUNT(*) OVER (PARTITION BY message_key, emoji) AS total, \
        ROW_NUMBER() OVER (PARTITION BY message_key, emoji ORDER BY reacted_at, user_id) AS place \
        FROM reactions WHERE message_key IN {in}) ranked \
        WHERE place <= ? OR user_id = ? ORDER BY message_key, reacted_at, emoji, place";
    let keys = keys.iter().map(|key| key.param()).collect();
    let viewer = viewer.unwrap_or(crate::chat::reading::EVERYBODY);
    for row in conn.all_in(sql, &[], keys, &[NAMED.param(), viewer.param()]).await? {
        let mut cells = Cells::new(&row);
        let key: i64 = cells.take()?;
        let emoji: String = cells.take()?;
        let (user, count, place): (UserId, u32, i64) = (cells.take()?, cells.take()?, cells.take()?);
        let of_message = found.entry(key).or_default();
        let index = of_message.iter().position(|reaction| reaction.emoji == emoji).unwrap_or_else(|| {
            of_message.push(Reaction { emoji, count, user_ids: Vec::new(), me: false });
            of_message.len() - 1
        });
        if let Some(reaction) = of_message.get_mut(index) {
            if place <= NAMED {
                reaction.user_ids.push(user);
            }
            reaction.me |= user == viewer;
        }
    }
    Ok(found)
}
