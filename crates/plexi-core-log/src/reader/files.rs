//! Which files there are, and how each is opened. A name that is not in the list opens nothing.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use plexi_core::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use zip::ZipArchive;

use super::lines::{Blocks, Visit, backwards, forwards};
use crate::crash;
use crate::rotated_name::{Kind, RotatedName};

/// What a log file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFileKind {
    /// Was written when the server crashed; not part of the log.
    Crash,
    /// Was put aside and zipped.
    Archive,
    /// Was put aside and is not zipped.
    Rotated,
    /// Is being written.
    Current,
}

/// A log file as it stands in the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogFileInfo {
    /// Its name, which [`LogReader::view`](crate::LogReader::view) takes; a plugin's with its folder.
    pub name: String,
    /// What it is.
    pub kind: LogFileKind,
    /// The plugin that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Its size in bytes, of an archive the packed one.
    pub bytes: u64,
    /// When it was put aside: everything in it is older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_aside: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) path: PathBuf,
}

/// One log with the files of it that were put aside: the server's own or a plugin's.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) folder: PathBuf,
    pub(crate) current: String,
    pub(crate) stem: String,
    pub(crate) plugin: Option<String>,
    /// What stands before the names of files.
    pub(crate) prefix: String,
}

impl Series {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.current)
    }

    /// The name of its current file as it is listed.
    pub(crate) fn current_name(&self) -> String {
        format!("{}{}", self.prefix, self.current)
    }

    /// The current file, opened, and the list of all, such that no rotation lies between the two.
    pub(crate) fn at_once(&self) -> io::Result<(Option<File>, Vec<LogFileInfo>)> {
        let path = self.path();
        loop {
            let current = open_current(&path)?;
            let files = self.files()?;
            let before = current.as_ref().map(File::metadata).transpose()?;
            let unchanged = match (&before, &look(&path)?) {
                (Some(before), Some(now)) => is_same(before, now),
                (before, now) => before.is_none() && now.is_none(),
            };
            // otherwise it was put aside meanwhile, which happens once in minutes
            if unchanged {
                return Ok((current, files));
            }
        }
    }

    /// What is read in a search.
    pub(crate) fn to_read(&self) -> io::Result<Vec<ToRead>> {
        let (current, files) = self.at_once()?;
        let mut current = current.map(Opened::plain).transpose()?;
        let take = |file: LogFileInfo| match file.kind {
            LogFileKind::Current => (file, current.take()),
            _ => (file, None),
        };
        Ok(files.into_iter().map(take).collect())
    }

    /// Its files, oldest first; links are no files of ours.
    pub(crate) fn files(&self) -> io::Result<Vec<LogFileInfo>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let rotated = RotatedName::parse(&self.stem, name);
            let kind = match &rotated {
                _ if name == self.current => LogFileKind::Current,
                Some(RotatedName { kind: Kind::Plain, stem, .. }) if stem == crash::STEM => {
                    LogFileKind::Crash
                }
                Some(RotatedName { kind: Kind::Plain, .. }) => LogFileKind::Rotated,
                Some(RotatedName { kind: Kind::Zip, .. }) => LogFileKind::Archive,
                _ => continue,
            };
            // it may have been archived or deleted since the folder was read
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                found.push(LogFileInfo {
                    name: format!("{}{name}", self.prefix),
                    kind,
                    plugin: self.plugin.clone(),
                    bytes: metadata.len(),
                    put_aside: rotated.map(|name| name.at),
                    path: entry.path(),
                });
            }
        }
        found.sort_by_key(|file| (file.put_aside.is_none(), file.put_aside, file.kind));
        // an archive under its final name is whole: what it was made from is about to go
        found.dedup_by(|later, earlier| later.put_aside.is_some() && later.put_aside == earlier.put_aside);
        Ok(found)
    }
}

/// A file that was opened to be read.
pub(crate) enum Opened {
    /// A file and how much of it is read: what is written later is left out.
    Plain(File, u64),
    Archive(ZipArchive<File>),
}

impl Opened {
    pub(crate) fn open(file: &LogFileInfo) -> io::Result<Self> {
        let opened = match (file.kind, File::open(&file.path)) {
            (LogFileKind::Archive, opened) => return Self::archive(opened?),
            // archived since the list was made
            (LogFileKind::Rotated, Err(error)) if error.kind() == io::ErrorKind::NotFound => {
                return Self::archive(File::open(file.path.with_extension("zip"))?);
            }
            (_, opened) => opened?,
        };
        Self::plain(opened)
    }

    /// A plain file as it is now.
    pub(crate) fn plain(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self::Plain(file, len))
    }

    fn archive(file: File) -> io::Result<Self> {
        Ok(Self::Archive(ZipArchive::new(file)?))
    }

    pub(crate) fn forwards(self, visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
        match self {
            Self::Plain(file, len) => forwards(&mut file.take(len), visit),
            Self::Archive(mut archive) => forwards(&mut archive.by_index(0)?, visit),
        }
    }

    fn blocks(self) -> Box<dyn Blocks> {
        match self {
            Self::Plain(file, len) => Box::new(Begun { file, len }),
            Self::Archive(archive) => Box::new(Unpacked(archive)),
        }
    }

    pub(crate) fn backwards(self, visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
        backwards(&mut *self.blocks(), visit)
    }

    /// The last `limit` bytes, and whether they are all.
    pub(crate) fn tail(self, limit: usize) -> io::Result<(Vec<u8>, bool)> {
        let mut source = self.blocks();
        let len = source.len()?;
        let size = usize::try_from(len).map_or(limit, |len| len.min(limit));
        let mut bytes = vec![0; size];
        source.read_at(len - size as u64, &mut bytes)?;
        Ok((bytes, size as u64 == len))
    }
}

/// A file of the list; opened already or to be opened when its turn comes.
pub(crate) type ToRead = (LogFileInfo, Option<Opened>);

/// The first bytes of a file.
struct Begun {
    file: File,
    len: u64,
}

impl Blocks for Begun {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.len)
    }

    fn read_at(&mut self, at: u64, block: &mut [u8]) -> io::Result<()> {
        self.file.read_at(at, block)
    }
}

/// The text of an archive, which is unpacked from its start for each look.
struct Unpacked(ZipArchive<File>);

impl Blocks for Unpacked {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.0.by_index(0)?.size())
    }

    fn read_at(&mut self, at: u64, block: &mut [u8]) -> io::Result<()> {
        let mut text = self.0.by_index(0)?;
        io::copy(&mut text.by_ref().take(at), &mut io::sink())?;
        text.read_exact(block)
    }
}

/// Opens the file at `path`; `None` when there is none, or something else that may lead out of the folder or have no end.
fn open_current(path: &Path) -> io::Result<Option<File>> {
    if look(path)?.is_none() {
        return Ok(None);
    }
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether two looks at a path saw the same file.
#[cfg(unix)]
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Whether two looks at a path saw the same file.
#[cfg(not(unix))]
pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// The file at `path` as it is now; `None` when there is none.
pub(crate) fn look(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata).filter(Metadata::is_file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
