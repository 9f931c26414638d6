//! The stores on every engine.

mod engines;
mod identity;
