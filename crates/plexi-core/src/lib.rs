//! The vocabulary of PlexiChat, layer 0: what every other crate speaks and none may redefine.
//!
//! Typed identifiers ([`id`]), time ([`Clock`], [`Timestamp`]), randomness ([`Entropy`]), values that
//! never print themselves ([`Secret`]), texts that deceive nobody's eye ([`plain`]), names of accounts ([`names`]), who is asking ([`Actor`]), what they may do ([`Permission`]),
//! pages of lists ([`Cursors`]), what a store says when it fails ([`StoreError`]), and the one catalogue of error codes ([`ErrorCode`]). No I/O, no async runtime.
//!
//! ```
//! use plexi_core::{Clock, IdSource, MessageId, SystemClock, SystemEntropy};
//! use std::sync::Arc;
//!
//! let ids = IdSource::new(Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
//! let first: MessageId = ids.next().unwrap();
//! let second: MessageId = ids.next().unwrap();
//! assert!(first < second, "ids of one source are ordered by creation");
//! ```

pub mod access;
mod clock;
mod correlation;
mod current;
mod entropy;
pub mod error;
pub mod id;
pub mod names;
mod page;
mod permission;
pub mod plain;
mod secret;
mod store;

pub use access::{Actor, ActorKind};
pub use clock::{Clock, SystemClock, Timestamp};
pub use correlation::CorrelationId;
pub use current::Current;
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use error::{Coded, ErrorCode, FieldError};
pub use id::{
    ChannelId, CredentialId, EventKey, IdSource, InvitationId, MessageId, RoleId, SessionId, SpaceId, UserId,
};
pub use page::{CursorError, Cursors, Page};
pub use permission::{Permission, PermissionSet, RoleScope};
pub use secret::Secret;
pub use store::StoreError;

#[cfg(any(test, feature = "test-util"))]
pub use {clock::ManualClock, entropy::SeededEntropy};
