//! The full-text index. The domain gives tokens of ASCII letters and digits; each engine keeps them its own way.

use std::fmt::Write;

use plexi_messaging::ports::IndexTerm;

use crate::database::Engine;
use crate::fault::Fault;
use crate::sql::{Conn, Param, Writes};

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

/// Takes a message out.
pub(crate) async fn remove(conn: Conn<'_>, key: i64) -> Result<(), Fault> {
    let sql = match conn.engine {
        Engine::Sqlite => "DELETE FROM message_index WHERE rowid = ?",
        Engine::Postgres | Engine::MariaDb => "DELETE FROM message_index WHERE message_key = ?",
    };
    conn.run(sql, vec![key.param()]).await?;
    Ok(())
}

/// The index's own text of a question: all tokens and prefixes must be there. None when there is nothing to ask. Anything but
/// letters and digits is left out of a token, so no text of a user can be an operator.
pub(crate) fn question(engine: Engine, terms: &[IndexTerm]) -> Option<String> {
    let clean = |token: &str| token.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let mut parts: Vec<(String, bool)> = Vec::new();
    for term in terms {
        parts.extend(term.tokens.iter().map(|token| (clean(token), false)));
        parts.extend(term.prefix.iter().map(|prefix| (clean(prefix), true)));
    }
    parts.retain(|(token, _)| !token.is_empty());
    parts.sort_unstable();
    parts.dedup();
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
