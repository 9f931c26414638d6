//! What the holder of an access token added to it, kept as long as somebody acts by the token.

use std::fmt;
use std::sync::Arc;

use biscuit_auth::Biscuit;
use biscuit_auth::error::Token as BiscuitError;
use plexi_core::Timestamp;

use super::{authorizer, refusal};
use crate::error::AuthError;

/// What a token is used for, as the checks of its holder see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    operation: &'static str,
    class: &'static str,
}

impl Purpose {
    /// An operation that changes nothing: its name and `read`.
    pub const fn read(operation: &'static str) -> Self {
        Self { operation, class: "read" }
    }

    /// An operation that changes something: its name and `write`.
    pub const fn write(operation: &'static str) -> Self {
        Self { operation, class: "write" }
    }

    pub(super) const fn names(self) -> [&'static str; 2] {
        [self.operation, self.class]
    }
}

/// The restrictions that the holder of an access token added to it; none by default. Cheap to clone. A token is at most
/// [`MAX_TEXT`](super::MAX_TEXT) bytes of text, and so is bounded what is kept of it.
#[derive(Clone, Default)]
pub struct Narrowing(Option<Arc<Narrowed>>);

struct Narrowed {
    token: Biscuit,
    expires_at: Timestamp,
}

impl Narrowing {
    pub(super) fn new(token: Biscuit, expires_at: Timestamp) -> Self {
        Self(Some(Arc::new(Narrowed { token, expires_at })))
    }

    /// Whether there are none: then everything is permitted, at no cost.
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Whether every check of every block holds now. [`AuthError::Restricted`] when one does not; [`AuthError::TokenExpired`]
    /// when the token's own time is over, which binds whoever acts by a narrowed token for as long as they do.
    pub(crate) fn permits(&self, now: Timestamp, purpose: Option<Purpose>) -> Result<(), AuthError> {
        let Some(narrowed) = &self.0 else { return Ok(()) };
        if now >= narrowed.expires_at {
            return Err(AuthError::TokenExpired);
        }
        let mut authorizer = authorizer(now, purpose)
            .and_then(|authorizer| authorizer.build(&narrowed.token))
            .map_err(|error| AuthError::Crypto(error.to_string()))?;
        authorizer.authorize().map(drop).map_err(|error| match error {
            BiscuitError::FailedLogic(_) => AuthError::Restricted,
            other => refusal(&other),
        })
    }
}

impl PartialEq for Narrowing {
    /// Whether they came with one and the same proof.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Eq for Narrowing {}

impl fmt::Debug for Narrowing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "Narrowing(none)" } else { "Narrowing(some)" })
    }
}
