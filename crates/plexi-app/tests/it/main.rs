//! A server as its operator sees it: started on a folder, asked over HTTP, stopped and started again.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod restart;
mod server;
mod start;
