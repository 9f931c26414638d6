//! Supervision as its users see it. Time is paused: every test is exact to the millisecond and takes none.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod control;
mod endings;
mod groups;
mod liveness;
mod nesting;
mod order;
mod restarts;
mod scale;
mod world;
