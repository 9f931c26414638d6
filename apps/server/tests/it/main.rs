//! The real program, as an operator and a service manager see it: output, signals, exit codes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod crash;
mod program;
mod refusals;
mod signals;
mod watchdog;
