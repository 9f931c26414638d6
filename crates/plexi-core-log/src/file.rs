//! The log file: opened once, held by a lock, put aside at start-up, by size and by age.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plexi_core::{Clock, Timestamp};

use crate::archive::Inbox;
use crate::config::RotationConfig;
use crate::data_dirs::create_private;
use crate::error::LogError;
use crate::outlet::{Sink, Taken};
use crate::reader::PLUGINS;
use crate::rotated_name::RotatedName;

/// After a rotation that failed, how long to go on with the old file before the next attempt.
const ROTATE_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Holds a folder of logs for one server; freed when dropped, also by a crash.
#[derive(Debug)]
pub(crate) struct FolderLock {
    /// The open file is the lock.
    _file: File,
}

impl FolderLock {
    pub(crate) fn take(folder: &Path) -> Result<Self, LogError> {
        create_private(folder)?;
        let path = folder.join(".lock");
        let file = private().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(LogError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LogError::Locked { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(LogError::Io { action: "lock", path, source }),
        }
    }
}

/// Options for files that only their owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Where the log file is and what the files put aside are called.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) path: PathBuf,
    pub(crate) stem: String,
}

impl Place {
    pub(crate) fn new(path: PathBuf) -> Self {
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Self { folder, path, stem }
    }

    /// The log of a plugin beside the server's own in `folder`.
    pub(crate) fn of_plugin(folder: &Path, plugin: &str) -> Self {
        let folder = folder.join(PLUGINS).join(plugin);
        Self { path: folder.join(format!("{plugin}.log")), stem: plugin.to_owned(), folder }
    }

    /// Renames the log file to a name with the time `now`; `None` when there is nothing in it.
    pub(crate) fn put_aside(&self, now: Timestamp) -> io::Result<Option<RotatedName>> {
        match fs::metadata(&self.path) {
            Ok(found) if found.len() == 0 => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut name = RotatedName::new(&self.stem, now);
        // the folder is locked by us: between the look and the renaming nobody else makes such a file
        while self.taken(&name) {
            name.at = name.at.plus(Duration::from_micros(1));
        }
        fs::rename(&self.path, self.folder.join(name.to_string()))?;
        Ok(Some(name))
    }

    fn taken(&self, name: &RotatedName) -> bool {
        use crate::rotated_name::Kind;
        let there = |kind| self.folder.join(name.of_kind(kind).to_string()).exists();
        there(Kind::Plain) || there(Kind::Zip) || there(Kind::Partial)
    }
}

/// The log file as a sink.
pub(crate) struct LogFile {
    place: Place,
    rotation: RotationConfig,
    clock: Arc<dyn Clock>,
    archive: Inbox,
    file: File,
    len: u64,
    opened: Timestamp,
    rotate_not_before: Timestamp,
    /// A failed write may have left part of a line.
    torn: bool,
}

impl LogFile {
    /// Puts the file of the last run aside, if configured, and opens a fresh one.
    pub(crate) fn open(
        place: Place,
        rotation: RotationConfig,
        clock: Arc<dyn Clock>,
        archive: Inbox,
    ) -> Result<Self, LogError> {
        let now = clock.now();
        if rotation.on_startup
            && let Some(name) = place.put_aside(now).map_err(LogError::io("rename", &place.path))?
        {
            archive.add(&place, name);
        }
        let (file, len, torn) = append_to(&place.path).map_err(LogError::io("open", &place.path))?;
        Ok(Self { place, rotation, clock, archive, file, len, opened: now, rotate_not_before: now, torn })
    }

    fn is_due(&self, more: usize) -> bool {
        let size = u64::from(self.rotation.max_size_mb) * 1024 * 1024;
        let age = Duration::from_secs(u64::from(self.rotation.max_age_hours) * 3600);
        let now = self.clock.now();
        let by_size = size > 0 && self.len > 0 && self.len + more as u64 > size;
        let by_age = !age.is_zero() && self.len > 0 && now.since(self.opened) >= age;
        (by_size || by_age) && now >= self.rotate_not_before
    }

    fn rotate(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        // nothing to put aside: somebody took the file away, and what is written to it is seen by nobody
        let name = self.place.put_aside(now)?;
        match append_to(&self.place.path) {
            Ok((file, len, torn)) => {
                (self.file, self.len, self.torn, self.opened) = (file, len, torn, now);
                if let Some(name) = name {
                    self.archive.add(&self.place, name);
                }
                Ok(())
            }
            Err(error) => {
                // the open file goes on being the log: give it its name back
                if let Some(name) = name {
                    fs::rename(self.place.folder.join(name.to_string()), &self.place.path)?;
                }
                Err(error)
            }
        }
    }
}

impl Sink for LogFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<Taken> {
        if self.is_due(lines.len())
            && let Err(error) = self.rotate()
        {
            self.rotate_not_before = self.clock.now().plus(ROTATE_AGAIN_AFTER);
            self.archive.report("log file cannot be put aside", &error);
        }
        if self.torn {
            self.file.write_all(b"\n")?;
            self.len += 1;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(lines) {
            // take back the part that was written, so that the next attempt writes no line twice
            self.torn = self.file.set_len(self.len).is_err();
            return Err(error);
        }
        self.len += lines.len() as u64;
        Ok(Taken::all(lines))
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.file.sync_data() {
            // a pipe has nothing to synchronise
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            done => done,
        }
    }
}

/// Opens a file to append to; also its length and whether its last line has no end (a crash).
fn append_to(path: &Path) -> io::Result<(File, u64, bool)> {
    let mut file = private().read(true).append(true).create(true).open(path)?;
    let len = file.metadata()?.len();
    let mut last = [b'\n'];
    if len > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok((file, len, last != [b'\n']))
}
