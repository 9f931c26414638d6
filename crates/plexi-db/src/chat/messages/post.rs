//! Posting: a batch in a handful of statements, whatever its size.

use std::collections::{HashMap, HashSet};

use plexi_core::{ChannelId, UserId};
use plexi_messaging::event::{ChannelEvent, EventBody};
use plexi_messaging::model::Message;
use plexi_messaging::ports::{NewMessage, Posted};
use sea_orm::QueryResult;

use super::guess::{Guess, Guesses};
use super::place::{AllKnown, keys, known, place, references, save_roots};
use super::write::{self, NewRow};
use super::{index, view};
use crate::chat::channels::{Head, heads, locked_heads, save_heads};
use crate::chat::threads;
use crate::database::Engine;
use crate::fault::{Fault, Kind};
use crate::sql::{Cells, Conn, Question, Writes, params};

/// What became of a message of the batch.
enum Fate {
    /// To be written: its place in the list of new messages.
    New(usize),
    /// It was there: its key in the store.
    Present(i64),
    /// The same message came before in this batch.
    Repeated(usize),
    Refused(Fault),
}

type ClientKey<'a> = (UserId, ChannelId, &'a str);

/// The messages of a batch that are new, with what they come from, and what becomes of each entry.
struct Arranged<'a> {
    messages: Vec<Message>,
    sources: Vec<&'a NewMessage>,
    fates: Vec<Fate>,
}

/// Messages that are there already, by what their authors call them.
type Repeated = HashMap<(UserId, ChannelId, String), i64>;

/// Writes a batch. Each entry of the answer belongs to the entry of the batch at the same place.
pub(super) async fn post(
    conn: Conn<'_>,
    guesses: &Guesses,
    batch: &[NewMessage],
) -> Result<Vec<Result<Posted, Fault>>, Fault> {
    if conn.engine == Engine::Sqlite
        && let Some(guess) = guesses.of(batch)
    {
        match post_guessed(conn, guesses, guess, batch).await {
            // The guess was wrong, or a message is there already: now it is looked up.
            Err(fault) if matches!(fault.kind(), Kind::Unique | Kind::Other) => conn.start_over().await,
            done => return done,
        }
    }
    post_read(conn, guesses, batch).await
}

/// Reads where the channels stand and what is there already, then writes.
async fn post_read(
    conn: Conn<'_>,
    guesses: &Guesses,
    batch: &[NewMessage],
) -> Result<Vec<Result<Posted, Fault>>, Fault> {
    let questions = vec![
        locked_heads(conn.engine, batch.iter().map(|new| new.channel_id).collect()),
        repeated(conn.engine, batch),
        references(batch.iter().flat_map(keys).collect()),
        index::backlog(conn.engine),
    ];
    let mut found = conn.ask(questions).await?.into_iter();
    let mut next = || found.next().unwrap_or_default();
    let mut heads: HashMap<ChannelId, Head> =
        heads(&next())?.into_iter().map(|head| (head.id, head)).collect();
    let repeated = clients(&next())?;
    let mut known = known(&next())?;
    let backlog = index::backlog_length(&next())?;

    let arranged = arrange(batch, &mut heads, &repeated, &mut known);
    let mut writes = Writes::default();
    let backlog = store(&mut writes, conn.engine, &arranged, &heads, &known, backlog)?;
    let keys: Vec<i64> = arranged
        .fates
        .iter()
        .filter_map(|fate| if let Fate::Present(key) = fate { Some(*key) } else { None })
        .collect();
    let present = present(conn, &keys).await?;
    writes.run_last(conn).await?;
    if conn.engine == Engine::Sqlite {
        guesses.saw(heads, backlog);
    }
    Ok(answer(arranged.fates, &arranged.messages, &present))
}

/// Writes what follows from the guess. Fails and changes nothing when it is wrong, or a message is there already: the unique
/// indexes say so.
async fn post_guessed(
    conn: Conn<'_>,
    guesses: &Guesses,
    guess: Guess,
    batch: &[NewMessage],
) -> Result<Vec<Result<Posted, Fault>>, Fault> {
    let mut writes = Writes::default();
    guess.check(&mut writes);
    let (mut heads, mut known) = (guess.heads, AllKnown::new());
    let arranged = arrange(batch, &mut heads, &Repeated::new(), &mut known);
    let backlog = store(&mut writes, conn.engine, &arranged, &heads, &known, guess.backlog)?;
    writes.run_last(conn).await?;
    guesses.saw(heads, backlog);
    Ok(answer(arranged.fates, &arranged.messages, &HashMap::new()))
}

/// Gives each message its place.
fn arrange<'a>(
    batch: &'a [NewMessage],
    heads: &mut HashMap<ChannelId, Head>,
    repeated: &Repeated,
    known: &mut AllKnown,
) -> Arranged<'a> {
    let mut messages: Vec<Message> = Vec::with_capacity(batch.len());
    let mut sources: Vec<&NewMessage> = Vec::with_capacity(batch.len());
    let mut seen: HashMap<ClientKey<'_>, usize> = HashMap::new();
    let mut fates = Vec::with_capacity(batch.len());
    for new in batch {
        let client = new.client_id.as_deref().map(|client| (new.author_id, new.channel_id, client));
        if let Some(client) = client {
            if !repeated.is_empty()
                && let Some(key) = repeated.get(&(client.0, client.1, client.2.to_owned()))
            {
                fates.push(Fate::Present(*key));
                continue;
            }
            if let Some(place) = seen.get(&client) {
                fates.push(Fate::Repeated(*place));
                continue;
            }
        }
        let head = heads.get_mut(&new.channel_id).ok_or(Fault::Missing("channel"));
        match head.and_then(|head| place(new, false, head, known)) {
            Ok(message) => {
                fates.push(Fate::New(messages.len()));
                if let Some(client) = client {
                    seen.insert(client, messages.len());
                }
                messages.push(message);
                sources.push(new);
            }
            Err(fault) => fates.push(Fate::Refused(fault)),
        }
    }
    Arranged { messages, sources, fates }
}

/// The question for messages with a `client_id` of the batch.
fn repeated(engine: Engine, batch: &[NewMessage]) -> Question {
    let mut clients: HashSet<ClientKey<'_>> = HashSet::new();
    for new in batch {
        clients.extend(new.client_id.as_deref().map(|client| (new.author_id, new.channel_id, client)));
    }
    let keys =
        clients.iter().flat_map(|(author, channel, client)| params![*author, *channel, *client]).collect();
    // The condition on null lets the engine use the index that leaves nulls out. A list of rows is a constant to MariaDB;
    // to SQLite it is not, and only the fixed order of a cross join keeps it from reading all of the index.
    let sql = match engine {
        Engine::MariaDb => {
            "SELECT author_id, channel_id, client_id, message_key FROM messages \
             WHERE (author_id, channel_id, client_id) IN ({rows})"
        }
        Engine::Sqlite | Engine::Postgres => {
            "WITH wanted (author_id, channel_id, client_id) AS (VALUES {rows}) \
             SELECT m.author_id, m.channel_id, m.client_id, m.message_key FROM wanted CROSS JOIN messages m \
             WHERE m.author_id = wanted.author_id AND m.channel_id = wanted.channel_id \
             AND m.client_id = wanted.client_id AND m.client_id IS NOT NULL"
        }
    };
    Question { sql: sql.to_owned(), row: "(?,?,?)", keys }
}

/// The messages of the store that have a `client_id` of the batch.
fn clients(rows: &[QueryResult]) -> Result<Repeated, Fault> {
    let mut found = HashMap::new();
    for row in rows {
        let mut cells = Cells::new(row);
        found.insert((cells.take()?, cells.take()?, cells.take()?), cells.take()?);
    }
    Ok(found)
}

/// Adds what the new messages change; how long the backlog of the index is then.
fn store(
    writes: &mut Writes,
    engine: Engine,
    arranged: &Arranged<'_>,
    heads: &HashMap<ChannelId, Head>,
    known: &AllKnown,
    backlog: i64,
) -> Result<i64, Fault> {
    let Arranged { messages, sources, .. } = arranged;
    let rows = messages.iter().zip(sources).map(|(message, new)| NewRow {
        message,
        pinned: None,
        has_link: new.has_link,
        has_reactions: false,
        replies: known.get(&message.id.key().0).map(|itself| &itself.replies),
    });
    write::insert(writes, rows)?;
    write::insert_events(writes, messages);
    write::insert_mentions(writes, messages.iter());
    threads::follow(writes, engine, messages, known);
    let indexed = sources.iter().map(|new| (new.id.key().0, new.index.as_str()));
    let backlog = index::add_posted(writes, engine, backlog, indexed);
    save_roots(writes, known, messages);
    let mut changed: Vec<ChannelId> = messages.iter().map(|message| message.channel_id).collect();
    changed.sort_unstable();
    changed.dedup();
    let changed: Vec<&Head> = changed.iter().filter_map(|id| heads.get(id)).collect();
    save_heads(writes, engine, &changed);
    Ok(backlog)
}

fn answer(
    fates: Vec<Fate>,
    messages: &[Message],
    present: &HashMap<i64, Message>,
) -> Vec<Result<Posted, Fault>> {
    let answers = fates.into_iter().map(|fate| match fate {
        Fate::New(place) => posted(messages.get(place), false),
        Fate::Repeated(place) => posted(messages.get(place), true),
        Fate::Present(key) => posted(present.get(&key), true),
        Fate::Refused(fault) => Err(fault),
    });
    answers.collect()
}

/// Messages that were there, each as its author sees it.
async fn present(conn: Conn<'_>, keys: &[i64]) -> Result<HashMap<i64, Message>, Fault> {
    let mut found = HashMap::new();
    for key in keys {
        let row = view::rows(conn, "FROM messages m WHERE m.message_key = ?", params![*key]).await?;
        let author = row.first().map(|stored| stored.message.author_id);
        for message in view::complete(conn, row, author).await? {
            found.insert(*key, message);
        }
    }
    Ok(found)
}

fn posted(message: Option<&Message>, duplicate: bool) -> Result<Posted, Fault> {
    let message = message.ok_or(Fault::Missing("message"))?;
    let event = (!duplicate).then(|| {
        let mut shown = message.clone();
        shown.client_id = None;
        ChannelEvent {
            channel_id: message.channel_id,
            seq: message.seq,
            at: message.created_at,
            event: EventBody::MessagePosted { message: Box::new(shown) },
        }
    });
    Ok(Posted { message: message.clone(), duplicate, event })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, DatabaseConfig};
    use plexi_core::{MessageId, Timestamp};
    use plexi_messaging::model::MessageKind;

    fn message(nth: usize) -> NewMessage {
        let at = Timestamp::from_seconds(1_790_000_000);
        NewMessage {
            id: MessageId::imported(at, 0, 0),
            channel_id: ChannelId::from_uuid(uuid::Uuid::nil()),
            author_id: UserId::from_uuid(uuid::Uuid::nil()),
            kind: MessageKind::Text,
            text: String::new(),
            system: None,
            created_at: at,
            client_id: Some(nth.to_string()),
            thread_id: None,
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            index: String::new(),
            has_link: false,
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn repeated_messages_are_looked_for_by_their_index() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::connect(&DatabaseConfig::default(), folder.path()).await.unwrap();
        for count in [1, 2, 64] {
            let batch: Vec<NewMessage> = (0..count).map(message).collect();
            let question = repeated(Engine::Sqlite, &batch);
            let list = vec![question.row; count].join(",");
            let sql = format!("EXPLAIN QUERY PLAN {}", question.sql.replace("{rows}", &list));
            let values = question.keys;
            let rows = database.read().all(&sql, values).await.unwrap();
            let plan: Vec<String> = rows
                .iter()
                .map(|row| {
                    let mut cells = Cells::new(row);
                    let _numbers: (i64, i64, i64) =
                        (cells.take().unwrap(), cells.take().unwrap(), cells.take().unwrap());
                    cells.take().unwrap()
                })
                .collect();
            let wanted =
                "USING COVERING INDEX messages_client (author_id=? AND channel_id=? AND client_id=?)";
            assert!(plan.iter().any(|step| step.starts_with("SEARCH") && step.contains(wanted)), "{plan:?}");
        }
    }
}
