//! Spaces, channels, messages, read state and search: `plexi_messaging::ports`.

pub(crate) mod channels;
mod directory;
pub(crate) mod events;
mod members;
pub(crate) mod messages;
mod reading;
mod search;
pub(crate) mod spaces;
mod threads;
