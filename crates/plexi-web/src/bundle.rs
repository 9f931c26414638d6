//! The diagnostics bundle: what somebody who is to help wants to see, in one archive, and nothing that is secret.

use std::io::{self, Cursor, Write as _};

use plexi_core_log::{LogError, LogFileInfo, LogFileKind, LogFilter, LogReader};
use serde::Serialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// How much of the end of a log is taken, in bytes.
const LOG: usize = 256 * 1024;
/// How many crash logs are taken, the newest.
const CRASHES: usize = 5;

/// Files on their way into an archive. Whatever is put in is looked through once more: who signs in to an address is taken out of it.
#[derive(Debug, Default)]
pub struct Bundle(Vec<(String, String)>);

impl Bundle {
    /// Puts in a text.
    pub fn text(&mut self, name: impl Into<String>, text: &str) {
        self.0.push((name.into(), without_passwords(text)));
    }

    /// Puts in a value as JSON.
    pub fn json(&mut self, name: impl Into<String>, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value);
        self.text(name, &text.unwrap_or_else(|error| format!("not to be written: {error}")));
    }

    /// Puts in the end of the log and those of the newest crash logs. One that cannot be read says so itself.
    pub fn logs(&mut self, reader: &LogReader) {
        let files = match reader.files() {
            Ok(files) => files,
            Err(error) => return self.text("logs/unreadable.txt", &error.to_string()),
        };
        let own = |kind| files.iter().filter(move |file| file.plugin.is_none() && file.kind == kind);
        let crashes: Vec<_> = own(LogFileKind::Crash).rev().take(CRASHES).collect();
        for file in own(LogFileKind::Current).chain(crashes) {
            let text = end_of(reader, file).unwrap_or_else(|error| error.to_string());
            self.text(format!("logs/{}", file.name.replace('/', "-")), &text);
        }
    }

    /// The archive.
    pub fn into_zip(self) -> io::Result<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, text) in self.0 {
            zip.start_file(name, options)?;
            zip.write_all(text.as_bytes())?;
        }
        Ok(zip.finish()?.into_inner())
    }
}

fn end_of(reader: &LogReader, file: &LogFileInfo) -> Result<String, LogError> {
    let view = reader.view(&file.name, &LogFilter::default(), LOG)?;
    let lines = view.entries().map(|entry| format!("{}\n", entry.line()));
    Ok(lines.collect())
}

/// Takes name and password out of addresses.
fn without_passwords(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '<' | '>' | '`' | '?' | '#'));
        let authority = &after[..end.unwrap_or(after.len())];
        rest = match authority.rfind('@') {
            Some(at) => {
                clean.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_taken_out_of_addresses() {
        for (text, clean) in [
            ("postgres://plexi:hunter2@db:5432/chat", "postgres://***@db:5432/chat"),
            ("a https://u:p@h/x and \"mysql://u:p%40@h\"", "a https://***@h/x and \"mysql://***@h\""),
            ("https://chat.example.org/@ada", "https://chat.example.org/@ada"),
            ("://a@b@c", "://***@c"),
            ("no address", "no address"),
        ] {
            assert_eq!(without_passwords(text), clean);
        }
    }
}
