//! Messages that an import brings.

use std::collections::{HashMap, HashSet};

use plexi_core::{ChannelId, MessageId};
use plexi_messaging::model::Message;
use plexi_messaging::ports::{Imported, ImportedMessage};

use crate::chat::channels::{Head, lock};
use crate::chat::events;
use crate::chat::messages::post::{message, replies_of};
use crate::chat::messages::write::{self, NewRow, Replies};
use crate::chat::messages::index;
use crate::database::Engine;
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, params};

/// A message that is there, or came before in the batch.
struct Known {
    id: MessageId,
    replies: Replies,
    changed: bool,
}

pub(super) async fn import(
    conn: Conn<'_>,
    channel: ChannelId,
    batch: &[ImportedMessage],
) -> Result<Imported, Fault> {
    let mut head = lock(conn, channel).await?;
    let mut known = present(conn, batch).await?;
    let mut done = Imported::default();
    let mut messages = Vec::with_capacity(batch.len());
    let mut sources = Vec::with_capacity(batch.len());
    for new in batch {
        let id = new.message.id;
        match known.get(&id.key().0) {
            Some(there) if there.id == id => {
                done.present += 1;
                continue;
            }
            Some(_) => return Err(Fault::Conflict("id")),
            None => {}
        }
        messages.push(place(new, &mut head, &mut known)?);
        sources.push(new);
        known.insert(id.key().0, Known { id, replies: Replies::default(), changed: false });
        done.added += 1;
    }
    if messages.is_empty() {
        return Ok(done);
    }
    store(conn, &messages, &sources, &known).await?;
    head.save(conn).await?;
    Ok(done)
}

/// Gives a message its numbers.
fn place(new: &ImportedMessage, head: &mut Head, known: &mut HashMap<i64, Known>) -> Result<Message, Fault> {
    let source = &new.message;
    let position = match source.thread_id {
        Some(root) => {
            let root =
                known.get_mut(&root.key().0).filter(|there| there.id == root).ok_or(Fault::Missing("thread"))?;
            root.changed = true;
            root.replies.add(source.author_id, source.created_at, new.deleted)
        }
        None => {
            head.main_count += 1;
            head.main_count - 1
        }
    };
    head.last_seq += 1;
    head.last_message_at = head.last_message_at.max(Some(source.created_at));
    let mut placed = message(source, head.last_seq, position);
    placed.channel_id = head.id;
    placed.edited_at = new.edited_at;
    placed.deleted = new.deleted;
    placed.pinned = new.pinned.is_some();
    Ok(placed)
}

/// Whatever has a key that the batch wants or refers to.
async fn present(conn: Conn<'_>, batch: &[ImportedMessage]) -> Result<HashMap<i64, Known>, Fault> {
    let ids = batch.iter().flat_map(|new| [Some(new.message.id), new.message.thread_id]).flatten();
    let mut keys: Vec<i64> = ids.map(|id| id.key().0).collect();
    keys.sort_unstable();
    keys.dedup();
    let sql = "SELECT message_key, id, reply_total, reply_count, last_reply_at, participants \
               FROM messages WHERE message_key IN {in}";
    let rows = conn.all_in(sql, &[], keys.into_iter().map(Param::param).collect(), &[]).await?;
    let found = rows.iter().map(|row| {
        let mut cells = Cells::new(row);
        let (key, id) = (cells.take()?, cells.take()?);
        Ok((key, Known { id, replies: replies_of(&mut cells)?, changed: false }))
    });
    found.collect()
}

async fn store(
    conn: Conn<'_>,
    messages: &[Message],
    sources: &[&ImportedMessage],
    known: &HashMap<i64, Known>,
) -> Result<(), Fault> {
    let rows = messages.iter().zip(sources).map(|(message, new)| NewRow {
        message,
        pinned: new.pinned,
        has_link: new.message.has_link,
        has_reactions: !new.reactions.is_empty(),
        replies: known.get(&message.id.key().0).map(|itself| &itself.replies),
    });
    write::insert(conn, rows).await?;
    let entries = messages.iter().flat_map(|message| {
        params![message.channel_id, message.seq, message.created_at, events::POSTED, message.id.key(), None::<String>]
    });
    conn.insert_many(events::INSERT, "(?,?,?,?,?,?)", entries.collect()).await?;
    write::insert_mentions(conn, messages.iter()).await?;
    let indexed = sources.iter().filter(|new| !new.deleted);
    index::add(conn, indexed.map(|new| (new.message.id.key().0, new.message.index.as_str()))).await?;
    reactions(conn, sources).await?;
    revisions(conn, sources).await?;

    let written: HashSet<i64> = messages.iter().map(|message| message.id.key().0).collect();
    for (key, root) in known.iter().filter(|(key, root)| root.changed && !written.contains(*key)) {
        root.replies.save(conn, *key).await?;
    }
    Ok(())
}

async fn reactions(conn: Conn<'_>, sources: &[&ImportedMessage]) -> Result<(), Fault> {
    let mut values = Vec::new();
    for new in sources {
        let mut seen = HashSet::new();
        for (emoji, user, at) in &new.reactions {
            if seen.insert((emoji.as_str(), *user)) {
                values.append(&mut params![new.message.id.key(), emoji, *user, *at]);
            }
        }
    }
    let head = "INSERT INTO reactions (message_key, emoji, user_id, reacted_at) VALUES";
    conn.insert_many(head, "(?,?,?,?)", values).await?;
    Ok(())
}

async fn revisions(conn: Conn<'_>, sources: &[&ImportedMessage]) -> Result<(), Fault> {
    let mut values = Vec::new();
    for new in sources {
        for (number, former) in (1_i64..).zip(new.history.iter().rev()) {
            values.append(&mut params![new.message.id.key(), number, &former.text, former.at]);
        }
    }
    let head = "INSERT INTO message_revisions (message_key, revision, body, replaced_at) VALUES";
    conn.insert_many(head, "(?,?,?,?)", values).await?;
    Ok(())
}

/// The places that messages of each line of a channel have in order of time, with those they have now.
const PLACES: &str = "SELECT message_key, position, ROW_NUMBER() OVER (PARTITION BY thread_key ORDER BY message_key) - 1 AS place \
    FROM messages WHERE channel_id = ?";

pub(super) async fn finish(conn: Conn<'_>, channel: ChannelId) -> Result<(), Fault> {
    let head = lock(conn, channel).await?;
    let sql = match conn.engine {
        Engine::Sqlite | Engine::Postgres => format!(
            "UPDATE messages SET position = places.place FROM ({PLACES}) places \
             WHERE places.message_key = messages.message_key AND places.place <> places.position"
        ),
        Engine::MariaDb => format!(
            "UPDATE messages JOIN ({PLACES}) places ON places.message_key = messages.message_key \
             SET messages.position = places.place WHERE places.place <> places.position"
        ),
    };
    conn.run(&sql, params![channel]).await?;
    let sql = "UPDATE channel_members SET last_read_seq = ?, imported = false WHERE channel_id = ? AND imported = true";
    conn.run(sql, params![head.last_seq, channel]).await?;
    Ok(())
}
