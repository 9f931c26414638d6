use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::error::AppError;

const FILE: &str = "plexichat.lock";

/// Holds a data folder for one process. The operating system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct DataLock {
    file: File,
    path: PathBuf,
}

impl DataLock {
    /// Takes the folder `root`, which exists, and writes down who holds it (`holder`, one line, for people).
    ///
    /// [`AppError::FolderInUse`] when another process holds it, [`AppError::Folder`] when the folder cannot be
    /// written: read-only, full, or somebody else's.
    pub fn take(root: &Path, holder: &str) -> Result<Self, AppError> {
        let path = root.join(FILE);
        let failed = |action| {
            let path = path.clone();
            move |source| AppError::Folder { action, path, source }
        };
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("write to"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                // who holds it is a courtesy: when it cannot be read, the refusal stands without it
                let _ = Read::by_ref(&mut file).take(200).read_to_string(&mut by);
                return Err(AppError::FolderInUse { folder: root.to_owned(), by: by.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{holder}"))
            .and_then(|()| file.sync_data());
        written.map_err(failed("write to"))?;
        Ok(Self { file, path })
    }

    /// Who holds the folder `root`, in the holder's own words; `None` when nobody does.
    pub fn peek(root: &Path) -> Result<Option<String>, AppError> {
        let path = root.join(FILE);
        let failed = |source| AppError::Folder { action: "read", path: path.clone(), source };
        let mut file = match OpenOptions::new().read(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                // as above: a courtesy
                let _ = Read::by_ref(&mut file).take(200).read_to_string(&mut by);
                Ok(Some(by.trim().to_owned()))
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The lock file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces what the file says of its holder, for instance once the address is known. A failure changes nothing but that.
    pub fn describe(&mut self, holder: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        writeln!(self.file, "{holder}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_and_the_refusal_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataLock::take(dir.path(), "process 7").unwrap();
        let refused = DataLock::take(dir.path(), "process 8").unwrap_err();
        assert!(matches!(&refused, AppError::FolderInUse { by, .. } if by == "process 7"), "{refused}");
        drop(first);
        assert!(DataLock::take(dir.path(), "process 8").is_ok());
    }
}
