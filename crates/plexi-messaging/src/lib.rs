//! Spaces, channels, messages, threads, reactions, read state, search, presence and the real-time hub.

pub mod error;
pub mod event;
pub mod model;
pub mod ports;

pub use error::{MessagingError, StoreError};
