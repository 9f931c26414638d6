use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};

use crate::error::LogError;

/// The standard folders of one server, below one root.
///
/// Given to whoever stores something, so that nothing else decides where files go.
///
/// ```
/// use plexi_core_log::DataDirs;
///
/// let root = tempfile::tempdir().unwrap();
/// let dirs = DataDirs::create(root.path().join("plexichat")).unwrap();
/// assert!(dirs.keys().is_dir());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDirs {
    root: PathBuf,
}

impl DataDirs {
    /// The folders below `root`, without creating any.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Creates the folders below `root` that are missing, readable by their owner only (0700).
    ///
    /// A root that is there already keeps its permissions; the folders in it are tightened.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, LogError> {
        let dirs = Self::at(root);
        create_private(&dirs.root)?;
        for dir in [dirs.data(), dirs.logs(), dirs.backups(), dirs.staging(), dirs.tmp(), dirs.keys()] {
            create_private(&dir)?;
            tighten(&dir)?;
        }
        Ok(dirs)
    }

    /// The root of all.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the server stores: databases and files.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Log files.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Backups made and kept here.
    pub fn backups(&self) -> PathBuf {
        self.root.join("backups")
    }

    /// What is prepared and then moved to its place: uploads, imports, restores.
    pub fn staging(&self) -> PathBuf {
        self.root.join("staging")
    }

    /// What may be deleted whenever the server is not running.
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Keys and secrets.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }
}

/// Creates `dir` and what is missing above it with permissions 0700; one that exists is left as it is.
pub(crate) fn create_private(dir: &Path) -> Result<(), LogError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir).map_err(LogError::io("create", dir))
}

#[cfg(unix)]
fn tighten(dir: &Path) -> Result<(), LogError> {
    use std::os::unix::fs::PermissionsExt as _;
    let at = |source| LogError::Io { action: "protect", path: dir.to_owned(), source };
    let mode = fs::metadata(dir).map_err(at)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(at)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn tighten(dir: &Path) -> Result<(), LogError> {
    fs::metadata(dir).map(drop).map_err(LogError::io("read", dir))
}
