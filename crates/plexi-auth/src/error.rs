//! What can go wrong in the service; what can go wrong in its store is [`StoreError`], of the vocabulary.

pub use plexi_core::StoreError;
use plexi_core::access::Denied;
use plexi_core::{Coded, CursorError, EntropyError, ErrorCode, FieldError};

use crate::password::BreachedListError;

/// An identity operation was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The actor may not, or may not even know.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No proof of identity was given.
    #[error("not signed in")]
    Required,
    /// Name or password is wrong, or the account is disabled: one answer for all.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// An access token is past its time.
    #[error("token expired")]
    TokenExpired,
    /// A token is not ours, not whole or not known.
    #[error("token invalid")]
    TokenInvalid,
    /// What the holder of an access token added to it does not allow this.
    #[error("the token is narrowed and does not allow this")]
    Restricted,
    /// A refresh token was used twice; its session was ended.
    #[error("refresh token reused")]
    RefreshReused,
    /// The session was ended or has run out.
    #[error("session ended")]
    SessionEnded,
    /// Set-up was completed.
    #[error("set-up closed")]
    SetupClosed,
    /// The set-up token is wrong.
    #[error("set-up token invalid")]
    SetupTokenInvalid,
    /// The invitation is unknown, used up, revoked or too old.
    #[error("invitation invalid")]
    InvitationInvalid,
    /// The password does not meet the policy; the text says why, in safe words.
    #[error("password refused")]
    PasswordWeak(String),
    /// The name is taken or looks like another.
    #[error("name taken")]
    NameTaken,
    /// It would leave the server without an administrator.
    #[error("last administrator")]
    LastAdmin,
    /// Too many attempts; try again after so many seconds.
    #[error("too many attempts")]
    TooManyAttempts(u32),
    /// The input is not valid.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// The page cursor cannot be read.
    #[error("invalid cursor")]
    Cursor,
    /// It was changed since the caller read it.
    #[error("changed in the meantime")]
    Changed,
    /// Something conflicts with what is there.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Hashing or signing failed, or a limit of token evaluation was hit on a busy machine.
    #[error("cryptography failed: {0}")]
    Crypto(String),
    /// The list of breached passwords cannot be used; no password is accepted until it can.
    #[error(transparent)]
    Breached(#[from] BreachedListError),
    /// The queue of password checks is full.
    #[error("password queue full")]
    Overloaded,
}

impl From<CursorError> for AuthError {
    fn from(_: CursorError) -> Self {
        Self::Cursor
    }
}

impl Coded for AuthError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Required => ErrorCode::AuthRequired,
            Self::InvalidCredentials => ErrorCode::AuthInvalidCredentials,
            Self::TokenExpired => ErrorCode::AuthTokenExpired,
            Self::TokenInvalid => ErrorCode::AuthTokenInvalid,
            Self::Restricted => ErrorCode::AuthTokenRestricted,
            Self::RefreshReused => ErrorCode::AuthRefreshReused,
            Self::SessionEnded => ErrorCode::AuthSessionEnded,
            Self::SetupClosed => ErrorCode::AuthSetupClosed,
            Self::SetupTokenInvalid => ErrorCode::AuthSetupTokenInvalid,
            Self::InvitationInvalid => ErrorCode::AuthInvitationInvalid,
            Self::PasswordWeak(_) => ErrorCode::AuthPasswordWeak,
            Self::NameTaken => ErrorCode::AuthNameTaken,
            Self::LastAdmin => ErrorCode::AuthLastAdmin,
            Self::TooManyAttempts(_) => ErrorCode::AuthTooManyAttempts,
            Self::Invalid(_) => ErrorCode::ValidationInvalid,
            Self::Cursor => ErrorCode::ValidationCursor,
            Self::Changed => ErrorCode::ValidationPrecondition,
            Self::Conflict(_) => ErrorCode::ValidationConflict,
            Self::Store(error) => error.code(),
            Self::Entropy(error) => error.code(),
            Self::Crypto(_) => ErrorCode::SystemInternal,
            Self::Breached(_) => ErrorCode::AuthPasswordUnchecked,
            Self::Overloaded => ErrorCode::NetworkOverloaded,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Denied(denied) => denied.fields(),
            Self::Invalid(fields) => fields.clone(),
            Self::PasswordWeak(why) => vec![FieldError::new("password", why.clone())],
            Self::NameTaken => vec![FieldError::new("name", "is taken or too like another")],
            Self::Conflict(what) => vec![FieldError::new(*what, "conflicts with what is there")],
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyAttempts(seconds) => Some(*seconds),
            Self::Overloaded => Some(1),
            Self::Store(error) => error.retry_after(),
            _ => None,
        }
    }
}
