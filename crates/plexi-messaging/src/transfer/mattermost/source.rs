use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::super::{Bounds, MAX_LINE_BYTES, Outlet, TransferError, surrogates};
use super::line::Line;

/// The lines of a bulk file with their places. A zip is unpacked to an unnamed temporary file first.
pub(super) struct Lines {
    path: PathBuf,
    /// What the lines stand in: the file, or the document of a zip.
    document: String,
    file: BufReader<File>,
    offset: u64,
    number: u64,
}

/// How much is unpacked at a time.
const PIECE: u64 = 1 << 18;

impl Lines {
    /// A zip is unpacked as `bounds` allow.
    pub fn open(path: &Path, bounds: &Bounds, outlet: &Outlet) -> Result<Self, TransferError> {
        let failed = |error| TransferError::file(path, error);
        let mut file = File::open(path).map_err(failed)?;
        let mut document = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut magic = [0; 4];
        let read = file.read(&mut magic).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        if read == 4 && magic == *b"PK\x03\x04" {
            (document, file) = unpack(path, file, bounds, outlet)?;
        }
        Ok(Self {
            path: path.to_owned(),
            document,
            file: BufReader::with_capacity(1 << 16, file),
            offset: 0,
            number: 0,
        })
    }

    /// The next line that is not empty, and where it begins. What had to be mended is noted.
    pub fn next_line(&mut self, outlet: &Outlet) -> Result<Option<(u64, Line)>, TransferError> {
        loop {
            outlet.wanted()?;
            let offset = self.offset;
            let Some(text) = self.read_line()? else { return Ok(None) };
            self.number += 1;
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let place = format!("{}, line {}", self.document, self.number);
            let (line, mended) = Self::parse(&text, &place)?;
            if mended {
                outlet.note(surrogates::NOTE, place)?;
            }
            return Ok(Some((offset, line)));
        }
    }

    /// The line that begins at `offset`.
    pub fn at(&mut self, offset: u64) -> Result<Line, TransferError> {
        let by = i64::try_from(offset).unwrap_or(i64::MAX) - i64::try_from(self.offset).unwrap_or(0);
        // Relative, so that what is buffered stays when the next post is near, as it is in most files.
        self.file.seek_relative(by).map_err(|error| TransferError::file(&self.path, error))?;
        self.offset = offset;
        let text = self.read_line()?.unwrap_or_default();
        // What was mended was noted when the line was read first.
        Self::parse(&text, &self.place(offset)).map(|(line, _)| line)
    }

    /// The place of what begins at `offset`.
    pub fn place(&self, offset: u64) -> String {
        format!("{}, byte {offset}", self.document)
    }

    fn read_line(&mut self) -> Result<Option<Vec<u8>>, TransferError> {
        let mut text = Vec::new();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let read = self
            .file
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut text)
            .map_err(|error| TransferError::file(&self.path, error))?;
        self.offset += read as u64;
        if read as u64 == limit {
            return Err(TransferError::Format(format!(
                "{}, byte {}: the line that ends there is longer than 8 MiB",
                self.document, self.offset
            )));
        }
        Ok((read > 0).then_some(text))
    }

    fn parse(text: &[u8], place: &str) -> Result<(Line, bool), TransferError> {
        surrogates::read(text).map_err(|error| TransferError::Format(format!("{place}: {error}")))
    }
}

/// Unpacks the first `.jsonl` of a zip: what it is called there, and what it holds.
fn unpack(
    path: &Path,
    file: File,
    bounds: &Bounds,
    outlet: &Outlet,
) -> Result<(String, File), TransferError> {
    let broken =
        |error: &dyn std::fmt::Display| TransferError::Format(format!("{}: {error}", path.display()));
    let mut zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    let name = zip.file_names().flatten().find(|name| name.ends_with(".jsonl")).map(Cow::into_owned);
    let name = name.ok_or_else(|| broken(&"the zip holds no .jsonl file"))?;
    let mut entry = zip.by_name(&name).map_err(|error| broken(&error))?;
    let failed = |error| TransferError::file(path, error);
    let target = bounds.scratch.as_ref().map_or_else(tempfile::tempfile, tempfile::tempfile_in);
    let mut target = target.map_err(failed)?;
    let most = bounds.most_unpacked;
    let mut copied = 0;
    let mut piece = Vec::new();
    loop {
        outlet.wanted()?;
        piece.clear();
        let read = entry.by_ref().take(PIECE).read_to_end(&mut piece).map_err(|error| broken(&error))?;
        if read == 0 {
            break;
        }
        copied += read as u64;
        if copied > most {
            return Err(broken(&format!("it unpacks to more than {most} bytes")));
        }
        target.write_all(&piece).map_err(failed)?;
    }
    target.flush().and_then(|()| target.seek(SeekFrom::Start(0))).map_err(failed)?;
    drop(entry);
    Ok((name, target))
}
