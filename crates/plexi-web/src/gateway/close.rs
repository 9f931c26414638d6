//! How a connection ends.

use plexi_core::ErrorCode;
use plexi_messaging::CloseReason;

use crate::error::ApiError;

/// Why a connection is closed; the codes are those of `docs/API.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// The client went away or broke the protocol below our frames.
    Gone,
    /// A frame that is no JSON object with a type.
    Malformed,
    /// The session has ended.
    SessionEnded,
    /// The token is not valid, or no longer.
    TokenRefused,
    /// What its holder added to the token does not let it have a connection, or no longer.
    TokenRestricted,
    /// Nobody said in time, or before all else, who it is.
    Unauthenticated,
    /// Reads too slowly.
    Slow,
    /// Was silent for too long.
    Silent,
    /// Sends too many frames.
    Flood,
    /// The user has too many connections.
    Crowded,
    /// The server cannot serve it just now.
    Unavailable,
    /// The server stops.
    Restart,
    /// A frame is too long.
    TooBig,
    /// A rule of the server.
    Policy,
}

impl Closing {
    /// How a connection ends that cannot go on because of an error.
    pub(super) fn after(error: &ApiError) -> Self {
        match (error.code(), error.code().status()) {
            (ErrorCode::AuthSessionEnded, _) => Self::SessionEnded,
            (ErrorCode::AuthTokenRestricted, _) => Self::TokenRestricted,
            (_, 401) => Self::TokenRefused,
            (_, 500..) => Self::Unavailable,
            _ => Self::Policy,
        }
    }

    /// The close code; none when there is nobody to tell.
    pub(super) const fn code(self) -> Option<u16> {
        match self {
            Self::Gone => None,
            Self::Malformed => Some(4400),
            Self::SessionEnded | Self::TokenRefused => Some(4401),
            Self::TokenRestricted => Some(4403),
            Self::Slow => Some(4408),
            Self::Silent => Some(4409),
            Self::Unauthenticated => Some(4410),
            Self::Flood => Some(4429),
            Self::Crowded | Self::Unavailable => Some(1013),
            Self::Restart => Some(1001),
            Self::TooBig => Some(1009),
            Self::Policy => Some(1008),
        }
    }

    /// The reason in the `goodbye` frame.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Slow => "slow_consumer",
            Self::SessionEnded => "session_ended",
            Self::TokenRefused => "token_refused",
            Self::TokenRestricted => "token_restricted",
            Self::Unauthenticated => "unauthenticated",
            Self::Unavailable => "unavailable",
            Self::Gone
            | Self::Malformed
            | Self::Silent
            | Self::Flood
            | Self::Crowded
            | Self::TooBig
            | Self::Policy => "policy",
        }
    }
}

impl From<CloseReason> for Closing {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::SlowConsumer => Self::Slow,
            CloseReason::SessionEnded => Self::SessionEnded,
            CloseReason::Restart => Self::Restart,
            CloseReason::Policy => Self::Policy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_session_that_ended_and_a_token_that_is_refused_say_4401() {
        for code in ErrorCode::ALL {
            let closing = Closing::after(&ApiError::new(*code));
            assert_eq!(closing.code() == Some(4401), code.status() == 401, "{code}");
            assert_eq!(closing == Closing::SessionEnded, *code == ErrorCode::AuthSessionEnded, "{code}");
            assert_eq!(closing.code() == Some(1013), code.status() >= 500, "{code}");
        }
        assert_eq!(Closing::after(&ApiError::new(ErrorCode::AuthTokenRestricted)).code(), Some(4403));
    }
}
