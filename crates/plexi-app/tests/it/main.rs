//! A server as its operator sees it: started on a folder, asked over HTTP, stopped and started again.
#![expect(missing_docs, reason = "tests")]

mod restart;
mod server;
mod start;
