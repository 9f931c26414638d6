//! The full-text index. The domain gives tokens of ASCII letters and digits; each engine keeps them its own way.
//!
//! The index of `SQLite` costs a dozen pages for each transaction that writes to it, however little. So what is posted
//! goes to a table beside it, the backlog, in the same transaction as the message; when that is long enough, a later
//! post moves all of it to the index. A search looks at both.

use std::fmt::Write;

use plexi_messaging::ports::IndexTerm;
use plexi_messaging::search::index_text;
use sea_orm::{QueryResult, Value};

use crate::database::Engine;
use crate::fault::Fault;
use crate::sql::{Conn, Param, Question, Writes, params, single};

/// In front of every token in `MariaDB`, whose index leaves out words of one or two characters and stop words.
const MARIADB_MARK: &str = "qq";

/// The tokens as the engine stores them.
fn tokens(engine: Engine, index: &str) -> String {
    let mut text = String::with_capacity(index.len() + 16);
    for token in index.split_ascii_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        if engine == Engine::MariaDb {
            text.push_str(MARIADB_MARK);
        }
        text.push_str(token);
    }
    text
}

/// The messages in the backlog after which it is moved to the index.
const BACKLOG: i64 = 512;
/// The longest tokens of a message, in bytes, that go to the backlog: so it stays a few MiB at most.
const LONGEST_IN_BACKLOG: usize = 4_096;

/// The question how long the backlog is; none where there is no backlog.
pub(crate) fn backlog(engine: Engine) -> Question {
    let sql = if engine == Engine::Sqlite { "SELECT COUNT(*) FROM message_backlog" } else { "" };
    Question::simple(sql)
}

/// What [`backlog`] found.
pub(crate) fn backlog_length(rows: &[QueryResult]) -> Result<i64, Fault> {
    rows.first().map_or(Ok(0), single)
}

/// Adds messages that are posted: key and index text. `backlog` is about how long the backlog is; how long it is then.
pub(crate) fn add_posted<'a>(
    writes: &mut Writes,
    engine: Engine,
    backlog: i64,
    entries: impl Iterator<Item = (i64, &'a str)>,
) -> i64 {
    if engine != Engine::Sqlite {
        add(writes, engine, entries);
        return 0;
    }
    let (long, short): (Vec<_>, Vec<_>) = entries.partition(|(_, index)| index.len() > LONGEST_IN_BACKLOG);
    let short: Vec<_> = short.into_iter().filter(|(_, index)| !index.is_empty()).collect();
    writes.rows(
        "INSERT INTO message_backlog (message_key, tokens) VALUES {rows}",
        "(?,?)",
        // Each token with a space on both sides, to be found by.
        short.iter().flat_map(|(key, index)| params![*key, format!(" {index} ")]).collect(),
    );
    add(writes, engine, long.into_iter());
    if backlog < BACKLOG {
        return backlog + i64::try_from(short.len()).unwrap_or(i64::MAX);
    }
    let sql = "INSERT INTO message_index (rowid, tokens) SELECT message_key, tokens FROM message_backlog";
    writes.one(sql, Vec::new());
    writes.one("DELETE FROM message_backlog", Vec::new());
    0
}

/// Adds messages: key and index text. Those without tokens are left out.
pub(crate) fn add<'a>(writes: &mut Writes, engine: Engine, entries: impl Iterator<Item = (i64, &'a str)>) {
    let (sql, row) = match engine {
        Engine::Sqlite => ("INSERT INTO message_index (rowid, tokens) VALUES {rows}", "(?,?)"),
        Engine::Postgres => (
            "INSERT INTO message_index (message_key, tokens) VALUES {rows}",
            "(?,array_to_tsvector(string_to_array(?, ' ')))",
        ),
        Engine::MariaDb => ("INSERT INTO message_index (message_key, tokens) VALUES {rows}", "(?,?)"),
    };
    let mut values = Vec::new();
    for (key, index) in entries {
        let text = tokens(engine, index);
        if !text.is_empty() {
            values.push(key.param());
            values.push(text.param());
        }
    }
    writes.rows(sql, row, values);
}

/// Takes a message out whose text is `text`. The index of `SQLite` keeps no texts: it is told the tokens, and takes them out of
/// its pages.
pub(crate) async fn remove(conn: Conn<'_>, key: i64, text: &str) -> Result<(), Fault> {
    if conn.engine != Engine::Sqlite {
        conn.run("DELETE FROM message_index WHERE message_key = ?", params![key]).await?;
        return Ok(());
    }
    if conn.run("DELETE FROM message_backlog WHERE message_key = ?", params![key]).await? > 0 {
        return Ok(());
    }
    // What the index does not hold it must not be told to take out.
    if conn.one("SELECT id FROM message_index_docsize WHERE id = ?", params![key]).await?.is_some() {
        let sql = "INSERT INTO message_index (message_index, rowid, tokens) VALUES ('delete', ?, ?)";
        conn.run(sql, params![key, tokens(conn.engine, &index_text(text))]).await?;
    }
    Ok(())
}

/// The condition that the tokens of a message in the backlog `f` are those that a search asks for, as [`question`] does of
/// the index, with its parameters.
pub(crate) fn backlog_condition(terms: &[IndexTerm]) -> (String, Vec<Value>) {
    let mut sql = String::from("1 = 1");
    let mut values = Vec::new();
    for (token, prefix) in wanted(terms) {
        sql.push_str(" AND instr(f.tokens, ?) > 0");
        values.push(if prefix { format!(" {token}") } else { format!(" {token} ") }.param());
    }
    (sql, values)
}

/// The tokens and prefixes (true) that a search asks for, each once. Anything but letters and digits is left out of a token,
/// so no text of a user can be an operator.
fn wanted(terms: &[IndexTerm]) -> Vec<(String, bool)> {
    let clean = |token: &str| token.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let mut parts: Vec<(String, bool)> = Vec::new();
    for term in terms {
        parts.extend(term.tokens.iter().map(|token| (clean(token), false)));
        parts.extend(term.prefix.iter().map(|prefix| (clean(prefix), true)));
    }
    parts.retain(|(token, _)| !token.is_empty());
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// The index's own text of a question: all tokens and prefixes must be there. None when there is nothing to ask.
pub(crate) fn question(engine: Engine, terms: &[IndexTerm]) -> Option<String> {
    let parts = wanted(terms);
    if parts.is_empty() {
        return None;
    }
    let mut text = String::new();
    for (token, prefix) in parts {
        let star = if prefix { "*" } else { "" };
        // invariant: writing to a String cannot fail
        let _ = match engine {
            Engine::Sqlite => write!(text, "\"{token}\"{star} "),
            Engine::Postgres => {
                let join = if text.is_empty() { "" } else { " & " };
                let colon = if prefix { ":" } else { "" };
                write!(text, "{join}'{token}'{colon}{star}")
            }
            Engine::MariaDb => write!(text, "+{MARIADB_MARK}{token}{star} "),
        };
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_holds_nothing_but_tokens() {
        let terms = [IndexTerm {
            tokens: vec![String::from("a\" OR \"b"), String::from("c'd")],
            prefix: Some(String::from("e*")),
        }];
        assert_eq!(question(Engine::Sqlite, &terms).as_deref(), Some("\"aORb\" \"cd\" \"e\"* "));
        assert_eq!(question(Engine::Postgres, &terms).as_deref(), Some("'aORb' & 'cd' & 'e':*"));
        assert_eq!(question(Engine::MariaDb, &terms).as_deref(), Some("+qqaORb +qqcd +qqe* "));
    }

    #[test]
    fn nothing_to_ask_is_no_question() {
        assert_eq!(question(Engine::Sqlite, &[]), None);
        assert_eq!(
            question(Engine::Sqlite, &[IndexTerm { tokens: vec![String::from("--")], prefix: None }]),
            None
        );
    }
}
