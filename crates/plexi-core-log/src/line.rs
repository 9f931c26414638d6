//! How an event becomes a line.

use std::fmt::Write as _;

use plexi_core::Timestamp;
use tracing::Level;

use crate::config::Format;
use crate::escape;
use crate::fields::{Fields, Pieces, two_digits};

/// The longest line, in bytes before its line break; fields beyond it are left out and marked.
const MAX_LINE: usize = 64 * 1024;
/// How much of it a message may take, escaped.
const MESSAGE: usize = 40 * 1024;
/// How much of it a correlation id may take, escaped.
const CORRELATION: usize = 4 * 1024;
/// What comes after the fields at most, beside a correlation id.
const END: usize = 64;

/// What a line says.
pub(crate) struct Line<'a> {
    pub(crate) at: &'a str,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    /// What the spans around the event say.
    pub(crate) around: &'a Around,
    /// Fields of the event.
    pub(crate) own: &'a Fields,
}

/// What the spans around an event say, written.
#[derive(Debug, Default)]
pub(crate) struct Around {
    text: String,
    json: String,
    /// Names of the spans, in JSON.
    spans: String,
    /// The correlation id, in the form of each.
    correlation_text: String,
    correlation_json: String,
    /// Names of the fields.
    names: Vec<&'static str>,
    cut: bool,
}

impl Around {
    /// Nothing.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.json.clear();
        self.spans.clear();
        self.names.clear();
        self.correlation_text.clear();
        self.correlation_json.clear();
        self.cut = false;
    }

    /// Whether a field of the event hides one of these.
    pub(crate) fn is_hidden_by(&self, own: &Fields) -> bool {
        self.names.iter().any(|name| own.has(name))
    }

    /// Writes what the spans say, outermost first; a later field of the same name hides an earlier one, and the event's own hide all.
    pub(crate) fn write<'a>(
        &mut self,
        spans: impl Iterator<Item = &'static str>,
        fields: &[&'a Fields],
        own: &'a Fields,
    ) {
        self.clear();
        for (nth, span) in spans.enumerate() {
            self.spans.push_str(if nth == 0 { ",\"spans\":[" } else { "," });
            escape::json(&mut self.spans, span);
        }
        if !self.spans.is_empty() {
            self.spans.push(']');
        }
        if let Some(id) = fields.iter().rev().find_map(|fields| fields.correlation()) {
            correlation_text(&mut self.correlation_text, id);
            correlation_json(&mut self.correlation_json, id);
        }
        for (nth, these) in fields.iter().enumerate() {
            let later = &fields[nth + 1..];
            let hidden = |name: &str| own.has(name) || later.iter().any(|fields| fields.has(name));
            for (format, out) in [(Format::Text, &mut self.text), (Format::Json, &mut self.json)] {
                for (name, piece) in these.pieces(format).each().filter(|(name, _)| !hidden(name)) {
                    self.cut |= !append(out, MAX_LINE, piece);
                    self.names.push(name);
                }
            }
        }
    }

    const fn in_form(&self, format: Format) -> &String {
        match format {
            Format::Text => &self.text,
            Format::Json => &self.json,
        }
    }
}

/// `2026-11-21T09:30:00.123456Z`: RFC 3339 with always six fractional digits, so that lines align and sort.
pub(crate) fn fixed_width(at: Timestamp) -> String {
    let mut stamp = Stamp::default();
    stamp.write(at).to_owned()
}

/// Writes times; what the last one has in common with the next is kept.
#[derive(Debug)]
pub(crate) struct Stamp {
    second: Option<i64>,
    text: String,
}

impl Default for Stamp {
    fn default() -> Self {
        Self { second: None, text: String::with_capacity("2026-11-21T09:30:00.123456Z".len()) }
    }
}

impl Stamp {
    pub(crate) fn write(&mut self, at: Timestamp) -> &str {
        let second = at.as_seconds();
        if self.second != Some(second) {
            self.text.clear();
            // infallible: writing to a String
            let _ = write!(self.text, "{}", Timestamp::from_seconds(second));
            self.second = Some(second);
        }
        self.text.truncate("2026-11-21T09:30:00".len());
        let micros = u64::try_from(at.as_micros() - second * 1_000_000).unwrap_or_default();
        self.text.push('.');
        two_digits(&mut self.text, micros / 10_000);
        two_digits(&mut self.text, micros / 100);
        two_digits(&mut self.text, micros);
        self.text.push('Z');
        &self.text
    }
}

impl Line<'_> {
    /// Appends the line with its line break.
    pub(crate) fn write(&self, format: Format, out: &mut String) {
        match format {
            Format::Text => self.text(out),
            Format::Json => self.json(out),
        }
        out.push('\n');
    }

    /// Appends the fields; whether some had to be left out.
    fn fields(&self, format: Format, out: &mut String, end: usize) -> bool {
        let (around, own) = (self.around.in_form(format), self.own.pieces(format));
        let mut cut = self.around.cut | !append(out, end, around);
        if !append(out, end, own.all()) {
            cut |= !append_each(out, end, own);
        }
        cut
    }

    fn text(&self, out: &mut String) {
        let begin = out.len();
        out.push_str(self.at);
        out.push_str(match self.level {
            Level::ERROR => " ERROR ",
            Level::WARN => " WARN  ",
            Level::INFO => " INFO  ",
            Level::DEBUG => " DEBUG ",
            Level::TRACE => " TRACE ",
        });
        escape::name(out, self.target);
        out.push(' ');
        let message = self.own.message.as_str();
        // a message that looks like fields is quoted, so that it cannot pass for them
        let cut = if escape::is_plain(message, [b'=', b'"', b'\\']) {
            out.push_str(message);
            false
        } else if message.contains(['=', '"']) {
            within(out, MESSAGE, message, escape::quoted)
        } else {
            within(out, MESSAGE, message, escape::plain)
        };
        if self.fields(Format::Text, out, begin + MAX_LINE - CORRELATION - END) | cut {
            out.push_str(" cut=true");
        }
        match self.own.correlation() {
            Some(id) => correlation_text(out, id),
            None => out.push_str(&self.around.correlation_text),
        }
    }

    fn json(&self, out: &mut String) {
        let begin = out.len();
        out.push_str("{\"time\":\"");
        out.push_str(self.at);
        out.push_str("\",\"level\":\"");
        out.push_str(self.level.as_str());
        out.push_str("\",\"target\":");
        escape::json(out, self.target);
        out.push_str(",\"message\":");
        let message_cut = within(out, MESSAGE, &self.own.message, escape::json);
        match self.own.correlation() {
            Some(id) => correlation_json(out, id),
            None => out.push_str(&self.around.correlation_json),
        }
        out.push_str(&self.around.spans);
        out.push_str(",\"fields\":{");
        let fields = out.len();
        let cut = self.fields(Format::Json, out, begin + MAX_LINE - END) | message_cut;
        if out.len() > fields {
            // each piece begins with the comma that parts it from the one before
            out.remove(fields);
        }
        out.push_str(if cut { "},\"cut\":true}" } else { "}}" });
    }
}

fn correlation_text(out: &mut String, id: &str) {
    out.push_str(" correlation_id=");
    within(out, CORRELATION, id, escape::value);
}

fn correlation_json(out: &mut String, id: &str) {
    out.push_str(",\"correlation_id\":");
    within(out, CORRELATION, id, escape::json);
}

/// Appends as much of a text, escaped, as takes no more than `most`; whether something had to be left out.
fn within(out: &mut String, most: usize, text: &str, escape: fn(&mut String, &str)) -> bool {
    let begin = out.len();
    let mut some = text;
    escape(out, some);
    while out.len() - begin > most {
        out.truncate(begin);
        some = &some[..some.floor_char_boundary(some.len() / 2)];
        escape(out, some);
    }
    some.len() < text.len()
}

/// Appends a piece unless the text would go beyond `end`.
fn append(out: &mut String, end: usize, piece: &str) -> bool {
    let fits = out.len() + piece.len() <= end;
    if fits {
        out.push_str(piece);
    }
    fits
}

fn append_each(out: &mut String, end: usize, pieces: &Pieces) -> bool {
    pieces.each().fold(true, |all, (_, piece)| append(out, end, piece) && all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_wide_whatever_came_before() {
        let mut stamp = Stamp::default();
        let times = [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_795_253_400_123_456, "2026-11-21T09:30:00.123456Z"),
            (1_795_253_400_000_001, "2026-11-21T09:30:00.000001Z"),
            (1_795_253_401_999_999, "2026-11-21T09:30:01.999999Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ];
        for (micros, text) in times {
            assert_eq!(stamp.write(Timestamp::from_micros(micros)), text);
        }
    }
}
