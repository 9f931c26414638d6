//! The rows of new messages.

use plexi_core::{Timestamp, UserId};
use plexi_messaging::model::Message;
use sea_orm::Value;

use super::view::kind_name;
use crate::chat::events;
use crate::chat::reading::EVERYBODY;
use crate::fault::Fault;
use crate::sql::{Conn, Param, Writes, pack_ids, params};

const HEAD: &str = "INSERT INTO messages (message_key, id, channel_id, seq, thread_key, thread_id, position, author_id, kind, \
    body, system_note, created_at, edited_at, deleted, client_id, reply_to, mentions, mentions_all, pinned_at, pinned_by, \
    has_link, has_reactions, reply_total, reply_count, last_reply_at, participants) VALUES {rows}";
const ROW: &str = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

/// People named as those who replied first.
const PARTICIPANTS: usize = 5;

/// A message with what the schema keeps besides.
pub(crate) struct NewRow<'a> {
    pub(crate) message: &'a Message,
    pub(crate) pinned: Option<(UserId, Timestamp)>,
    pub(crate) has_link: bool,
    pub(crate) has_reactions: bool,
    pub(crate) replies: Option<&'a Replies>,
}

/// What a root knows of the thread below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replies {
    pub(crate) total: i64,
    pub(crate) count: i64,
    pub(crate) last_at: Option<Timestamp>,
    pub(crate) participants: Vec<UserId>,
}

impl Replies {
    /// Counts a reply; its position.
    pub(crate) fn add(&mut self, author: UserId, at: Timestamp, deleted: bool) -> i64 {
        let position = self.total;
        self.total += 1;
        self.count += i64::from(!deleted);
        self.last_at = self.last_at.max(Some(at));
        if self.participants.len() < PARTICIPANTS && !self.participants.contains(&author) {
            self.participants.push(author);
        }
        position
    }

    /// Writes it to the root's row.
    pub(crate) fn save(&self, writes: &mut Writes, root_key: i64) {
        writes.one(
            "UPDATE messages SET reply_total = ?, reply_count = ?, last_reply_at = ?, participants = ? WHERE message_key = ?",
            params![self.total, self.count, self.last_at, pack_ids(&self.participants), root_key],
        );
    }
}

/// Writes the rows of messages.
pub(crate) fn insert<'a>(writes: &mut Writes, rows: impl Iterator<Item = NewRow<'a>>) -> Result<(), Fault> {
    let mut values = Vec::new();
    for row in rows {
        push(&mut values, &row)?;
    }
    writes.rows(HEAD, ROW, values);
    Ok(())
}

/// Writes that messages were posted to the logs of their channels.
pub(crate) fn insert_events(writes: &mut Writes, messages: &[Message]) {
    let entries = messages.iter().flat_map(|message| {
        let none = None::<String>;
        params![message.channel_id, message.seq, message.created_at, events::POSTED, message.id.key(), none]
    });
    writes.rows(&format!("{} {{rows}}", events::INSERT), "(?,?,?,?,?,?)", entries.collect());
}

fn push(values: &mut Vec<Value>, row: &NewRow<'_>) -> Result<(), Fault> {
    let message = row.message;
    let note = message.system.as_ref().map(serde_json::to_string).transpose();
    let note = note.map_err(|error| Fault::Corrupt(error.to_string()))?;
    let empty = Replies::default();
    let replies = row.replies.unwrap_or(&empty);
    values.extend([
        message.id.key().param(),
        message.id.param(),
        message.channel_id.param(),
        message.seq.param(),
        message.thread_id.map_or(0, |root| root.key().0).param(),
        message.thread_id.param(),
        message.position.param(),
        message.author_id.param(),
        kind_name(message.kind).param(),
        message.text.as_str().param(),
        note.param(),
        message.created_at.param(),
        message.edited_at.param(),
        message.deleted.param(),
        message.client_id.as_deref().param(),
        message.reply_to.param(),
        pack_ids(&message.mentions).param(),
        message.mentions_all.param(),
        row.pinned.map(|(_, at)| at).param(),
        row.pinned.map(|(by, _)| by).param(),
        row.has_link.param(),
        row.has_reactions.param(),
        replies.total.param(),
        replies.count.param(),
        replies.last_at.param(),
        pack_ids(&replies.participants).param(),
    ]);
    Ok(())
}

/// Notes whom messages name, replies in threads among them, so that the mentions of somebody can be counted.
pub(crate) fn insert_mentions<'a>(writes: &mut Writes, messages: impl Iterator<Item = &'a Message>) {
    let mut values = Vec::new();
    for message in messages.filter(|message| !message.deleted) {
        let everybody = message.mentions_all.then_some(EVERYBODY);
        let mut named: Vec<UserId> = message.mentions.iter().copied().chain(everybody).collect();
        named.sort_unstable();
        named.dedup();
        for user in named {
            values.append(&mut params![user, message.channel_id, message.seq, message.author_id]);
        }
    }
    let sql = "INSERT INTO message_mentions (user_id, channel_id, seq, author_id) VALUES {rows}";
    writes.rows(sql, "(?,?,?,?)", values);
}

/// Forgets whom a message names.
pub(crate) async fn remove_mentions(conn: Conn<'_>, message: &Message) -> Result<(), Fault> {
    let named = message.mentions.iter().copied().chain(message.mentions_all.then_some(EVERYBODY));
    let sql = "DELETE FROM message_mentions WHERE channel_id = ? AND seq = ? AND user_id IN {in}";
    let before = params![message.channel_id, message.seq];
    conn.run_in(sql, &before, named.map(Param::param).collect()).await?;
    Ok(())
}
