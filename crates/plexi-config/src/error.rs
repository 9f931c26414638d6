use std::fmt;
use std::io;
use std::path::PathBuf;

use plexi_core::{Coded, ErrorCode, FieldError};

use crate::origin::Origin;

/// The most problems reported at once.
pub(crate) const MAX_PROBLEMS: usize = 100;

/// One thing that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, for instance `server.listen`; empty when a whole file is meant.
    pub key: String,
    /// Where the value stands.
    pub origin: Origin,
    /// What is wrong. Never repeats a secret.
    pub message: String,
    /// The key that was probably meant, as it is written in that place.
    pub suggestion: Option<String>,
}

impl Problem {
    /// What is wrong and what was probably meant, without the place.
    pub fn words(&self) -> String {
        match &self.suggestion {
            Some(meant) => format!("{}; did you mean {meant}?", self.message),
            None => self.message.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.words())
    }
}

/// All that is wrong with a configuration, one problem a line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem, unless there are a hundred or the same place has the same one.
    pub(crate) fn add(&mut self, problem: Problem) {
        if !self.is_full() && !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MAX_PROBLEMS
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|problem| problem.key == key)
    }

    /// The problems in the order found.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, problem) in self.0.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        if self.is_full() {
            f.write_str("\nthere may be more problems")?;
        }
        Ok(())
    }
}

/// Why a configuration could not be loaded, kept or put back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Something in the configuration is not valid. Nothing was changed.
    #[error("{0}")]
    Invalid(Problems),
    /// A change of the configuration is not possible. Nothing was changed.
    #[error("{0}")]
    Refused(Problems),
    /// The configuration is another one than the one that was looked at.
    #[error("the configuration is version {present} now, and version {seen} was changed")]
    Outdated {
        /// The version that was looked at.
        seen: u64,
        /// The version of today.
        present: u64,
    },
    /// A file was changed by somebody else and is not in use: it is about to be, or is not valid.
    #[error("{} was changed and is not in use yet", path.display())]
    NotTakenOver {
        /// The file.
        path: PathBuf,
    },
    /// The history could not be written or read, or a file not put back.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `write`, `read`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The history has no readable version of this number.
    #[error("there is no version {0} in the history")]
    NoVersion(u64),
    /// A version cannot be put back: it held a secret in its text, which the history does not keep, and
    /// the file of today does not hold it either.
    #[error("version {version} had a secret in its text for {key}, which is not kept; set it by hand")]
    SecretNotKept {
        /// The version.
        version: u64,
        /// The key of the secret.
        key: String,
    },
    /// A version cannot be put back: it was made from other files.
    #[error("version {version} has no text of {}", path.display())]
    FileNotKept {
        /// The version.
        version: u64,
        /// The file it does not have.
        path: PathBuf,
    },
    /// A secret could not be read from where it is kept.
    #[error("secret from {place}: {reason}")]
    Secret {
        /// Where it is kept; never the secret.
        place: String,
        /// What went wrong.
        reason: String,
    },
}

impl ConfigError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// What is wrong, when the configuration is not valid; empty otherwise.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) | Self::Refused(problems) => problems.as_slice(),
            _ => &[],
        }
    }
}

impl Coded for ConfigError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) | Self::Secret { .. } => ErrorCode::SystemConfiguration,
            Self::Refused(_) => ErrorCode::ValidationInvalid,
            Self::Io { .. } => ErrorCode::StorageUnavailable,
            Self::NoVersion(_) => ErrorCode::ValidationNotFound,
            Self::SecretNotKept { .. }
            | Self::FileNotKept { .. }
            | Self::Outdated { .. }
            | Self::NotTakenOver { .. } => ErrorCode::ValidationConflict,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(problems) => {
                let told = |problem: &Problem| FieldError::new(problem.key.clone(), problem.to_string());
                problems.as_slice().iter().map(told).collect()
            }
            Self::Refused(problems) => {
                let told = |problem: &Problem| FieldError::new(problem.key.clone(), problem.words());
                problems.as_slice().iter().map(told).collect()
            }
            Self::NoVersion(_) | Self::Secret { .. } => Vec::new(),
            Self::Outdated { .. } | Self::SecretNotKept { .. } | Self::FileNotKept { .. } => {
                vec![FieldError::new("version", self.to_string())]
            }
            Self::Io { .. } | Self::NotTakenOver { .. } => vec![FieldError::new("file", self.to_string())],
        }
    }
}
