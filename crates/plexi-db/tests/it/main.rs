//! The stores on every engine.
#![expect(clippy::unwrap_used, reason = "tests")]

mod chat;
mod engines;
mod faults;
mod identity;
mod rooms;
mod schema;
