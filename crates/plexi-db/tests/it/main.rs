//! The stores on every engine.
#![expect(clippy::unwrap_used, reason = "tests")]

mod acquaintances;
mod backlog;
mod chat;
mod engines;
mod erasing;
mod faults;
mod guesses;
mod identity;
mod importing;
mod reading_rights;
mod rooms;
mod schema;
