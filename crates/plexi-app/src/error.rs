use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use plexi_auth::{AuthError, KeyFileError};
use plexi_cache::CacheError;
use plexi_config::ConfigError;
use plexi_core::{Coded, ErrorCode, FieldError};
use plexi_core_log::LogError;
use plexi_db::DbError;
use plexi_messaging::MessagingError;
use plexi_supervisor::BuildError;

/// Why a server could not start or ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// The configuration is not valid; the text has one problem a line.
    #[error("the configuration is not valid:\n{0}")]
    Settings(#[source] ConfigError),
    /// The data folder or something in it cannot be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Folder {
        /// What was tried: `create`, `lock`, `read`, `write to`.
        action: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process holds the data folder.
    #[error("the data folder {} is in use{}", folder.display(), holder(by))]
    FolderInUse {
        /// The folder.
        folder: PathBuf,
        /// What the other process wrote down of itself; may be empty.
        by: String,
    },
    /// The key that signs tokens cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Logging could not be set up.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The database could not be opened.
    #[error("the database cannot be used: {0}")]
    Database(#[from] DbError),
    /// Identity could not be set up.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// Messaging could not do what was asked.
    #[error(transparent)]
    Messaging(#[from] MessagingError),
    /// A part of the operating system that the server needs failed: signals, threads, randomness.
    #[error("{what}: {source}")]
    System {
        /// What was wanted.
        what: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// What is to be remembered in memory does not fit together.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The tree of the server's tasks is not well made.
    #[error(transparent)]
    Tree(#[from] BuildError),
    /// A part of the server failed too often, and the server with it; the log says how.
    #[error("{supervisor} gave up: {child} failed too often; the log says how")]
    GaveUp {
        /// The path of the supervisor that gave up.
        supervisor: String,
        /// What failed.
        child: String,
    },
}

fn holder(by: &str) -> String {
    if by.is_empty() { String::new() } else { format!(" by {by}") }
}

impl From<ConfigError> for AppError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Io { action, path, source } => Self::Folder { action, path, source },
            other => Self::Settings(other),
        }
    }
}

impl AppError {
    /// The exit code of a program that ends with this error: 1 failed, 2 wrong configuration, 4 refused, 5 unavailable.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::FolderInUse { .. } => 4,
            Self::Folder { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => 4,
            Self::Folder { .. } | Self::Bind { .. } | Self::Database(_) | Self::Log(LogError::Io { .. }) => 5,
            Self::Settings(_) | Self::Key(_) | Self::Log(_) | Self::Auth(AuthError::Breached(_)) => 2,
            Self::Auth(_)
            | Self::Messaging(_)
            | Self::System { .. }
            | Self::Tree(_)
            | Self::Cache(_)
            | Self::GaveUp { .. } => 1,
        }
    }

    /// What an operator can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Settings(_) => "Mend the configuration; `plexi config check` says whether it is right, \
                                  `plexi config reference` what can be set."
                .into(),
            Self::Folder { source, path, .. } | Self::Log(LogError::Io { source, path, .. }) => {
                folder_remedy(source, path)
            }
            Self::FolderInUse { .. } => "Stop the other process first, or give each server its own server.data_dir. \
                                         The command line works with a running server by --server URL."
                .into(),
            Self::Key(_) => "Put the file back from a backup. Without one, delete it: all sessions end and people sign in again.".into(),
            Self::Auth(AuthError::Breached(_)) => "Mend the file or name another in auth.breached_passwords, or leave the key out. \
                                                    docs/CONFIGURATION.md says where the file comes from."
                .into(),
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                "Another program uses the port. Stop it, or set server.listen to another.".into()
            }
            Self::Bind { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "Ports below 1024 need a privilege (CAP_NET_BIND_SERVICE). Use another port or grant it.".into()
            }
            Self::Bind { .. } => "Set server.listen to an address of this machine, for instance 127.0.0.1:8080.".into(),
            Self::Database(DbError::Full(_)) => {
                "The disk is full or read-only. Make room or mount it writable and start again; nothing was lost.".into()
            }
            Self::Database(DbError::Damaged(_)) => {
                "Stop the server, keep a copy of the file, and put the data folder back from a backup; \
                 `plexi export` may still write out what can be read."
                    .into()
            }
            Self::Database(DbError::SchemaBusy(_)) => {
                "Wait until the other server has started, then start this one again.".into()
            }
            Self::Database(DbError::StillWriting(_)) => {
                "Stop the other server on this database. If there is none, the database ends what a lost one left within a minute: start again then.".into()
            }
            Self::Database(_) => "Check database.url, that the database runs and its disk has room; `plexi doctor` looks closer.".into(),
            Self::Log(_) | Self::Auth(_) | Self::Messaging(_) | Self::System { .. } | Self::Tree(_) | Self::Cache(_) | Self::GaveUp { .. } => self.code().remedy().into(),
        }
    }
}

fn folder_remedy(source: &io::Error, path: &std::path::Path) -> String {
    match source.kind() {
        io::ErrorKind::PermissionDenied => {
            format!(
                "Let the account that runs PlexiChat write to {}, or set server.data_dir to another folder.",
                path.display()
            )
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "The file system is read-only. Mount it writable, or set server.data_dir to another folder."
                .into()
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "The disk is full. Make room and start again; nothing was changed.".into()
        }
        _ => "Check that server.data_dir names a folder that can be written.".into(),
    }
}

impl Coded for AppError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Settings(error) => error.code(),
            Self::Folder { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                ErrorCode::StorageFull
            }
            Self::Folder { .. } | Self::FolderInUse { .. } => ErrorCode::StorageUnavailable,
            Self::Key(_) | Self::Bind { .. } | Self::Auth(AuthError::Breached(_)) => {
                ErrorCode::SystemConfiguration
            }
            Self::Log(error) => error.code(),
            Self::Database(error) => error.code(),
            Self::Auth(error) => error.code(),
            Self::Messaging(error) => error.code(),
            Self::Cache(error) => error.code(),
            Self::System { .. } | Self::Tree(_) | Self::GaveUp { .. } => ErrorCode::SystemInternal,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Settings(error) => error.fields(),
            Self::Log(error) => error.fields(),
            Self::Auth(error) => error.fields(),
            Self::Messaging(error) => error.fields(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_of_the_system_has_its_own_remedy() {
        let folder = |kind: io::ErrorKind| AppError::Folder {
            action: "write to",
            path: "/srv/chat".into(),
            source: io::Error::from(kind),
        };
        let full = folder(io::ErrorKind::StorageFull);
        assert_eq!((full.code(), full.exit_code()), (ErrorCode::StorageFull, 5));
        assert!(full.remedy().contains("disk is full"));
        let denied = folder(io::ErrorKind::PermissionDenied);
        assert_eq!(denied.exit_code(), 4);
        assert!(denied.remedy().contains("/srv/chat"));
        assert!(folder(io::ErrorKind::ReadOnlyFilesystem).remedy().contains("read-only"));
        let busy = AppError::FolderInUse { folder: "data".into(), by: "process 7".into() };
        assert_eq!(busy.to_string(), "the data folder data is in use by process 7");
        assert_eq!(busy.exit_code(), 4);
    }
}
