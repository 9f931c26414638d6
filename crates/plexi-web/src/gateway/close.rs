//! How a connection ends.

use plexi_messaging::CloseReason;

/// Why a connection is closed; the codes are those of `docs/API.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// The client went away or broke the protocol below our frames.
    Gone,
    /// A frame that is no JSON object with a type.
    Malformed,
    /// Nobody, or somebody who is no longer signed in.
    Unauthenticated,
    /// Reads too slowly.
    Slow,
    /// Was silent for too long.
    Silent,
    /// Sends too many frames.
    Flood,
    /// The user has too many connections.
    Crowded,
    /// The server stops.
    Restart,
    /// A frame is too long.
    TooBig,
    /// A rule of the server.
    Policy,
}

impl Closing {
    /// The close code; none when there is nobody to tell.
    pub(super) const fn code(self) -> Option<u16> {
        match self {
            Self::Gone => None,
            Self::Malformed => Some(4400),
            Self::Unauthenticated => Some(4401),
            Self::Slow => Some(4408),
            Self::Silent => Some(4409),
            Self::Flood => Some(4429),
            Self::Crowded => Some(1013),
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
            Self::Unauthenticated => "session_ended",
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
            CloseReason::SessionEnded => Self::Unauthenticated,
            CloseReason::Restart => Self::Restart,
            CloseReason::Policy => Self::Policy,
        }
    }
}
