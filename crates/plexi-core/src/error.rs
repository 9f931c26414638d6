//! The one catalogue of error codes: each has one HTTP status, a safe message and a remedy.
//!
//! Library errors implement [`Coded`]; the interfaces render the code's safe words and never the error's
//! own text, which may hold internals and goes to the log only.

use serde::{Deserialize, Serialize};

macro_rules! catalogue {
    ($($name:ident $code:literal $status:literal $message:literal $remedy:literal;)*) => {
        /// A code of the catalogue.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $message] #[serde(rename = $code)] $name),*
        }

        impl ErrorCode {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as clients see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The HTTP status of the code.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),* }
            }

            /// What happened, in words that are safe for anybody.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message),* }
            }

            /// What the caller can do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy),* }
            }
        }
    };
}

catalogue! {
    AuthRequired "AUTH_REQUIRED" 401 "You are not signed in." "Sign in and send the session cookie or an access token.";
    AuthInvalidCredentials "AUTH_INVALID_CREDENTIALS" 401 "The name or the password is not right." "Check both and try again; an administrator can set a new password.";
    AuthTokenExpired "AUTH_TOKEN_EXPIRED" 401 "The access token has expired." "Use the refresh token to get a new one.";
    AuthTokenInvalid "AUTH_TOKEN_INVALID" 401 "The token is not valid." "Sign in again.";
    AuthTokenRestricted "AUTH_TOKEN_RESTRICTED" 403 "The access token was narrowed and does not allow this." "Use a token whose restrictions allow it; refreshing this one changes nothing.";
    AuthRefreshReused "AUTH_REFRESH_REUSED" 401 "This refresh token was used before; the session has been ended." "Sign in again. If it was not you, change your password.";
    AuthSessionEnded "AUTH_SESSION_ENDED" 401 "The session has ended." "Sign in again.";
    AuthForbidden "AUTH_FORBIDDEN" 403 "You do not have the permission this needs." "Ask an administrator for a role that has it.";
    AuthNotMember "AUTH_NOT_MEMBER" 403 "You are not in this channel." "Join the channel, then try again.";
    AuthNotAuthor "AUTH_NOT_AUTHOR" 403 "Only its author may do this." "Ask its author, or write a message of your own.";
    AuthStepUpRequired "AUTH_STEP_UP_REQUIRED" 403 "This needs a recent proof of who you are." "Confirm your password and try again.";
    AuthSetupClosed "AUTH_SETUP_CLOSED" 404 "There is nothing here." "Set-up was completed; sign in instead.";
    AuthSetupTokenInvalid "AUTH_SETUP_TOKEN_INVALID" 403 "The set-up token is not right." "Use the link that the server printed when it started.";
    AuthInvitationInvalid "AUTH_INVITATION_INVALID" 404 "The invitation is not valid or was used." "Ask for a new invitation.";
    AuthPasswordWeak "AUTH_PASSWORD_WEAK" 422 "The password is too easy to guess." "Choose a longer or less common one.";
    AuthPasswordUnchecked "AUTH_PASSWORD_UNCHECKED" 503 "New passwords cannot be checked just now, so none is accepted." "Ask the administrator to look into the log of the server; passwords of today go on working.";
    AuthNameTaken "AUTH_NAME_TAKEN" 409 "The name is taken or too like another." "Choose another name.";
    AuthLastAdmin "AUTH_LAST_ADMIN" 409 "This would leave the server without an administrator." "Make somebody else an administrator first.";
    AuthTooManyAttempts "AUTH_TOO_MANY_ATTEMPTS" 429 "There were too many attempts." "Wait for the time in Retry-After and try again.";

    ValidationInvalid "VALIDATION_INVALID" 422 "Something in the request is not valid." "See `details` for each field and what it should be.";
    ValidationMalformed "VALIDATION_MALFORMED" 400 "The request could not be read." "Send well-formed JSON in UTF-8 as the documentation says.";
    ValidationMediaType "VALIDATION_MEDIA_TYPE" 415 "This content type is not understood." "Send `application/json`.";
    ValidationTooLarge "VALIDATION_TOO_LARGE" 413 "The request is too large." "Send less; `details` names the limit.";
    ValidationNotFound "VALIDATION_NOT_FOUND" 404 "There is nothing here." "Check the address or the id.";
    ValidationMethod "VALIDATION_METHOD" 405 "This address does not take that method." "See the `Allow` header.";
    ValidationConflict "VALIDATION_CONFLICT" 409 "This conflicts with what is there." "Read the current state and try again.";
    ValidationPrecondition "VALIDATION_PRECONDITION" 412 "It was changed in the meantime." "Read it again and repeat your change.";
    ValidationIdempotencyMismatch "VALIDATION_IDEMPOTENCY_MISMATCH" 422 "This idempotency key was used with another request." "Use a new key for a new request.";
    ValidationCursor "VALIDATION_CURSOR" 400 "The page cursor is not valid." "Start again from the first page.";
    ValidationQuery "VALIDATION_QUERY" 422 "The search could not be understood." "See `details`; operators are from: in: before: after: has: is: -word and \"phrase\".";
    ValidationArchived "VALIDATION_ARCHIVED" 409 "The channel is archived and cannot be changed." "Restore the channel first.";
    ValidationSpaceArchived "VALIDATION_SPACE_ARCHIVED" 409 "The space is archived; nothing in it can be changed." "Restore the space first.";
    ValidationLastMember "VALIDATION_LAST_MEMBER" 409 "This is the last member of a private channel: nobody could open it again." "Add somebody else first, or archive the channel and then leave.";

    StorageUnavailable "STORAGE_UNAVAILABLE" 503 "The storage cannot be reached just now; nothing was changed." "Try again in a moment.";
    StorageFull "STORAGE_FULL" 507 "The storage is full or cannot be written; nothing was changed." "Ask the administrator to make room; then try again.";
    StorageCorrupt "STORAGE_CORRUPT" 500 "Stored data could not be read." "Ask the administrator to run `plexi doctor`.";

    NetworkTimeout "NETWORK_TIMEOUT" 408 "The request took too long to arrive or to answer." "Try again.";
    NetworkSlowConsumer "NETWORK_SLOW_CONSUMER" 429 "This connection reads too slowly and was closed." "Connect again and resume.";
    NetworkOverloaded "NETWORK_OVERLOADED" 503 "The server is busy." "Wait for the time in Retry-After and try again.";
    NetworkShuttingDown "NETWORK_SHUTTING_DOWN" 503 "The server is stopping." "Connect again in a moment.";

    SecurityOriginRefused "SECURITY_ORIGIN_REFUSED" 403 "Requests from this origin are not allowed." "Open PlexiChat at its own address.";
    SecurityCrossSite "SECURITY_CROSS_SITE" 403 "A page of another site may not do this." "Open PlexiChat at its own address.";
    SecurityHostRefused "SECURITY_HOST_REFUSED" 421 "This server does not answer to that name." "Use the address set in `server.public_url`.";
    SecurityContentRefused "SECURITY_CONTENT_REFUSED" 422 "The content was refused by a rule of this server." "Ask the administrator why, giving the correlation id.";

    SystemInternal "SYSTEM_INTERNAL" 500 "Something went wrong on the server." "Try again; if it persists give the administrator the correlation id.";
    SystemConfiguration "SYSTEM_CONFIGURATION" 500 "The configuration is not valid." "Run `plexi config check`.";
    SystemUnsupported "SYSTEM_UNSUPPORTED" 501 "This server does not offer that." "See the version and feature list of the server.";
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was wrong with one part of the input. Safe to show: it never repeats secrets or internals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// The field, as a path: `name`, `members[3]`.
    pub field: String,
    /// What is wrong and what to do.
    pub problem: String,
}

impl FieldError {
    /// What is wrong with `field`.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

/// An error that knows its place in the catalogue.
pub trait Coded: std::error::Error {
    /// The code that clients see.
    fn code(&self) -> ErrorCode;

    /// What was wrong with which field, when the caller can mend it.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// After how many seconds to try again, when waiting helps.
    fn retry_after(&self) -> Option<u32> {
        None
    }
}

impl Coded for crate::access::Denied {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Unseen => ErrorCode::ValidationNotFound,
            Self::Forbidden(_) => ErrorCode::AuthForbidden,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Unseen => Vec::new(),
            Self::Forbidden(permission) => {
                vec![FieldError::new("permission", format!("this needs {permission}"))]
            }
        }
    }
}

impl Coded for crate::entropy::EntropyError {
    fn code(&self) -> ErrorCode {
        ErrorCode::SystemInternal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_belongs_to_a_family_and_is_ascii_and_complete() {
        let families = ["AUTH_", "VALIDATION_", "STORAGE_", "NETWORK_", "SECURITY_", "SYSTEM_"];
        for code in ErrorCode::ALL {
            assert!(families.iter().any(|family| code.as_str().starts_with(family)), "{code}");
            assert!((400..600).contains(&code.status()), "{code}");
            assert!(code.message().is_ascii() && code.message().ends_with('.'), "{code}");
            assert!(code.remedy().is_ascii() && code.remedy().ends_with('.'), "{code}");
        }
    }
}
