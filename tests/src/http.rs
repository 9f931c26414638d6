/// A new HTTP client. Its TLS, which nothing here uses, must know whose cryptography to take before it can be made.
pub fn http_client() -> reqwest::Client {
    // An error says that this is so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
