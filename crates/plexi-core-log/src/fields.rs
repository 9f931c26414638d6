//! Collects the fields of spans and events, bounded and with known secret names redacted.

use std::error::Error;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};

/// The longest value kept, in bytes; the rest is cut and marked.
const MAX_VALUE: usize = 8 * 1024;
/// The longest message kept, in bytes.
const MAX_MESSAGE: usize = 16 * 1024;
/// The most fields a span or an event may carry.
const MAX_FIELDS: usize = 64;
/// The name under which a request's id is recorded.
pub(crate) const CORRELATION: &str = "correlation_id";

/// Values under these names are never written. The types that hold secrets hide themselves; this catches
/// the plain text that was recorded by mistake.
const SECRET_NAMES: &[&str] = &[
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
];
const STACK_NAMES: &[&str] = &["backtrace", "stacktrace"];

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
}

/// The fields of one span or event, in the order recorded; a name recorded again replaces its value.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) message: String,
    pub(crate) correlation: Option<String>,
    pub(crate) values: Vec<(&'static str, Value)>,
    stacks: bool,
}

impl Fields {
    /// Collects fields; those that hold stack traces only when `stacks` says so.
    pub(crate) fn collecting(stacks: bool) -> Self {
        Self { stacks, ..Self::default() }
    }

    fn put(&mut self, name: &'static str, value: Value) {
        let value = if SECRET_NAMES.iter().any(|secret| secret.eq_ignore_ascii_case(name)) {
            Value::Text("[redacted]".to_owned())
        } else {
            value
        };
        if let Some((_, old)) = self.values.iter_mut().find(|(known, _)| *known == name) {
            *old = value;
        } else if self.values.len() < MAX_FIELDS {
            self.values.push((name, value));
        }
    }

    fn put_text(&mut self, field: &Field, write: impl FnOnce(&mut Bounded) -> fmt::Result) {
        let name = field.name();
        if STACK_NAMES.contains(&name) && !self.stacks {
            return;
        }
        let mut text = Bounded::new(if name == "message" { MAX_MESSAGE } else { MAX_VALUE });
        // an error is the bound reached (already marked) or a value that cannot write itself
        let _ = write(&mut text);
        match name {
            "message" => self.message = text.finish(),
            CORRELATION => self.correlation = Some(text.finish()),
            _ => self.put(name, Value::Text(text.finish())),
        }
    }
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
        self.put_text(field, |text| text.write_str(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put_text(field, |text| {
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
        self.put_text(field, |text| write!(text, "{value:?}"));
    }
}

/// Takes text up to a bound, then refuses, so that a huge value stops being formatted.
struct Bounded {
    text: String,
    bound: usize,
    cut: bool,
}

impl Bounded {
    fn new(bound: usize) -> Self {
        Self { text: String::new(), bound, cut: false }
    }

    fn finish(mut self) -> String {
        if self.cut {
            self.text.push_str("[cut]");
        }
        self.text
    }
}

impl Write for Bounded {
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
