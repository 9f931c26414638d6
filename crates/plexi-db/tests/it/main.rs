//! The stores on every engine.

mod chat;
mod engines;
mod faults;
mod identity;
mod rooms;
mod schema;
