//! How an event becomes a line.

use std::fmt::Write as _;

use plexi_core::Timestamp;
use tracing::Level;

use crate::config::Format;
use crate::escape;
use crate::fields::Value;

/// The longest line, in bytes before its line break; fields beyond it are left out and marked.
const MAX_LINE: usize = 64 * 1024;

/// What a line says.
pub(crate) struct Line<'a> {
    pub(crate) at: Timestamp,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: &'a str,
    /// Names of the spans around the event, outermost first.
    pub(crate) spans: &'a [&'static str],
    /// Fields of the spans and the event; a later one of the same name hides an earlier one.
    pub(crate) fields: &'a [(&'static str, &'a Value)],
    pub(crate) correlation: Option<&'a str>,
}

/// `2026-11-21T09:30:00.123456Z`: RFC 3339 with always six fractional digits, so that lines align and sort.
pub(crate) fn fixed_width(at: Timestamp) -> String {
    let mut text = Timestamp::from_seconds(at.as_seconds()).to_string();
    text.pop();
    // infallible: writing to a String
    let _ = write!(text, ".{:06}Z", at.as_micros().rem_euclid(1_000_000));
    text
}

impl Line<'_> {
    /// The line with its line break.
    pub(crate) fn format(&self, format: Format) -> String {
        let mut out = String::with_capacity(160 + self.message.len());
        match format {
            Format::Text => self.text(&mut out),
            Format::Json => self.json(&mut out),
        }
        out.push('\n');
        out
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let hidden = |at: usize, name: &str| self.fields[at + 1..].iter().any(|(later, _)| *later == name);
        let all = self.fields.iter().enumerate();
        all.filter(move |(at, (name, _))| !hidden(*at, name)).map(|(_, (name, value))| (*name, *value))
    }

    fn text(&self, out: &mut String) {
        out.push_str(&fixed_width(self.at));
        // infallible: writing to a String
        let _ = write!(out, " {:<5} ", self.level);
        escape::name(out, self.target);
        out.push(' ');
        // a message that looks like fields is quoted, so that it cannot pass for them
        if self.message.contains(['=', '"']) {
            escape::quoted(out, self.message);
        } else {
            escape::plain(out, self.message);
        }
        let mut cut = false;
        for (name, value) in self.fields() {
            let before = out.len();
            out.push(' ');
            escape::name(out, name);
            out.push('=');
            text_value(out, value);
            if out.len() > MAX_LINE {
                out.truncate(before);
                cut = true;
            }
        }
        if cut {
            out.push_str(" cut=true");
        }
        if let Some(id) = self.correlation {
            out.push_str(" correlation_id=");
            text_string(out, id);
        }
    }

    fn json(&self, out: &mut String) {
        // infallible: writing to a String
        let _ =
            write!(out, "{{\"time\":\"{}\",\"level\":\"{}\",\"target\":", fixed_width(self.at), self.level);
        escape::json(out, self.target);
        out.push_str(",\"message\":");
        escape::json(out, self.message);
        if let Some(id) = self.correlation {
            out.push_str(",\"correlation_id\":");
            escape::json(out, id);
        }
        for (nth, span) in self.spans.iter().enumerate() {
            out.push_str(if nth == 0 { ",\"spans\":[" } else { "," });
            escape::json(out, span);
        }
        if !self.spans.is_empty() {
            out.push(']');
        }
        out.push_str(",\"fields\":{");
        let mut first = true;
        let mut cut = false;
        for (name, value) in self.fields() {
            let before = out.len();
            if !first {
                out.push(',');
            }
            escape::json(out, name);
            out.push(':');
            json_value(out, value);
            if out.len() > MAX_LINE {
                out.truncate(before);
                cut = true;
            } else {
                first = false;
            }
        }
        out.push_str(if cut { "},\"cut\":true}" } else { "}}" });
    }
}

fn text_value(out: &mut String, value: &Value) {
    // infallible: writing to a String
    let _ = match value {
        Value::Text(text) => {
            text_string(out, text);
            Ok(())
        }
        Value::Signed(number) => write!(out, "{number}"),
        Value::Unsigned(number) => write!(out, "{number}"),
        Value::Float(number) => write!(out, "{number}"),
        Value::Bool(truth) => write!(out, "{truth}"),
    };
}

fn text_string(out: &mut String, text: &str) {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b"._-:/+@,%*~?&;".contains(&b);
    if !text.is_empty() && text.bytes().all(bare) {
        out.push_str(text);
    } else {
        escape::quoted(out, text);
    }
}

fn json_value(out: &mut String, value: &Value) {
    // infallible: writing to a String
    let _ = match value {
        Value::Text(text) => {
            escape::json(out, text);
            Ok(())
        }
        Value::Signed(number) => write!(out, "{number}"),
        Value::Unsigned(number) => write!(out, "{number}"),
        // JSON has no infinity and no NaN
        Value::Float(number) if !number.is_finite() => write!(out, "\"{number}\""),
        Value::Float(number) => write!(out, "{number}"),
        Value::Bool(truth) => write!(out, "{truth}"),
    };
}
