use std::io;
use std::path::PathBuf;

use plexi_core::{Coded, ErrorCode, FieldError};

use crate::level::ParseLevelError;

/// Why logging or the data directories could not be set up or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Another process (or another server in this one) writes logs in the same folder.
    #[error("another process writes logs to {}; give each server its own folder", folder.display())]
    Locked {
        /// The folder that is taken.
        folder: PathBuf,
    },
    /// A folder or file could not be created, opened or renamed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `create`, `open`, `lock`, `read`, `rename`.
        action: &'static str,
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A setting is outside its bounds.
    #[error("{}: {}", .0.field, .0.problem)]
    Setting(FieldError),
    /// The text is not a level specification.
    #[error(transparent)]
    Level(#[from] ParseLevelError),
    /// There is no log file or plugin of that name.
    #[error("there is no log \"{name}\"")]
    NoSuchLog {
        /// The name that was asked for, in printable ASCII.
        name: String,
    },
    /// There is no place of that name that lines go to.
    #[error("there is no sink \"{name}\"")]
    NoSuchSink {
        /// The name that was asked for, in printable ASCII.
        name: String,
    },
    /// The targets cannot have these levels.
    #[error("{0}")]
    Targets(String),
    /// No folder or file may be called after a plugin with this name.
    #[error(
        "\"{name}\" is no name for a plugin: 1 to 64 of a-z, 0-9, '.', '_', '-', with a letter or digit at both ends"
    )]
    PluginName {
        /// The name, in printable ASCII.
        name: String,
    },
    /// No more plugins can have a log of their own.
    #[error("more than {most} plugins cannot have a log of their own")]
    TooManyPlugins {
        /// How many can.
        most: usize,
    },
    /// A writer thread could not be started.
    #[error("cannot start a log thread: {0}")]
    Thread(#[source] io::Error),
    /// The process already has a subscriber.
    #[error("logging is installed already")]
    Installed,
    /// The subscriber of this handle is gone.
    #[error("logging has stopped")]
    Stopped,
}

impl LogError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn sink(name: &str, key: &str, problem: &str) -> Self {
        Self::Setting(FieldError::new(format!("sinks.{name}.{key}"), problem))
    }

    pub(crate) fn no_sink(name: &str) -> Self {
        Self::NoSuchSink { name: crate::escape_ascii(name) }
    }

    pub(crate) fn no_file(name: &str) -> Self {
        Self::NoSuchLog { name: crate::escape_ascii(name) }
    }
}

impl Coded for LogError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Locked { .. } | Self::Setting(_) | Self::Level(_) => ErrorCode::SystemConfiguration,
            Self::PluginName { .. } | Self::NoSuchSink { .. } | Self::Targets(_) => {
                ErrorCode::ValidationInvalid
            }
            Self::NoSuchLog { .. } => ErrorCode::ValidationNotFound,
            Self::Io { .. } => ErrorCode::StorageUnavailable,
            Self::TooManyPlugins { .. } | Self::Thread(_) | Self::Installed | Self::Stopped => {
                ErrorCode::SystemInternal
            }
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Setting(field) => vec![field.clone()],
            Self::Level(problem) => vec![FieldError::new("level", problem.to_string())],
            Self::Targets(problem) => vec![FieldError::new("targets", problem.clone())],
            Self::NoSuchSink { .. } => vec![FieldError::new("sinks", self.to_string())],
            _ => Vec::new(),
        }
    }
}
