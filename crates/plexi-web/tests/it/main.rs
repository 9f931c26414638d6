//! The web server in one process, on stores in memory.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod authorisation;
mod bad_input;
mod conventions;
mod conversation;
mod cross_site;
mod document;
mod edges;
mod identity;
mod logs;
mod narrowed;
mod pages;
mod repeated;
mod socket;
mod socket_limits;
mod socket_nonsense;
mod world;
