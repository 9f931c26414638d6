//! The native protocol of the system's journal: each event is a datagram of fields.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::outlet::{Sink, Taken};
use crate::reader::{LogEntry, LogRecord};

use super::Opening;
use super::syslog::severity;

const SOCKET: &str = "/run/systemd/journal/socket";
/// How long a datagram may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest value; the journal takes larger ones only by file.
const LONGEST: usize = 16 * 1024;
/// The longest name of a field that the journal takes.
const LONGEST_NAME: usize = 64;

pub(crate) struct Journald {
    address: String,
    program: String,
    socket: Option<UnixDatagram>,
}

impl Journald {
    pub(crate) fn new(opening: &Opening<'_>) -> Self {
        let address = opening.config.address.clone().unwrap_or_else(|| SOCKET.to_owned());
        Self { address, program: opening.program.to_owned(), socket: None }
    }

    fn connect(&self) -> io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(&self.address)?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let socket = self.socket.take().map_or_else(|| self.connect(), Ok)?;
        socket.send(datagram)?;
        self.socket = Some(socket);
        Ok(())
    }

    fn datagram(&self, record: &LogRecord) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, "MESSAGE", &record.message);
        put(&mut out, "PRIORITY", &severity(record.level).to_string());
        put(&mut out, "SYSLOG_IDENTIFIER", &self.program);
        if let Some(target) = &record.target {
            put(&mut out, "TARGET", target);
        }
        if let Some(id) = &record.correlation_id {
            put(&mut out, "CORRELATION_ID", id);
        }
        for name in record.fields.keys() {
            if let Some(value) = record.field(name) {
                put(&mut out, &field_name(name), &value);
            }
        }
        out
    }
}

/// A name as the journal takes it: capital letters, digits and underscores, and none of its own or the trusted ones.
fn field_name(name: &str) -> String {
    let mut out = String::from("F_");
    out.extend(name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }));
    out.truncate(LONGEST_NAME);
    out
}

/// Appends a field in the form that takes any bytes: name, length, value.
fn put(out: &mut Vec<u8>, name: &str, value: &str) {
    let value = &value[..value.floor_char_boundary(LONGEST)];
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(&(value.len() as u64).to_le_bytes());
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}

impl Sink for Journald {
    fn write(&mut self, lines: &[u8]) -> io::Result<Taken> {
        let mut done = 0;
        for line in lines.split_inclusive(|b| *b == b'\n') {
            let record = LogEntry::new("", line.trim_ascii_end()).record();
            match self.send(&self.datagram(&record)) {
                Ok(()) => done += line.len(),
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Taken { bytes: done, refused: 0 })
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
