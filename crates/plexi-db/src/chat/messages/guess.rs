//! What this process last saw of the channels it posts to. On `SQLite` a post goes to the engine in one way when it does not
//! have to read first: it writes what follows from the guess, behind a statement that fails when the guess is wrong.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plexi_core::ChannelId;
use plexi_messaging::ports::NewMessage;

use crate::chat::channels::Head;
use crate::sql::{Writes, params};

/// Channels that are remembered.
const MOST: usize = 4_096;

/// What was seen last; anybody may have changed it since.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    heads: HashMap<ChannelId, Head>,
    backlog: i64,
}

/// A guess for one batch.
pub(crate) struct Guess {
    pub(crate) heads: HashMap<ChannelId, Head>,
    pub(crate) backlog: i64,
}

impl Guesses {
    /// Where the channels of a batch stand, if all were seen and the messages refer to no others.
    pub(crate) fn of(&self, batch: &[NewMessage]) -> Option<Guess> {
        if batch.iter().any(|new| new.thread_id.is_some() || new.reply_to.is_some()) {
            return None;
        }
        let seen = self.seen();
        let head = |new: &NewMessage| Some((new.channel_id, seen.heads.get(&new.channel_id)?.clone()));
        Some(Guess { heads: batch.iter().map(head).collect::<Option<_>>()?, backlog: seen.backlog })
    }

    /// Remembers what was committed, or is about to be.
    pub(crate) fn saw(&self, heads: HashMap<ChannelId, Head>, backlog: i64) {
        let mut seen = self.seen();
        if seen.heads.len() + heads.len() > MOST {
            seen.heads.clear();
        }
        seen.heads.extend(heads);
        seen.backlog = backlog;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guess {
    /// The statement that fails when a channel is not where it was, or not at all.
    pub(crate) fn check(&self, writes: &mut Writes) {
        let rows = self.heads.values().flat_map(|head| params![head.id, head.last_seq, head.main_count]);
        writes.rows(
            "WITH guessed (id, last_seq, main_count) AS (VALUES {rows}), \
             counted (wanted, found) AS (SELECT COUNT(guessed.id), COUNT(c.id) FROM guessed LEFT JOIN channels c \
             ON c.id = guessed.id AND c.last_seq = guessed.last_seq AND c.main_count = guessed.main_count) \
             SELECT CASE WHEN found = wanted THEN 1 ELSE json('another state' || found) END FROM counted",
            "(?,?,?)",
            rows.collect(),
        );
    }
}
