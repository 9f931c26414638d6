//! Collects the fields of spans and events, bounded and with known secret names redacted, and writes them in the forms of
//! lines as they come.

use std::error::Error;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};

use crate::config::Format;
use crate::escape;

/// The longest value kept, in bytes; the rest is cut and marked.
const MAX_VALUE: usize = 8 * 1024;
/// The longest message kept, in bytes.
const MAX_MESSAGE: usize = 16 * 1024;
/// The most fields a span or an event may carry.
const MAX_FIELDS: usize = 64;
/// What a text that was used once may keep of its memory.
const KEPT: usize = 16 * 1024;
/// The name under which a request's id is recorded.
pub(crate) const CORRELATION: &str = "correlation_id";
/// The name under which a plugin says that an event is its own.
pub(crate) const PLUGIN: &str = "plugin";

/// Whether values under this name are never written. The types that hold secrets hide themselves; this catches
/// the plain text that was recorded by mistake.
fn is_secret(name: &str) -> bool {
    // by length first: this is asked for every field of every event
    let names: &[&str] = match name.len() {
        5 => &["token"],
        6 => &["cookie", "secret"],
        7 => &["api_key"],
        8 => &["password"],
        10 => &["credential", "passphrase", "set_cookie"],
        11 => &["private_key"],
        12 => &["access_token"],
        13 => &["authorization", "refresh_token"],
        _ => &[],
    };
    names.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

const STACK_NAMES: &[&str] = &["backtrace", "stacktrace"];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
}

/// In which forms fields are written: in those that a sink has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forms {
    pub(crate) text: bool,
    pub(crate) json: bool,
}

impl Forms {
    pub(crate) fn of(formats: impl IntoIterator<Item = Format>) -> Self {
        let mut forms = Self::default();
        for format in formats {
            match format {
                Format::Text => forms.text = true,
                Format::Json => forms.json = true,
            }
        }
        forms
    }
}

/// The fields of one span or event, in the order recorded; a name recorded again replaces its value.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) message: String,
    correlation: Option<String>,
    plugin: Option<String>,
    text: Pieces,
    json: Pieces,
    forms: Forms,
    stacks: bool,
    /// A value before it is escaped; kept to be used again.
    value: String,
}

/// Fields in one form, and where each ends.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    all: String,
    ends: Vec<(&'static str, usize)>,
}

impl Pieces {
    fn add(&mut self, name: &'static str, write: impl FnOnce(&mut String)) {
        if let Some(at) = self.ends.iter().position(|(known, _)| *known == name) {
            self.remove(at);
        }
        if self.ends.len() < MAX_FIELDS {
            write(&mut self.all);
            self.ends.push((name, self.all.len()));
        }
    }

    fn remove(&mut self, at: usize) {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before].1);
        let (_, end) = self.ends.remove(at);
        self.all.replace_range(start..end, "");
        for (_, later) in &mut self.ends[at..] {
            *later -= end - start;
        }
    }

    fn clear(&mut self) {
        self.all.clear();
        self.all.shrink_to(KEPT);
        self.ends.clear();
    }

    /// All together.
    pub(crate) fn all(&self) -> &str {
        &self.all
    }

    /// One by one, with their names.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |(name, end)| {
            let piece = &self.all[start..*end];
            start = *end;
            (*name, piece)
        })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.ends.iter().any(|(known, _)| *known == name)
    }
}

impl Fields {
    /// Collects fields in these forms.
    pub(crate) fn new(forms: Forms) -> Self {
        Self { forms, ..Self::default() }
    }

    /// Forgets all and begins anew; fields that hold stack traces are collected only when `stacks` says so.
    pub(crate) fn begin(&mut self, forms: Forms, stacks: bool) {
        self.message.clear();
        self.message.shrink_to(KEPT);
        self.correlation = None;
        self.plugin = None;
        self.text.clear();
        self.json.clear();
        (self.forms, self.stacks) = (forms, stacks);
    }

    pub(crate) fn correlation(&self) -> Option<&str> {
        self.correlation.as_deref()
    }

    #[cfg(test)]
    pub(crate) fn set_correlation(&mut self, id: Option<&str>) {
        self.correlation = id.map(str::to_owned);
    }

    pub(crate) fn plugin(&self) -> Option<&str> {
        self.plugin.as_deref()
    }

    pub(crate) fn pieces(&self, format: Format) -> &Pieces {
        match format {
            Format::Text => &self.text,
            Format::Json => &self.json,
        }
    }

    pub(crate) fn put(&mut self, name: &'static str, value: Value<'_>) {
        let value = if is_secret(name) { Value::Text("[redacted]") } else { value };
        if self.forms.text {
            self.text.add(name, |out| {
                out.push(' ');
                escape::name(out, name);
                out.push('=');
                text_value(out, value);
            });
        }
        if self.forms.json {
            self.json.add(name, |out| {
                out.push(',');
                escape::json(out, name);
                out.push(':');
                json_value(out, value);
            });
        }
    }

    fn put_text(&mut self, name: &'static str, text: &str) {
        match name {
            "message" => text.clone_into(&mut self.message),
            CORRELATION => self.correlation = Some(text.to_owned()),
            _ => {
                if name == PLUGIN {
                    self.plugin = Some(text.to_owned());
                }
                self.put(name, Value::Text(text));
            }
        }
    }

    /// Takes a value that writes itself.
    fn put_written(&mut self, field: &Field, write: impl FnOnce(&mut Bounded<'_>) -> fmt::Result) {
        let name = field.name();
        if self.leaves_out(name) {
            return;
        }
        // out of `self` while it is used: the value may log itself
        let mut text = std::mem::take(&mut self.value);
        text.clear();
        let mut bounded = Bounded { text: &mut text, bound: bound(name), cut: false };
        // an error is the bound reached (already marked) or a value that cannot write itself
        let _ = write(&mut bounded);
        if bounded.cut {
            text.push_str("[cut]");
        }
        if name == "message" {
            std::mem::swap(&mut self.message, &mut text);
        } else {
            self.put_text(name, &text);
        }
        text.shrink_to(KEPT);
        self.value = text;
    }

    fn leaves_out(&self, name: &str) -> bool {
        !self.stacks && STACK_NAMES.contains(&name)
    }
}

fn bound(name: &str) -> usize {
    if name == "message" { MAX_MESSAGE } else { MAX_VALUE }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), Value::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), Value::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), Value::Unsigned(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let name = field.name();
        if value.len() > bound(name) {
            self.put_written(field, |text| text.write_str(value));
        } else if !self.leaves_out(name) {
            self.put_text(name, value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put_written(field, |text| {
            write!(text, "{value}")?;
            let mut cause = value.source();
            while let Some(error) = cause {
                write!(text, ": {error}")?;
                cause = error.source();
            }
            Ok(())
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_written(field, |text| write!(text, "{value:?}"));
    }
}

/// Takes text up to a bound, then refuses, so that a huge value stops being formatted.
struct Bounded<'a> {
    text: &'a mut String,
    bound: usize,
    cut: bool,
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bound - self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
            return Ok(());
        }
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
        self.cut = true;
        Err(fmt::Error)
    }
}

fn text_value(out: &mut String, value: Value<'_>) {
    match value {
        Value::Text(text) => escape::value(out, text),
        Value::Float(number) => drop(write!(out, "{number}")),
        other => plain_value(out, other),
    }
}

fn json_value(out: &mut String, value: Value<'_>) {
    // infallible: writing to a String
    match value {
        Value::Text(text) => escape::json(out, text),
        // JSON has no infinity and no NaN
        Value::Float(number) if !number.is_finite() => drop(write!(out, "\"{number}\"")),
        Value::Float(number) => drop(write!(out, "{number}")),
        other => plain_value(out, other),
    }
}

fn plain_value(out: &mut String, value: Value<'_>) {
    match value {
        Value::Signed(number) => {
            if number < 0 {
                out.push('-');
            }
            digits(out, number.unsigned_abs());
        }
        Value::Unsigned(number) => digits(out, number),
        Value::Bool(truth) => out.push_str(if truth { "true" } else { "false" }),
        Value::Text(_) | Value::Float(_) => {}
    }
}

fn digits(out: &mut String, mut number: u64) {
    let mut text = [b'0'; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.push_str(std::str::from_utf8(&text[at..]).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_recorded_again_replaces_its_value_wherever_it_stands() {
        let mut fields = Fields::new(Forms { text: true, json: true });
        for (name, value) in [("a", 1), ("b", 2), ("c", 3), ("b", 40), ("a", -5), ("a", i64::MIN)] {
            fields.put(name, Value::Signed(value));
        }
        assert_eq!(fields.pieces(Format::Text).all(), " c=3 b=40 a=-9223372036854775808");
        assert_eq!(fields.pieces(Format::Json).all(), ",\"c\":3,\"b\":40,\"a\":-9223372036854775808");
        let names: Vec<_> = fields.pieces(Format::Text).each().collect();
        assert_eq!(names, [("c", " c=3"), ("b", " b=40"), ("a", " a=-9223372036854775808")]);
    }

    #[test]
    fn names_of_secrets_are_known_in_any_case() {
        let names = [
            "access_token",
            "api_key",
            "authorization",
            "cookie",
            "credential",
            "passphrase",
            "password",
            "private_key",
            "refresh_token",
            "secret",
            "set_cookie",
            "token",
            "PassWord",
        ];
        assert!(names.iter().all(|name| is_secret(name)));
        assert!(["", "user", "tokens", "path", "took_ms"].iter().all(|name| !is_secret(name)));
    }

    #[test]
    fn numbers_are_written_as_elsewhere() {
        for number in [0, 7, 10, 1_234_567_890, u64::MAX] {
            let mut out = String::new();
            digits(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }
}
