//! A line read back: what it says of time, level, target, message and fields.

use std::borrow::Cow;

use plexi_core::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::escape;
use crate::fields::CORRELATION;
use crate::level::Level;

/// `2026-11-21T09:30:00.123456Z`
const TIME: usize = 27;
const JSON_START: &[u8] = b"{\"time\":\"";
const JSON_LEVEL: &[u8] = b"\",\"level\":\"";

/// The beginning of a line, which is enough for most decisions. Nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    /// The time as it is written: its order is the order of the text.
    pub(crate) time: Option<&'a [u8]>,
    pub(crate) level: Option<Level>,
}

impl<'a> Head<'a> {
    pub(crate) fn of(line: &'a [u8]) -> Self {
        let (start, level_after) =
            if line.starts_with(JSON_START) { (JSON_START.len(), JSON_LEVEL) } else { (0, &b" "[..]) };
        let Some(time) = line.get(start..start + TIME).filter(|time| is_time(time)) else {
            return Self { time: None, level: None };
        };
        let level = line[start + TIME..].strip_prefix(level_after).and_then(level_of);
        Self { time: Some(time), level }
    }
}

fn is_time(text: &[u8]) -> bool {
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')];
    marks.iter().all(|(at, mark)| text.get(*at) == Some(mark))
        && text.iter().enumerate().all(|(at, b)| b.is_ascii_digit() || marks.contains(&(at, *b)))
}

fn level_of(text: &[u8]) -> Option<Level> {
    let levels = [
        (&b"ERROR"[..], Level::Error),
        (b"WARN", Level::Warn),
        (b"INFO", Level::Info),
        (b"DEBUG", Level::Debug),
        (b"TRACE", Level::Trace),
    ];
    levels.iter().find(|(name, _)| text.starts_with(name)).map(|(_, level)| *level)
}

/// A line that a filter let through.
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'a> {
    file: &'a str,
    line: &'a [u8],
}

impl<'a> LogEntry<'a> {
    pub(crate) const fn new(file: &'a str, line: &'a [u8]) -> Self {
        Self { file, line }
    }

    /// The file it stands in, as [`LogReader::files`](crate::LogReader::files) names it.
    pub const fn file(&self) -> &'a str {
        self.file
    }

    /// When it was logged; `None` for a line that this crate did not write.
    pub fn at(&self) -> Option<Timestamp> {
        let time = Head::of(self.line).time?;
        Timestamp::parse(std::str::from_utf8(time).ok()?)
    }

    /// Its level; `None` for a line that this crate did not write.
    pub fn level(&self) -> Option<Level> {
        Head::of(self.line).level
    }

    /// The line in printable ASCII: whatever stands in the file, a terminal is safe from it.
    pub fn line(&self) -> Cow<'a, str> {
        let printable = self.line.iter().all(|b| (b' '..=b'~').contains(b));
        match std::str::from_utf8(self.line) {
            Ok(line) if printable => Cow::Borrowed(line),
            _ => Cow::Owned(self.line.escape_ascii().to_string()),
        }
    }

    /// All that the line says, taken apart.
    pub fn record(&self) -> LogRecord {
        let line = self.line();
        let mut record = read_json(&line)
            .or_else(|| read_text(&line))
            .unwrap_or_else(|| LogRecord { message: line.clone().into_owned(), ..LogRecord::default() });
        let head = Head::of(self.line);
        record.level = head.level;
        record.time = self.at();
        self.file.clone_into(&mut record.file);
        record
    }
}

/// What a line says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogRecord {
    /// The file it stands in.
    pub file: String,
    /// When it was logged; absent for a line that is not of this crate's making.
    pub time: Option<Timestamp>,
    /// How severe it is.
    pub level: Option<Level>,
    /// Which module logged it.
    pub target: Option<String>,
    /// The message; of a foreign line all of it.
    pub message: String,
    /// The request it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The spans around it, outermost first; lines of text do not name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<String>,
    /// The fields; in lines of text all are texts.
    pub fields: Map<String, Value>,
}

impl LogRecord {
    /// The value of a field, written as a line of text would; also `correlation_id`.
    pub fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        if name == CORRELATION {
            return self.correlation_id.as_deref().map(Cow::Borrowed);
        }
        Some(match self.fields.get(name)? {
            Value::String(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_string()),
        })
    }
}

fn read_json(line: &str) -> Option<LogRecord> {
    if !line.as_bytes().starts_with(JSON_START) {
        return None;
    }
    let Value::Object(mut object) = serde_json::from_str(line).ok()? else { return None };
    let mut text = |name: &str| match object.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (target, message) = (text("target"), text("message").unwrap_or_default());
    let correlation_id = text(CORRELATION);
    let spans = match object.remove("spans") {
        Some(Value::Array(names)) => names
            .into_iter()
            .filter_map(|name| if let Value::String(name) = name { Some(name) } else { None })
            .collect(),
        _ => Vec::new(),
    };
    let fields = match object.remove("fields") {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    Some(LogRecord { target, message, correlation_id, spans, fields, ..LogRecord::default() })
}

fn read_text(line: &str) -> Option<LogRecord> {
    let head = Head::of(line.as_bytes());
    head.time?;
    head.level?;
    // the level is written in five places, with a blank before and after
    let (target, rest) = line.get(TIME + 7..)?.split_once(' ')?;
    let (message, mut rest) = match rest.strip_prefix('"') {
        Some(quoted) => split_quoted(quoted),
        // a message with `=` in it is quoted: the first one belongs to the first field
        None => match rest.find('=').and_then(|equals| rest[..equals].rfind(' ')) {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        },
    };
    let mut record = LogRecord {
        target: Some(escape::undo(target)),
        message: escape::undo(message),
        ..LogRecord::default()
    };
    while let Some((name, after)) = rest.trim_start_matches(' ').split_once('=') {
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => split_quoted(quoted),
            None => after.find(' ').map_or((after, ""), |end| after.split_at(end)),
        };
        rest = left;
        let (name, value) = (escape::undo(name), escape::undo(value));
        if name == CORRELATION {
            record.correlation_id = Some(value);
        } else {
            record.fields.insert(name, Value::String(value));
        }
    }
    Some(record)
}

/// What stands before the closing quotation mark, still escaped, and what stands after it.
fn split_quoted(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Format;
    use crate::fields::{self, Fields, Forms};
    use crate::line::{Around, Line, fixed_width};

    fn written(format: Format, message: &str, values: &[(&'static str, &str)], id: Option<&str>) -> String {
        let forms = Forms::of([format]);
        let (mut span, mut own) = (Fields::new(forms), Fields::new(forms));
        message.clone_into(&mut own.message);
        for (name, text) in values {
            own.put(name, fields::Value::Text(text));
        }
        span.set_correlation(id);
        let mut around = Around::default();
        around.write(["request"].into_iter(), &[&span], &own);
        let at = fixed_width(Timestamp::from_micros(1_795_253_400_123_456));
        let level = tracing::Level::WARN;
        let line = Line { at: &at, level, target: "plexi_web", around: &around, own: &own };
        let mut text = String::new();
        line.write(format, &mut text);
        text
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            message in any::<String>(), a in any::<String>(), b in "[a-z0-9 =\"]{0,12}", id in any::<Option<String>>(),
        ) {
            for format in [Format::Text, Format::Json] {
                let line = written(format, &message, &[("a", &a), ("odd name=", &b)], id.as_deref());
                let record = LogEntry::new("latest.txt", line.trim_end_matches('\n').as_bytes()).record();
                prop_assert_eq!(record.level, Some(Level::Warn));
                prop_assert_eq!(record.time, Some(Timestamp::from_micros(1_795_253_400_123_456)));
                prop_assert_eq!(record.target.as_deref(), Some("plexi_web"));
                prop_assert_eq!(&record.message, &message);
                prop_assert_eq!(record.field("a").unwrap(), a.as_str());
                prop_assert_eq!(record.field("odd name=").unwrap(), b.as_str());
                prop_assert_eq!(&record.correlation_id, &id);
            }
        }

        #[test]
        fn no_bytes_break_it_and_what_is_shown_is_printable(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let start = [&b""[..], b"2026-11-21T09:30:00.123456Z ", b"2026-11-21T09:30:00.123456Z INFO  ", JSON_START];
            for start in start {
                let bytes = [start, &bytes].concat();
                let entry = LogEntry::new("latest.txt", &bytes);
                prop_assert!(entry.line().bytes().all(|b| (b' '..=b'~').contains(&b)));
                prop_assert_eq!(entry.record().file, "latest.txt");
            }
        }
    }

    #[test]
    fn a_foreign_line_is_all_message() {
        let record = LogEntry::new("x", b"thread 'main' panicked").record();
        assert_eq!((record.time, record.level, record.target), (None, None, None));
        assert_eq!(record.message, "thread 'main' panicked");
    }
}
