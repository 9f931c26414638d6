//! The cache as its users see it. Time stands still unless a test moves it.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod canary;
mod invalidation;
mod loading;
mod model;
mod redis;
mod remote;
mod sealing;
mod times;
mod world;
