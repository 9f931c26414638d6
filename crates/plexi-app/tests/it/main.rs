//! A server as its operator sees it: started on a folder, asked over HTTP, stopped and started again.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod figures;
mod restart;
mod server;
mod start;
mod supervision;

/// A new HTTP client. Its TLS, which nothing here uses, must know whose cryptography to take before it can be made.
fn http() -> reqwest::Client {
    // An error says that this is so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
