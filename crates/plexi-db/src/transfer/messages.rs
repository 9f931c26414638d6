//! Messages that an import brings.

use std::collections::HashSet;

use plexi_core::ChannelId;
use plexi_messaging::model::Message;
use plexi_messaging::ports::{Imported, ImportedMessage};

use crate::chat::channels::{lock, save_heads};
use crate::chat::events;
use crate::chat::messages::index;
use crate::chat::messages::place::{AllKnown, keys, place, references, save_roots};
use crate::chat::messages::write::{self, NewRow};
use crate::database::Engine;
use crate::fault::Fault;
use crate::sql::{Conn, params};

pub(super) async fn import(
    conn: Conn<'_>,
    channel: ChannelId,
    batch: &[ImportedMessage],
) -> Result<Imported, Fault> {
    let mut head = lock(conn, channel).await?;
    let mut known = references(conn, batch.iter().flat_map(|new| keys(&new.message)).collect()).await?;
    let mut done = Imported::default();
    let mut messages = Vec::with_capacity(batch.len());
    let mut sources = Vec::with_capacity(batch.len());
    for new in batch {
        let id = new.message.id;
        if known.get(&id.key().0).is_some_and(|there| there.id == id) {
            done.present += 1;
            continue;
        }
        let mut message = place(&new.message, new.deleted, &mut head, &mut known)?;
        message.edited_at = new.edited_at;
        messages.push(message);
        sources.push(new);
        done.added += 1;
    }
    if messages.is_empty() {
        return Ok(done);
    }
    store(conn, &messages, &sources, &known).await?;
    save_heads(conn, &[&head]).await?;
    Ok(done)
}

async fn store(
    conn: Conn<'_>,
    messages: &[Message],
    sources: &[&ImportedMessage],
    known: &AllKnown,
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
        params![
            message.channel_id,
            message.seq,
            message.created_at,
            events::POSTED,
            message.id.key(),
            None::<String>
        ]
    });
    conn.insert_many(events::INSERT, "(?,?,?,?,?,?)", entries.collect()).await?;
    write::insert_mentions(conn, messages.iter()).await?;
    let indexed = sources.iter().filter(|new| !new.deleted);
    index::add(conn, indexed.map(|new| (new.message.id.key().0, new.message.index.as_str()))).await?;
    reactions(conn, sources).await?;
    revisions(conn, sources).await?;

    let written: HashSet<i64> = messages.iter().map(|message| message.id.key().0).collect();
    save_roots(conn, known, &written).await
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
