//! The command line as its user sees it: the real program, its output and its exit codes.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod help;
mod local;
mod logs;
mod plexi;
mod remote;
mod settings;
mod tls;
