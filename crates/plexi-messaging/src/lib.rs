//! Spaces, channels, messages, threads, reactions, read state, search, presence and the real-time hub.
//!
//! [`Messaging`] is the service: every operation takes the [`plexi_core::Actor`] first and decides by the roles that the
//! stores know. It stores through the traits in [`ports`], which name no database; [`Hub`] delivers events to connections
//! through bounded queues of frames that are encoded once. Nothing here knows HTTP or a particular database, so the crate
//! can be embedded in another service; see `examples/conversation.rs`.
//!
//! An acknowledged message is stored: [`Messaging::post`] returns after the commit. Events of a channel are numbered
//! without gaps and delivered in that order; [`Messaging::resume`] brings a connection what it missed.

mod access;
mod categories;
mod channels;
mod config;
pub mod error;
pub mod event;
pub mod hub;
mod members;
#[cfg(any(test, feature = "test-util"))]
pub mod memory;
mod messages;
mod messaging;
pub mod model;
mod paging;
pub mod pipeline;
pub mod ports;
mod reactions;
mod reading;
mod realtime;
mod roles;
pub mod search;
mod sending;
mod spaces;
pub mod text;
mod threads;
pub mod transfer;

pub use channels::ChannelDraft;
pub use config::{HubConfig, MessagingConfig};
pub use error::{MessagingError, StoreError};
pub use hub::{
    CaughtUp, CloseReason, ConnectionId, EndedSessions, Hub, HubCounts, OutFrame, Outgoing, PresenceState,
    Subscription,
};
pub use messages::{MessageDraft, Receipt};
pub use messaging::{Messaging, PULSE};
pub use pipeline::StepTiming;
pub use spaces::FIRST_CHANNEL;
