//! A real server as a child process, and people who talk through it: what a stranger could do with `docs/API.md`.
//!
//! The binaries are those of the profile that the tests are built with; `cargo xtask test` builds them first.
#![expect(clippy::disallowed_methods, reason = "tests spawn clients of their own")]
#![expect(clippy::missing_errors_doc, reason = "every error is a failed test")]

mod engine;
mod http;
mod person;
mod server;
mod socket;

pub use engine::{Engine, Place};
pub use http::http_client;
pub use person::{Answer, Person};
pub use server::{Frozen, PASSWORD, Plexi, cli};
pub use socket::Socket;

/// What a step of a test gives; any error fails the test with its text.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
