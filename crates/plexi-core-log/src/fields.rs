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
    /// Kept by those that collect the fields of many events.
    names: Option<Names>,
}

/// A name as it stands before its value.
#[derive(Clone, Debug, Default)]
struct Name {
    of: &'static str,
    is_secret: bool,
    text: String,
    json: String,
}

impl Name {
    fn new(of: &'static str) -> Self {
        let (mut text, mut json) = (String::from(" "), String::from(","));
        escape::name(&mut text, of);
        text.push('=');
        escape::json(&mut json, of);
        json.push(':');
        Self { of, is_secret: is_secret(of), text, json }
    }
}

/// The names that were used last. They are few in a program, and each is used again and again.
#[derive(Debug)]
struct Names(Vec<Name>);

impl Names {
    const MANY: usize = 256;

    /// Where the name is kept. A text that lives for ever is known by its place.
    fn place(name: &'static str) -> usize {
        let at = name.as_ptr().addr();
        (at ^ (at >> 8) ^ name.len()) % Self::MANY
    }

    fn with<T>(&mut self, of: &'static str, use_it: impl FnOnce(&Name) -> T) -> Option<T> {
        if self.0.is_empty() {
            self.0.resize(Self::MANY, Name::default());
        }
        let kept = self.0.get_mut(Self::place(of))?;
        if !std::ptr::eq(kept.of, of) {
            *kept = Name::new(of);
        }
        Some(use_it(kept))
    }
}

/// Fields in one form, and where each ends.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    all: String,
    ends: Vec<(&'static str, usize)>,
}

/// Compares names, most of which differ in length or in their first letter.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.as_bytes().first() == other.as_bytes().first() && one == other
}

impl Pieces {
    fn add(&mut self, name: &'static str, before: &str, write: impl FnOnce(&mut String)) {
        if let Some(at) = self.ends.iter().position(|(known, _)| is_same(known, name)) {
            self.remove(at);
        }
        if self.ends.len() < MAX_FIELDS {
            self.all.push_str(before);
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
}

impl Fields {
    /// Collects fields in these forms.
    pub(crate) fn new(forms: Forms) -> Self {
        Self { forms, ..Self::default() }
    }

    /// Collects the fields of many events, one after the other.
    pub(crate) fn of_many() -> Self {
        Self { names: Some(Names(Vec::new())), ..Self::default() }
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

    /// Whether there is a field of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        let pieces = if self.forms.text { &self.text } else { &self.json };
        pieces.ends.iter().any(|(known, _)| is_same(known, name))
    }

    /// Whether a field of `own` hides one of these.
    pub(crate) fn is_hidden_by(&self, own: &Self) -> bool {
        let pieces = if self.forms.text { &self.text } else { &self.json };
        pieces.ends.iter().any(|(name, _)| own.has(name))
    }

    pub(crate) fn pieces(&self, format: Format) -> &Pieces {
        match format {
            Format::Text => &self.text,
            Format::Json => &self.json,
        }
    }

    pub(crate) fn put(&mut self, name: &'static str, value: Value<'_>) {
        let Self { names, text, json, forms, .. } = self;
        let mut add = |name: &Name| {
            let value = if name.is_secret { Value::Text("[redacted]") } else { value };
            if forms.text {
                text.add(name.of, &name.text, |out| text_value(out, value));
            }
            if forms.json {
                json.add(name.of, &name.json, |out| json_value(out, value));
            }
        };
        match names {
            Some(names) => drop(names.with(name, add)),
            None => add(&Name::new(name)),
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
        Value::Float(number) => float(out, number),
        other => plain_value(out, other),
    }
}

fn json_value(out: &mut String, value: Value<'_>) {
    // infallible: writing to a String
    match value {
        Value::Text(text) => escape::json(out, text),
        // JSON has no infinity and no NaN
        Value::Float(number) if !number.is_finite() => drop(write!(out, "\"{number}\"")),
        Value::Float(number) => float(out, number),
        other => plain_value(out, other),
    }
}

/// Appends a number as `Display` writes it: the shortest text that reads back as it.
fn float(out: &mut String, number: f64) {
    // with at most 15 digits there is one such text only, and most numbers have three places at most
    let thousandths = (number * 1_000.0).round();
    let is_exact = (thousandths / 1_000.0).to_bits() == number.to_bits();
    if thousandths.abs() < 1e15 && is_exact && number.is_normal() {
        if number < 0.0 {
            out.push('-');
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and below 1e15")]
        let thousandths = thousandths.abs() as u64;
        digits(out, thousandths / 1_000);
        let places = thousandths % 1_000;
        if places > 0 {
            let digit = |value: u64| char::from(b'0' + u8::try_from(value % 10).unwrap_or_default());
            out.push('.');
            out.push(digit(places / 100));
            if !places.is_multiple_of(100) {
                out.push(digit(places / 10));
            }
            if !places.is_multiple_of(10) {
                out.push(digit(places));
            }
        }
        return;
    }
    // infallible: writing to a String
    let _ = write!(out, "{number}");
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

/// Appends a number.
fn digits(out: &mut String, number: u64) {
    if number >= 100 {
        digits(out, number / 100);
        two_digits(out, number % 100);
    } else if number >= 10 {
        two_digits(out, number);
    } else {
        out.push_str(&two(number)[1..]);
    }
}

/// Appends a number below 100 with both its digits.
pub(crate) fn two_digits(out: &mut String, number: u64) {
    out.push_str(two(number));
}

fn two(number: u64) -> &'static str {
    const ALL: &str = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
                       5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    let at = usize::try_from(number % 100).unwrap_or_default() * 2;
    &ALL[at..at + 2]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn floats_are_written_as_elsewhere(
            number in prop_oneof![any::<f64>(), (-1_000_000_000_i64..1_000_000_000, 0..7_i32).prop_map(|(n, places)| {
                #[expect(clippy::cast_precision_loss, reason = "exact")]
                let number = n as f64;
                number / 10_f64.powi(places)
            })],
        ) {
            let mut out = String::new();
            float(&mut out, number);
            prop_assert_eq!(out, number.to_string());
        }
    }

    #[test]
    fn names_that_share_a_place_do_not_take_each_others_values() {
        let mut names = Names(Vec::new());
        let all: Vec<&'static str> = (0..2_000).map(|nth| &*format!("name_{nth}").leak()).collect();
        for _ in 0..2 {
            for name in &all {
                assert_eq!(names.with(name, |known| known.text.clone()).unwrap(), format!(" {name}="));
            }
        }
        let (short, long) = (&all[1_999][..6], all[1_999]);
        for name in [short, long, short] {
            assert_eq!(names.with(name, |known| known.of).unwrap(), name);
        }
    }

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
