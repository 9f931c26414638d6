//! Stretches of a line by position. Positions have no gaps, so every stretch is a range of an index.

use plexi_core::{MessageId, Timestamp, UserId};
use plexi_messaging::model::Message;
use plexi_messaging::ports::{Line, Slice};

use super::view;
use crate::fault::Fault;
use crate::sql::{Conn, params, single};

/// Messages shown before the first of a date.
const BEFORE_DATE: i64 = 5;

/// The messages of the stretch, oldest first, and how many the line has.
pub(super) async fn read(
    conn: Conn<'_>,
    line: Line,
    slice: Slice,
    limit: u32,
    viewer: UserId,
) -> Result<(Vec<Message>, i64), Fault> {
    let (channel, thread_key) = match line {
        Line::Main(channel) => (channel, 0),
        Line::Thread(channel, root) => (channel, root.key().0),
    };
    let total = match line {
        Line::Main(channel) => {
            conn.one("SELECT main_count FROM channels WHERE id = ?", params![channel]).await?
        }
        Line::Thread(channel, root) => {
            let sql = "SELECT reply_total FROM messages WHERE message_key = ? AND id = ? AND channel_id = ?";
            conn.one(sql, params![root.key(), root, channel]).await?
        }
    };
    let total: i64 = total.as_ref().map_or(Ok(0), single)?;
    let from = match slice {
        Slice::Date(at) => {
            // The key holds the time. The sign keeps SQLite from sorting the whole line by another index.
            let sql = "SELECT position FROM messages WHERE channel_id = ? AND message_key >= ? AND +thread_key = ? \
                       ORDER BY message_key LIMIT 1";
            let first = conn.one(sql, params![channel, first_key(at), thread_key]).await?;
            first.as_ref().map(single).transpose()?
        }
        _ => None,
    };
    let (start, end) = range(slice, from, i64::from(limit.clamp(1, 200)), total);
    if start >= end {
        return Ok((Vec::new(), total));
    }
    let from = "FROM messages m WHERE m.channel_id = ? AND m.thread_key = ? AND m.position >= ? AND m.position < ? \
                ORDER BY m.position";
    let messages = view::list(conn, from, params![channel, thread_key, start, end], Some(viewer)).await?;
    Ok((messages, total))
}

/// The smallest key of a message at this time.
fn first_key(at: Timestamp) -> i64 {
    MessageId::imported(at, 0, 0).key().0
}

/// The positions from (inclusive) and to (exclusive). `from` is the first position of a date.
fn range(slice: Slice, from: Option<i64>, limit: i64, total: i64) -> (i64, i64) {
    let ending = |end: i64| ((end - limit).max(0), end);
    match slice {
        Slice::Latest => ending(total),
        Slice::Before(position) => ending(position.clamp(0, total)),
        Slice::After(position) => {
            let start = position.saturating_add(1).clamp(0, total);
            (start, (start + limit).min(total))
        }
        Slice::Around(position) => window(position.clamp(0, total), limit / 2, limit, total),
        Slice::Date(_) => {
            from.map_or(ending(total), |first| window(first, BEFORE_DATE.min(limit / 4), limit, total))
        }
    }
}

/// `limit` positions of which `before` are before `position`, moved so that they are within the line.
fn window(position: i64, before: i64, limit: i64, total: i64) -> (i64, i64) {
    let start = (position - before).min(total - limit).max(0);
    (start, (start + limit).min(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_always_within_the_line() {
        assert_eq!(range(Slice::Latest, None, 50, 214), (164, 214));
        assert_eq!(range(Slice::Latest, None, 50, 7), (0, 7));
        assert_eq!(range(Slice::Before(10), None, 50, 214), (0, 10));
        assert_eq!(range(Slice::Before(i64::MAX), None, 50, 214), (164, 214));
        assert_eq!(range(Slice::Before(-4), None, 50, 214), (0, 0));
        assert_eq!(range(Slice::After(200), None, 50, 214), (201, 214));
        assert_eq!(range(Slice::After(i64::MAX), None, 50, 214), (214, 214));
        assert_eq!(range(Slice::After(-1), None, 50, 214), (0, 50));
        assert_eq!(range(Slice::Around(100), None, 50, 214), (75, 125));
        assert_eq!(range(Slice::Around(3), None, 50, 214), (0, 50));
        assert_eq!(range(Slice::Around(213), None, 50, 214), (164, 214));
        assert_eq!(range(Slice::Date(Timestamp::from_micros(0)), Some(0), 50, 214), (0, 50));
        assert_eq!(range(Slice::Date(Timestamp::from_micros(0)), None, 50, 214), (164, 214));
    }
}
