//! Ways out of the machine or into its own log: syslog, journald, HTTP and OTLP.
//!
//! Each has a queue and a thread of its own, so one that hangs holds up nobody else.

#[cfg(feature = "http")]
mod http;
#[cfg(unix)]
mod journald;
#[cfg(feature = "http")]
mod otlp;
mod syslog;

use std::sync::Arc;

use crate::config::{Format, LogConfig, SinkConfig, SinkKind};
use crate::error::LogError;
use crate::fields::Value;
use crate::outlet::{LastResort, Outlet, OwnLines, Sink};
use crate::queue::{CAPACITY, Queue};

/// What opening a sink needs.
pub(crate) struct Opening<'a> {
    pub(crate) name: &'a str,
    pub(crate) config: &'a SinkConfig,
    /// Name of the program that logs.
    pub(crate) program: &'a str,
    /// The server's own log, where troubles with the sink are told.
    pub(crate) log: &'a Arc<Queue>,
    pub(crate) own: &'a OwnLines,
}

impl SinkConfig {
    /// The form in which lines go to the sink's thread: those that take them apart need objects.
    pub(crate) fn queued_as(&self, log: &LogConfig) -> Format {
        match self.kind {
            SinkKind::Syslog => self.format.unwrap_or(log.format),
            SinkKind::Journald | SinkKind::Http | SinkKind::Otlp => Format::Json,
        }
    }
}

impl Opening<'_> {
    /// Starts the thread that writes; nothing is connected before there is something to write.
    pub(crate) fn start(&self, format: Format) -> Result<(Arc<Queue>, Outlet), LogError> {
        let queue = Arc::new(Queue::new(CAPACITY, self.config.when_full).never_holding());
        let outlet = match self.config.kind {
            SinkKind::Syslog => self.outlet(&queue, format, syslog::Syslog::new(self)),
            #[cfg(unix)]
            SinkKind::Journald => self.outlet(&queue, format, journald::Journald::new(self)),
            #[cfg(feature = "http")]
            SinkKind::Http => self.outlet(&queue, format, http::Http::lines(self)?),
            #[cfg(feature = "http")]
            SinkKind::Otlp => self.outlet(&queue, format, http::Http::otlp(self)?),
            #[allow(unreachable_patterns, reason = "what the system or the features leave out")]
            _ => Err(LogError::sink(self.name, "kind", "is not part of this build")),
        };
        Ok((queue, outlet?))
    }

    fn outlet(&self, queue: &Arc<Queue>, format: Format, sink: impl Sink) -> Result<Outlet, LogError> {
        let own = OwnLines { format, ..self.own.clone() };
        Outlet::start("log-sink", Arc::clone(queue), sink, own, self.tell())
    }

    /// Tells of troubles in the server's own log.
    fn tell(&self) -> LastResort {
        let (name, log, own) = (self.name.to_owned(), Arc::clone(self.log), self.own.clone());
        Box::new(move |message, fields| {
            let mut told = vec![("sink", Value::Text(&name))];
            told.extend_from_slice(fields);
            log.tell(&own.warn(message, &told));
        })
    }
}
