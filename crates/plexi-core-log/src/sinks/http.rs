//! Batches of events over HTTP: lines of JSON, or requests of OTLP.

use std::io;
use std::time::Duration;

use memchr::{memchr_iter, memrchr};

use crate::error::LogError;
use crate::outlet::{Sink, Taken};
use crate::post::{HttpPost, Posted};
use crate::reader::LogEntry;

use super::{Opening, otlp};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that is sent at once, in bytes of lines.
const BATCH: usize = 256 * 1024;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    Otlp,
}

pub(crate) struct Http {
    post: HttpPost,
    form: Form,
    program: String,
}

impl Http {
    /// One JSON object a line.
    pub(crate) fn lines(opening: &Opening<'_>) -> Result<Self, LogError> {
        Self::new(opening, Form::Lines)
    }

    /// OTLP in its JSON encoding.
    pub(crate) fn otlp(opening: &Opening<'_>) -> Result<Self, LogError> {
        Self::new(opening, Form::Otlp)
    }

    fn new(opening: &Opening<'_>, form: Form) -> Result<Self, LogError> {
        let config = opening.config;
        let address = config.address.as_deref().unwrap_or_default();
        let post = HttpPost::new(address, config.authorization_file.as_deref(), PATIENCE)?;
        Ok(Self { post, form, program: opening.program.to_owned() })
    }

    /// How many of the events the receiver refused for good.
    fn send(&self, lines: &[u8]) -> io::Result<u64> {
        let posted = match self.form {
            Form::Lines => self.post.post("application/x-ndjson", lines)?,
            Form::Otlp => {
                let lines = lines.split(|b| *b == b'\n').filter(|line| !line.is_empty());
                let records = lines.map(|line| LogEntry::new("", line).record());
                let request = otlp::request(&self.program, records).to_string();
                self.post.post("application/json", request.as_bytes())?
            }
        };
        Ok(match (posted, self.form) {
            (Posted::Refused, _) => memchr_iter(b'\n', lines).count() as u64,
            (Posted::Taken(_), Form::Lines) => 0,
            (Posted::Taken(answer), Form::Otlp) => otlp::rejected(&answer),
        })
    }
}

impl Sink for Http {
    fn write(&mut self, lines: &[u8]) -> io::Result<Taken> {
        let end = match lines.get(..BATCH) {
            Some(batch) => memrchr(b'\n', batch).map_or(lines.len(), |end| end + 1),
            None => lines.len(),
        };
        Ok(Taken { bytes: end, refused: self.send(&lines[..end])? })
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn longest_pause(&self) -> Duration {
        LONGEST_PAUSE
    }
}
