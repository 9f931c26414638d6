//! Batches of events over HTTP: lines of JSON, or requests of OTLP.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use memchr::{memchr_iter, memrchr};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use crate::error::LogError;
use crate::outlet::{Sink, Taken};
use crate::reader::LogEntry;

use super::{Opening, otlp};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that is sent at once, in bytes of lines.
const BATCH: usize = 256 * 1024;
/// The most that is read of an answer.
const ANSWER: u64 = 64 * 1024;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    Otlp,
}

pub(crate) struct Http {
    agent: Agent,
    address: String,
    authorization: Option<plexi_core::Secret<String>>,
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
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            // what is configured is where events go, and nowhere else
            .max_redirects(0)
            .proxy(None)
            .tls_config(tls)
            .build();
        let authorization = match &opening.config.authorization_file {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(LogError::io("read", path))?;
                Some(plexi_core::Secret::new(text.trim().to_owned()))
            }
            None => None,
        };
        Ok(Self {
            agent: config.into(),
            address: opening.config.address.clone().unwrap_or_default(),
            authorization,
            form,
            program: opening.program.to_owned(),
        })
    }

    /// How many of the events the receiver refused for good.
    fn send(&self, lines: &[u8]) -> io::Result<u64> {
        let body = match self.form {
            Form::Lines => lines.to_vec(),
            Form::Otlp => {
                let lines = lines.split(|b| *b == b'\n').filter(|line| !line.is_empty());
                let records = lines.map(|line| LogEntry::new("", line).record());
                otlp::request(&self.program, records).to_string().into_bytes()
            }
        };
        let kind = if self.form == Form::Otlp { "application/json" } else { "application/x-ndjson" };
        let mut request = self.agent.post(&self.address).content_type(kind);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization.expose());
        }
        let mut answer = request.send(&body).map_err(io::Error::other)?;
        let status = answer.status();
        match status.as_u16() {
            200..=299 => {}
            // what is wrong with the events stays wrong, however often they are sent
            400 | 413 | 415 | 422 => return Ok(memchr_iter(b'\n', lines).count() as u64),
            other => return Err(io::Error::other(format!("the receiver answered {other}"))),
        }
        if self.form == Form::Lines {
            return Ok(0);
        }
        // an answer that cannot be read says nothing against the events
        let answer = answer.body_mut().with_config().limit(ANSWER).read_to_string().unwrap_or_default();
        Ok(otlp::rejected(&answer))
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
