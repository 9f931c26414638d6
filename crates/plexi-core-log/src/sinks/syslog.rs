//! Syslog as RFC 5424 has it: datagrams to a socket of the system, or over TCP with octet counting (RFC 6587).

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use crate::level::Level;
use crate::outlet::{Sink, Taken};
use crate::reader::Head;

use super::Opening;

/// Facility `daemon`.
const FACILITY: u8 = 3;
/// How long a connection or a message may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest message; what is beyond is cut, as many receivers would.
const LONGEST: usize = 8 * 1024;

pub(crate) struct Syslog {
    address: String,
    program: String,
    way: Option<Way>,
}

enum Way {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixDatagram),
}

impl Syslog {
    pub(crate) fn new(opening: &Opening<'_>) -> Self {
        let address = opening.config.address.clone().unwrap_or_else(|| "/dev/log".to_owned());
        Self { address, program: opening.program.to_owned(), way: None }
    }

    fn connect(&self) -> io::Result<Way> {
        #[cfg(unix)]
        if self.address.starts_with('/') {
            let socket = std::os::unix::net::UnixDatagram::unbound()?;
            socket.connect(&self.address)?;
            socket.set_write_timeout(Some(PATIENCE))?;
            return Ok(Way::Unix(socket));
        }
        let address = self.address.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Way::Tcp(stream))
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let mut way = self.way.take().map_or_else(|| self.connect(), Ok)?;
        match &mut way {
            Way::Tcp(stream) => {
                let mut framed = format!("{} ", message.len()).into_bytes();
                framed.extend_from_slice(message);
                stream.write_all(&framed)?;
            }
            #[cfg(unix)]
            Way::Unix(socket) => {
                socket.send(message)?;
            }
        }
        // one that failed is not used again
        self.way = Some(way);
        Ok(())
    }

    fn message(&self, line: &[u8]) -> String {
        let head = Head::of(line);
        let severity = severity(head.level);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let time = head.time.map_or_else(|| "-".to_owned(), text);
        let mut message = String::new();
        // infallible: writing to a String
        let _ = write!(
            message,
            "<{}>1 {time} - {} {} - - ",
            FACILITY * 8 + severity,
            self.program,
            std::process::id()
        );
        message.push_str(&text(&line[..line.len().min(LONGEST)]));
        message
    }
}

/// The severity that RFC 5424 has for a level.
pub(crate) fn severity(level: Option<Level>) -> u8 {
    match level {
        Some(Level::Error) => 3,
        Some(Level::Warn) => 4,
        Some(Level::Debug | Level::Trace) => 7,
        _ => 6,
    }
}

impl Sink for Syslog {
    fn write(&mut self, lines: &[u8]) -> io::Result<Taken> {
        let mut done = 0;
        for line in lines.split_inclusive(|b| *b == b'\n') {
            let message = self.message(line.trim_ascii_end());
            match self.send(message.as_bytes()) {
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
