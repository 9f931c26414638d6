//! Messages that an import brings.

use std::collections::{BTreeMap, HashMap, HashSet};

use plexi_core::{ChannelId, UserId};
use plexi_messaging::model::Message;
use plexi_messaging::ports::{Imported, ImportedMessage, ReadTo};

use crate::chat::channels::{heads, lock, locked_heads, save_heads};
use crate::chat::messages::index;
use crate::chat::messages::place::{AllKnown, keys, known, place, references, save_roots};
use crate::chat::messages::write::{self, NewRow};
use crate::database::Engine;
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, Writes, params};

pub(super) async fn import(
    conn: Conn<'_>,
    channel: ChannelId,
    batch: &[ImportedMessage],
    dry_run: bool,
) -> Result<Imported, Fault> {
    let questions = vec![
        locked_heads(conn.engine, vec![channel]),
        references(batch.iter().flat_map(|new| keys(&new.message)).collect()),
    ];
    let mut found = conn.ask(questions).await?.into_iter();
    let mut next = || found.next().unwrap_or_default();
    let head = heads(&next())?.pop();
    let mut known = known(&next())?;
    if dry_run {
        return count(batch, channel, &known);
    }
    let mut head = head.ok_or(Fault::Missing("channel"))?;
    let mut done = Imported::default();
    let mut messages = Vec::with_capacity(batch.len());
    let mut sources = Vec::with_capacity(batch.len());
    for new in batch {
        if is_there(new, channel, &known)? {
            done.present += 1;
            continue;
        }
        done.added += 1;
        let mut message = place(&new.message, new.deleted, &mut head, &mut known)?;
        message.edited_at = new.edited_at;
        messages.push(message);
        sources.push(new);
    }
    if messages.is_empty() {
        return Ok(done);
    }
    let mut writes = Writes::default();
    store(&mut writes, conn.engine, &messages, &sources, &known)?;
    save_heads(&mut writes, conn.engine, &[&head]);
    writes.run_last(conn).await?;
    Ok(done)
}

/// What would come of a batch.
fn count(batch: &[ImportedMessage], channel: ChannelId, known: &AllKnown) -> Result<Imported, Fault> {
    let mut done = Imported::default();
    for new in batch {
        let count = if is_there(new, channel, known)? { &mut done.present } else { &mut done.added };
        *count += 1;
    }
    Ok(done)
}

/// Whether the channel has the message. `Conflict("channel")` when another has it.
fn is_there(new: &ImportedMessage, channel: ChannelId, known: &AllKnown) -> Result<bool, Fault> {
    let id = new.message.id;
    match known.get(&id.key().0) {
        Some(there) if there.id == id && there.channel != channel => Err(Fault::Conflict("channel")),
        there => Ok(there.is_some_and(|there| there.id == id)),
    }
}

fn store(
    writes: &mut Writes,
    engine: Engine,
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
    write::insert(writes, rows)?;
    write::insert_events(writes, messages);
    write::insert_mentions(writes, messages.iter());
    let indexed = sources.iter().filter(|new| !new.deleted);
    index::add(writes, engine, indexed.map(|new| (new.message.id.key().0, new.message.index.as_str())));
    reactions(writes, sources);
    revisions(writes, sources);
    save_roots(writes, known, messages);
    Ok(())
}

fn reactions(writes: &mut Writes, sources: &[&ImportedMessage]) {
    let mut values = Vec::new();
    for new in sources {
        let mut seen = HashSet::new();
        for (emoji, user, at) in &new.reactions {
            if seen.insert((emoji.as_str(), *user)) {
                values.append(&mut params![new.message.id.key(), emoji, *user, *at]);
            }
        }
    }
    let sql = "INSERT INTO reactions (message_key, emoji, user_id, reacted_at) VALUES {rows}";
    writes.rows(sql, "(?,?,?,?)", values);
}

fn revisions(writes: &mut Writes, sources: &[&ImportedMessage]) {
    let mut values = Vec::new();
    for new in sources {
        for (number, former) in (1_i64..).zip(new.history.iter().rev()) {
            values.append(&mut params![new.message.id.key(), number, &former.text, former.at]);
        }
    }
    let sql = "INSERT INTO message_revisions (message_key, revision, body, replaced_at) VALUES {rows}";
    writes.rows(sql, "(?,?,?,?)", values);
}

/// The places that messages of each line of a channel have in order of time, with those they have now.
const PLACES: &str = "SELECT message_key, position, ROW_NUMBER() OVER (PARTITION BY thread_key ORDER BY message_key) - 1 AS place \
    FROM messages WHERE channel_id = ?";

pub(super) async fn finish(
    conn: Conn<'_>,
    channel: ChannelId,
    read: &[(UserId, ReadTo)],
) -> Result<(), Fault> {
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
    for (seq, users) in marks(conn, channel, read).await? {
        let sql = "UPDATE channel_members SET last_read_seq = ?, imported = false \
                   WHERE channel_id = ? AND imported = true AND user_id IN {in}";
        conn.run_in(sql, &[seq.param(), channel.param()], users.iter().map(|user| user.param()).collect())
            .await?;
    }
    let sql = "UPDATE channel_members SET last_read_seq = ?, imported = false WHERE channel_id = ? AND imported = true";
    conn.run(sql, params![head.last_seq, channel]).await?;
    Ok(())
}

/// Who has read to which event. Who has read everything is not in it.
async fn marks(
    conn: Conn<'_>,
    channel: ChannelId,
    read: &[(UserId, ReadTo)],
) -> Result<BTreeMap<i64, Vec<UserId>>, Fault> {
    let keys: HashSet<i64> = read
        .iter()
        .filter_map(|(_, read)| if let ReadTo::Message(id) = read { Some(id.key().0) } else { None })
        .collect();
    let sql = "SELECT message_key, seq FROM messages WHERE channel_id = ? AND message_key IN {in}";
    let mut seqs: HashMap<i64, i64> = HashMap::new();
    let keys = keys.into_iter().map(Param::param).collect();
    for row in conn.all_in(sql, &[channel.param()], keys, &[]).await? {
        let mut cells = Cells::new(&row);
        seqs.insert(cells.take()?, cells.take()?);
    }
    let mut marks: BTreeMap<i64, Vec<UserId>> = BTreeMap::new();
    for (user, read) in read {
        let seq = match read {
            ReadTo::Everything => None,
            ReadTo::Nothing => Some(0),
            ReadTo::Message(id) => seqs.get(&id.key().0).copied(),
        };
        if let Some(seq) = seq {
            marks.entry(seq).or_default().push(*user);
        }
    }
    Ok(marks)
}
