//! How a command ends when it does not succeed.

use plexi_core::{Coded, ErrorCode, FieldError};

/// The exit codes of `plexi`; 0 is success. They are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It failed.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Something that was named does not exist.
    NotFound = 3,
    /// It is not allowed, or the other side refused.
    Refused = 4,
    /// The server, the database or the data folder cannot be used just now.
    Unavailable = 5,
}

impl Exit {
    /// The exit code of an HTTP status.
    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            404 | 410 => Self::NotFound,
            401 | 403 | 421 => Self::Refused,
            408 | 429 | 502..=504 | 507 => Self::Unavailable,
            _ => Self::Failure,
        }
    }
}

/// Why a command failed, for the person or program that ran it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CliError {
    /// With which code the program ends.
    pub(crate) exit: Exit,
    /// What happened.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) remedy: Option<String>,
    /// The code of the catalogue, when there is one.
    pub(crate) code: Option<Box<str>>,
    /// What was wrong with which part of the input.
    pub(crate) fields: Vec<FieldError>,
    /// For the server's log, when a server answered.
    pub(crate) correlation_id: Option<Box<str>>,
}

impl CliError {
    /// An error that ends the program with `exit`.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            remedy: None,
            code: None,
            fields: Vec::new(),
            correlation_id: None,
        }
    }

    /// It failed.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self::new(Exit::Failure, message)
    }

    /// The command line asks for something impossible.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something that was named does not exist.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, message)
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// From an error of the catalogue. The operator at the console may read the inner text, which says more than the safe words.
    pub(crate) fn coded(error: &dyn Coded) -> Self {
        let code = error.code();
        // the fields are printed below it: in a terminal there are no `details` to see
        let remedy = (!code.remedy().contains("`details`")).then(|| code.remedy().to_owned());
        let inner = matches!(
            code,
            ErrorCode::SystemInternal
                | ErrorCode::SystemConfiguration
                | ErrorCode::StorageUnavailable
                | ErrorCode::StorageFull
                | ErrorCode::StorageCorrupt
        );
        let message = if inner { format!("{} ({error})", code.message()) } else { code.message().to_owned() };
        Self {
            exit: Exit::of_status(code.status()),
            message,
            remedy,
            code: Some(code.as_str().into()),
            fields: error.fields(),
            correlation_id: None,
        }
    }
}

/// `?` on every error of the services.
macro_rules! from_coded {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::coded(&error)
            }
        }
    )*};
}

from_coded!(plexi_app::auth::AuthError, plexi_app::messaging::MessagingError, plexi_core::EntropyError,);

impl From<plexi_app::AppError> for CliError {
    fn from(error: plexi_app::AppError) -> Self {
        match &error {
            // a list of breached passwords that cannot be used is a matter of the configuration here
            plexi_app::AppError::Auth(inner) if !matches!(inner, plexi_app::auth::AuthError::Breached(_)) => {
                return Self::coded(inner);
            }
            plexi_app::AppError::Messaging(inner) => return Self::coded(inner),
            plexi_app::AppError::Settings(inner) if !inner.problems().is_empty() => {
                let mut told = Self::new(Exit::Usage, "the configuration is not valid");
                told.code = Some(Coded::code(&error).as_str().into());
                told.fields = error.fields();
                return told.remedy(error.remedy());
            }
            _ => {}
        }
        let exit = match error.exit_code() {
            2 => Exit::Usage,
            4 => Exit::Refused,
            5 => Exit::Unavailable,
            _ => Exit::Failure,
        };
        let mut told = Self::new(exit, error.to_string());
        told.code = Some(Coded::code(&error).as_str().into());
        told.fields = error.fields();
        told.remedy(error.remedy())
    }
}

impl From<plexi_app::messaging::transfer::TransferError> for CliError {
    fn from(error: plexi_app::messaging::transfer::TransferError) -> Self {
        use plexi_app::messaging::transfer::TransferError;
        match &error {
            TransferError::File { .. } | TransferError::Format(_) => Self {
                code: Some(error.code().as_str().into()),
                fields: error.fields(),
                ..Self::failure(error.to_string())
            },
            _ => Self::coded(&error),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::failure(error.to_string())
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        Self::failure(format!("JSON could not be read or written: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_documented_exit_codes() {
        let of = |code: ErrorCode| Exit::of_status(code.status());
        assert_eq!(of(ErrorCode::ValidationNotFound), Exit::NotFound);
        assert_eq!(of(ErrorCode::AuthForbidden), Exit::Refused);
        assert_eq!(of(ErrorCode::AuthRequired), Exit::Refused);
        assert_eq!(of(ErrorCode::StorageUnavailable), Exit::Unavailable);
        assert_eq!(of(ErrorCode::StorageFull), Exit::Unavailable);
        assert_eq!(of(ErrorCode::ValidationInvalid), Exit::Failure);
    }
}
