//! Where a new message goes: what it refers to, its number in the log, its position in its line.

use std::collections::{HashMap, HashSet};

use plexi_core::{ChannelId, MessageId, UserId};
use plexi_messaging::model::Message;
use plexi_messaging::ports::NewMessage;
use sea_orm::QueryResult;

use super::write::Replies;
use crate::chat::channels::Head;
use crate::fault::Fault;
use crate::sql::{Cells, Param, Question, Writes, unpack_ids};

/// A message that is there, or came before in the batch.
pub(crate) struct Known {
    pub(crate) id: MessageId,
    pub(crate) author: UserId,
    pub(crate) channel: ChannelId,
    /// It is a reply itself, so no thread starts at it.
    reply: bool,
    pub(crate) replies: Replies,
    changed: bool,
}

/// Messages by key.
pub(crate) type AllKnown = HashMap<i64, Known>;

/// The question for the messages with these keys.
pub(crate) fn references(mut keys: Vec<i64>) -> Question {
    keys.sort_unstable();
    keys.dedup();
    let sql = "SELECT message_key, id, author_id, channel_id, thread_key, reply_total, reply_count, last_reply_at, participants \
               FROM messages WHERE message_key IN ({rows})";
    Question { sql: sql.to_owned(), row: "?", keys: keys.into_iter().map(Param::param).collect() }
}

/// The messages that [`references`] found.
pub(crate) fn known(rows: &[QueryResult]) -> Result<AllKnown, Fault> {
    let mut known = HashMap::with_capacity(rows.len());
    for row in rows {
        let mut cells = Cells::new(row);
        let key: i64 = cells.take()?;
        let (id, author, channel) = (cells.take()?, cells.take()?, cells.take()?);
        let reply = cells.take::<i64>()? != 0;
        let replies = Replies {
            total: cells.take()?,
            count: cells.take()?,
            last_at: cells.take()?,
            participants: unpack_ids(cells.take::<Option<Vec<u8>>>()?.as_deref()),
        };
        known.insert(key, Known { id, author, channel, reply, replies, changed: false });
    }
    Ok(known)
}

/// The keys of the message and of what it refers to.
pub(crate) fn keys(new: &NewMessage) -> impl Iterator<Item = i64> {
    [Some(new.id), new.thread_id, new.reply_to].into_iter().flatten().map(|id| id.key().0)
}

/// Checks a message against what is there and gives it its numbers in the channel of `head`.
pub(crate) fn place(
    new: &NewMessage,
    deleted: bool,
    head: &mut Head,
    known: &mut AllKnown,
) -> Result<Message, Fault> {
    let key = new.id.key().0;
    if known.contains_key(&key) {
        return Err(Fault::Conflict("id"));
    }
    if let Some(to) = new.reply_to {
        let found = known.get(&to.key().0).filter(|found| found.id == to && found.channel == head.id);
        found.ok_or(Fault::Missing("reply_to"))?;
    }
    let position = if let Some(root) = new.thread_id {
        let root = known
            .get_mut(&root.key().0)
            .filter(|found| found.id == root && found.channel == head.id && !found.reply)
            .ok_or(Fault::Missing("thread"))?;
        root.changed = true;
        root.replies.add(new.author_id, new.created_at, deleted)
    } else {
        head.main_count += 1;
        head.main_count - 1
    };
    head.last_seq += 1;
    head.last_message_at = head.last_message_at.max(Some(new.created_at));
    let reply = new.thread_id.is_some();
    let itself = Known {
        id: new.id,
        author: new.author_id,
        channel: head.id,
        reply,
        replies: Replies::default(),
        changed: false,
    };
    known.insert(key, itself);
    Ok(Message {
        id: new.id,
        channel_id: head.id,
        seq: head.last_seq,
        position,
        author_id: new.author_id,
        kind: new.kind,
        text: new.text.clone(),
        system: new.system.clone(),
        created_at: new.created_at,
        edited_at: None,
        deleted,
        client_id: new.client_id.clone(),
        thread_id: new.thread_id,
        reply_to: new.reply_to,
        mentions: new.mentions.clone(),
        mentions_all: new.mentions_all,
        pinned: false,
        reactions: Vec::new(),
        thread: None,
    })
}

/// Writes the threads that got replies to their roots, except to roots that are written whole in the same batch.
pub(crate) fn save_roots(writes: &mut Writes, known: &AllKnown, written: &[Message]) {
    let written: HashSet<i64> = written.iter().map(|message| message.id.key().0).collect();
    for (key, root) in known.iter().filter(|(key, root)| root.changed && !written.contains(*key)) {
        root.replies.save(writes, *key);
    }
}
