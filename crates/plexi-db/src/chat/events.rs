//! The log of a channel.

use std::collections::HashMap;

use plexi_core::{ChannelId, Timestamp};
use plexi_messaging::event::{ChannelEvent, EventBody};

use super::channels::Head;
use super::messages::view;
use crate::fault::Fault;
use crate::sql::{Cells, Conn, params};

pub(crate) const INSERT: &str =
    "INSERT INTO channel_events (channel_id, seq, happened_at, kind, message_key, payload) VALUES";
pub(crate) const POSTED: &str = "message_posted";
pub(crate) const EDITED: &str = "message_edited";

const fn kind(body: &EventBody) -> &'static str {
    match body {
        EventBody::MessagePosted { .. } => POSTED,
        EventBody::MessageEdited { .. } => EDITED,
        EventBody::MessageDeleted { .. } => "message_deleted",
        EventBody::ReactionAdded { .. } => "reaction_added",
        EventBody::ReactionRemoved { .. } => "reaction_removed",
        EventBody::MessagePinned { .. } => "message_pinned",
        EventBody::MessageUnpinned { .. } => "message_unpinned",
        EventBody::MemberJoined { .. } => "member_joined",
        EventBody::MemberLeft { .. } => "member_left",
        EventBody::ChannelUpdated { .. } => "channel_updated",
    }
}

/// Appends an event to a locked channel. Messages are not repeated in the log: a replay reads them as they are then.
pub(super) async fn append(
    conn: Conn<'_>,
    head: &mut Head,
    at: Timestamp,
    event: EventBody,
) -> Result<ChannelEvent, Fault> {
    head.last_seq += 1;
    let (key, payload) = match &event {
        EventBody::MessagePosted { message } | EventBody::MessageEdited { message } => {
            (Some(message.id.key()), None)
        }
        other => {
            (None, Some(serde_json::to_string(other).map_err(|error| Fault::Corrupt(error.to_string()))?))
        }
    };
    conn.run(
        &format!("{INSERT} (?, ?, ?, ?, ?, ?)"),
        params![head.id, head.last_seq, at, kind(&event), key, payload],
    )
    .await?;
    conn.run("UPDATE channels SET last_seq = ? WHERE id = ?", params![head.last_seq, head.id]).await?;
    Ok(ChannelEvent { channel_id: head.id, seq: head.last_seq, at, event })
}

/// The events after `seq`, in order.
pub(super) async fn after(
    conn: Conn<'_>,
    channel: ChannelId,
    seq: i64,
    limit: u32,
) -> Result<Vec<ChannelEvent>, Fault> {
    let sql = "SELECT seq, happened_at, kind, message_key, payload FROM channel_events \
               WHERE channel_id = ? AND seq > ? ORDER BY seq LIMIT ?";
    let rows = conn.all(sql, params![channel, seq, limit.clamp(1, 2_000)]).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut cells = Cells::new(row);
        let (seq, at): (i64, Timestamp) = (cells.take()?, cells.take()?);
        let (kind, key): (String, Option<i64>) = (cells.take()?, cells.take()?);
        let payload: Option<String> = cells.take()?;
        entries.push((seq, at, kind, key, payload));
    }
    let mut keys: Vec<i64> = entries.iter().filter_map(|(_, _, _, key, _)| *key).collect();
    keys.sort_unstable();
    keys.dedup();
    let messages = view::by_keys(conn, &keys, None).await?;
    let messages: HashMap<i64, _> =
        messages.into_iter().map(|message| (message.id.key().0, message)).collect();
    let mut events = Vec::with_capacity(entries.len());
    for (seq, at, kind, key, payload) in entries {
        let event = match (key.and_then(|key| messages.get(&key)), payload) {
            (Some(message), _) if kind == POSTED => {
                EventBody::MessagePosted { message: Box::new(message.clone()) }
            }
            (Some(message), _) => EventBody::MessageEdited { message: Box::new(message.clone()) },
            (None, Some(payload)) => serde_json::from_str(&payload)
                .map_err(|error| Fault::Corrupt(format!("event {seq} of channel {channel}: {error}")))?,
            (None, None) => {
                return Err(Fault::Corrupt(format!("event {seq} of channel {channel} has no message")));
            }
        };
        events.push(ChannelEvent { channel_id: channel, seq, at, event });
    }
    Ok(events)
}
