//! What can go wrong in the service; what can go wrong in its store is [`StoreError`], of the vocabulary.

pub use plexi_core::StoreError;
use plexi_core::access::Denied;
use plexi_core::{Coded, CursorError, EntropyError, ErrorCode, FieldError};

/// What a store says of a change, in the words of the service: what the caller named and is not there is
/// the caller's to mend, what the change itself is about does not exist for the caller.
impl From<StoreError> for MessagingError {
    fn from(error: StoreError) -> Self {
        let invalid = |field: &str, problem: &str| Self::Invalid(vec![FieldError::new(field, problem)]);
        match error {
            StoreError::Missing("thread") => {
                invalid("thread_id", "is no message that can have a thread in this channel")
            }
            StoreError::Missing("reply_to") => invalid("reply_to", "is no message of this channel"),
            StoreError::Missing("user") => invalid("user_id", "no such user"),
            StoreError::Missing("role") => invalid("role", "no role has this name here"),
            StoreError::Missing("member") => invalid("channel_id", "you are not a member of this channel"),
            StoreError::Missing(_) => Self::Denied(Denied::Unseen),
            StoreError::Conflict("changed") => Self::Changed,
            StoreError::Conflict("last_member") => Self::LastMember,
            StoreError::Conflict(what) => Self::Conflict(what),
            other => Self::Store(other),
        }
    }
}

impl From<CursorError> for MessagingError {
    fn from(_: CursorError) -> Self {
        Self::Cursor
    }
}

/// A messaging operation was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessagingError {
    /// The actor may not, or may not even know.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The input is not valid.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// The page cursor cannot be read.
    #[error("invalid cursor")]
    Cursor,
    /// The search text cannot be understood.
    #[error("invalid search")]
    Query(Vec<FieldError>),
    /// The channel is archived.
    #[error("archived")]
    Archived,
    /// The space is archived, and so is everything in it.
    #[error("space archived")]
    SpaceArchived,
    /// The actor sees the channel and is not in it.
    #[error("not a member")]
    NotMember,
    /// The last member of a private channel may not leave it before it is archived.
    #[error("last member")]
    LastMember,
    /// A name is taken.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// It was changed since the caller read it.
    #[error("changed in the meantime")]
    Changed,
    /// Only the author may edit a message.
    #[error("not the author")]
    NotAuthor,
    /// A screen (content rule) refused the message.
    #[error("refused by screen {0}")]
    Refused(&'static str),
    /// The queue of sends is full.
    #[error("send queue full")]
    Overloaded,
    /// The service is stopping.
    #[error("stopping")]
    Stopping,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl Coded for MessagingError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Invalid(_) => ErrorCode::ValidationInvalid,
            Self::Cursor => ErrorCode::ValidationCursor,
            Self::Query(_) => ErrorCode::ValidationQuery,
            Self::Archived => ErrorCode::ValidationArchived,
            Self::SpaceArchived => ErrorCode::ValidationSpaceArchived,
            Self::NotMember => ErrorCode::AuthNotMember,
            Self::LastMember => ErrorCode::ValidationLastMember,
            Self::Conflict(_) => ErrorCode::ValidationConflict,
            Self::Changed => ErrorCode::ValidationPrecondition,
            Self::NotAuthor => ErrorCode::AuthNotAuthor,
            Self::Refused(_) => ErrorCode::SecurityContentRefused,
            Self::Overloaded => ErrorCode::NetworkOverloaded,
            Self::Stopping => ErrorCode::NetworkShuttingDown,
            Self::Store(error) => error.code(),
            Self::Entropy(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Denied(denied) => denied.fields(),
            Self::Invalid(fields) | Self::Query(fields) => fields.clone(),
            Self::Conflict("reactions") => {
                vec![FieldError::new("emoji", "a message takes at most 50 different ones")]
            }
            Self::Conflict("pins") => vec![FieldError::new("pin", "a channel takes at most 100 pins")],
            Self::Conflict("drafts") => vec![FieldError::new("draft", "there can be at most 500 drafts")],
            Self::Conflict("administrator") => {
                vec![FieldError::new(
                    "role",
                    "a private channel needs an administrator: name another one first",
                )]
            }
            Self::Conflict(what) => vec![FieldError::new(*what, "is taken")],
            Self::NotAuthor => vec![FieldError::new("message_id", "only its author may edit a message")],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Overloaded => Some(1),
            Self::Store(error) => error.retry_after(),
            Self::Stopping => Some(5),
            _ => None,
        }
    }
}
