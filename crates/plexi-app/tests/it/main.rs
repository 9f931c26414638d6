//! A server as its operator sees it: started on a folder, asked over HTTP, stopped and started again.

mod restart;
mod server;
mod start;
