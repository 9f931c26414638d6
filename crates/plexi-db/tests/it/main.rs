//! The stores on every engine.

mod chat;
mod engines;
mod identity;
