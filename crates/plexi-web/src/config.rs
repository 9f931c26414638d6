//! What an operator can set of the web server.

use std::net::{IpAddr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::Network;

/// The settings of this crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    /// The address people use, such as `https://chat.example.org`. Requests to other names are refused
    /// (against DNS rebinding), except to loopback names.
    pub public_url: String,
    /// Further host names that are answered.
    pub allowed_hosts: Vec<String>,
    /// Further origins whose pages may use the cookie, such as a development server.
    pub allowed_origins: Vec<String>,
    /// Addresses or networks of reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Seconds until a request that is not answered is given up. 1 to 600.
    #[schemars(range(min = 1, max = 600))]
    pub request_timeout_seconds: u32,
    /// Requests at work at once; more are answered with 503. Health checks are exempt. 1 to 100,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_in_flight: u32,
    /// WebSocket connections at once. 1 to 1,000,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_sockets: u32,
    /// WebSocket connections of one address that have not authenticated yet. 1 to 10,000.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_unauthenticated_sockets: u32,
    /// WebSocket connections of one user; more are refused as overload. 1 to 1,000,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_sockets_per_user: u32,
    /// Seconds between heartbeats of a WebSocket; twice that with silence closes it. 1 to 300.
    #[schemars(range(min = 1, max = 300))]
    pub heartbeat_seconds: u32,
    /// Frames that one WebSocket connection may send in a second; more close it. 10 to 1,000,000.
    #[schemars(range(min = 10, max = 1_000_000))]
    pub max_frames_per_second: u32,
    /// Whether a WebSocket whose client asks for it gets longer events compressed.
    pub compress_events: bool,
    /// The longest message in characters, as clients are told. The messaging service enforces its own.
    #[schemars(range(min = 1, max = 40_000))]
    pub max_message_length: u32,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".into(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            request_timeout_seconds: 30,
            max_in_flight: 1_024,
            max_sockets: 20_000,
            max_unauthenticated_sockets: 32,
            max_sockets_per_user: 64,
            heartbeat_seconds: 30,
            max_frames_per_second: 200,
            compress_events: true,
            max_message_length: 40_000,
        }
    }
}

impl WebConfig {
    /// The origin (`scheme://host[:port]`, lower case) of the public address.
    pub fn public_origin(&self) -> String {
        let url = self.public_url.to_ascii_lowercase();
        let rest = url.find("://").map_or(0, |at| at + 3);
        let end = url[rest..].find('/').map_or(url.len(), |at| rest + at);
        url[..end].to_owned()
    }

    /// The host name of the public address, without its port.
    pub fn public_host(&self) -> String {
        let origin = self.public_origin();
        let authority = origin.split_once("://").map_or(origin.as_str(), |(_, rest)| rest);
        host_name(authority).to_owned()
    }

    /// Whether people reach the server by TLS.
    pub fn is_https(&self) -> bool {
        self.public_origin().starts_with("https://")
    }

    /// Whether requests to this host (with or without a port) are answered.
    pub fn answers_to(&self, authority: &str) -> bool {
        let Some(host) = strict_host(authority).map(str::to_ascii_lowercase) else { return false };
        is_loopback_name(&host)
            || host == self.public_host()
            || self.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host))
    }

    /// Whether a page of `origin` may use the cookie on a server addressed as `authority`.
    pub fn is_own_origin(&self, origin: &str, authority: Option<&str>) -> bool {
        let origin = origin.to_ascii_lowercase();
        let same_authority = authority.is_some_and(|authority| {
            let bare = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            bare == Some(authority.to_ascii_lowercase().as_str())
        });
        same_authority
            || origin == self.public_origin()
            || self.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(&origin))
    }
}

/// The host of `host:port`, an IPv6 address without its brackets.
pub(crate) fn host_name(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(host, _)| host);
    }
    authority.split_once(':').map_or(authority, |(host, _)| host)
}

/// As [`host_name`], of nothing but `host`, `host:port` and the same with an IPv6 address in brackets; `None` when anything else
/// stands there, such as a second name.
fn strict_host(authority: &str) -> Option<&str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        (host, port)
    } else {
        let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if host.is_empty() || !host.bytes().all(plain) {
            return None;
        }
        (host, port)
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (port.is_empty() || port.strip_prefix(':').is_some_and(digits)).then_some(host)
}

fn is_loopback_name(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_name_listed_names_and_loopback_are_answered() {
        let config = WebConfig {
            public_url: "https://Chat.Example.org/".into(),
            allowed_hosts: vec!["chat.internal".into()],
            ..WebConfig::default()
        };
        for good in [
            "chat.example.org",
            "CHAT.example.org:443",
            "chat.internal:8080",
            "localhost:8080",
            "127.0.0.1",
            "[::1]:8080",
        ] {
            assert!(config.answers_to(good), "{good}");
        }
        for bad in [
            "evil.example",
            "chat.example.org.evil.example",
            "10.0.0.1",
            "",
            "localhost.evil.example",
            "127.0.0.1:9215, evil",
            "localhost:evil",
            "localhost:",
            "localhost:99999",
            "localhost evil",
            "localhost@evil.example",
            "[::1]evil:80",
            "[::1",
        ] {
            assert!(!config.answers_to(bad), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_own_by_the_public_address_or_by_the_name_that_was_asked() {
        let config = WebConfig { public_url: "https://chat.example.org".into(), ..WebConfig::default() };
        assert!(config.is_own_origin("https://chat.example.org", None));
        assert!(config.is_own_origin("http://localhost:8080", Some("localhost:8080")));
        for bad in [
            "https://evil.example",
            "null",
            "http://chat.example.org",
            "http://localhost:9999",
            "localhost:8080",
        ] {
            assert!(!config.is_own_origin(bad, Some("localhost:8080")), "{bad}");
        }
    }
}
