use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use plexi_core::FieldError;
use plexi_web::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::listener::ListenerLimits;

/// The address, the data folder, limits of connections, start and stop: section `server`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port to listen on. Port 0 takes a free one.
    #[schemars(with = "String", extend("x-restart" = true, "x-console" = false))]
    pub listen: SocketAddr,
    /// The address people open, for instance `https://chat.example.org`; by default that of `listen`. Anything but this machine
    /// itself needs `https`: browsers keep the session cookie over TLS only.
    #[schemars(extend("x-restart" = true, "x-console" = false))]
    pub public_url: Option<String>,
    /// The folder of everything the server keeps: database, keys, logs.
    #[schemars(extend("x-restart" = true, "x-console" = false))]
    pub data_dir: PathBuf,
    /// Further host names that are answered, beside that of `public_url` and this machine's own.
    #[schemars(extend("x-console" = false))]
    pub allowed_hosts: Vec<String>,
    /// Further origins whose pages may use the session cookie, such as a development server.
    #[schemars(extend("x-console" = false))]
    pub allowed_origins: Vec<String>,
    /// Addresses or networks of reverse proxies whose `X-Forwarded-For` is believed.
    #[schemars(extend("x-console" = false))]
    pub trusted_proxies: Vec<Network>,
    /// Connections at once; one more is closed unanswered. 16 to 1,000,000.
    #[schemars(range(min = 16, max = 1_000_000))]
    pub max_connections: u32,
    /// `WebSocket` connections of one address that have not authenticated yet. 1 to 10,000.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_unauthenticated_sockets: u32,
    /// `WebSocket` connections of one user; more are refused as overload. 1 to 1,000,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_sockets_per_user: u32,
    /// Requests at work at once; more are answered with 503. 1 to 100,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_in_flight: u32,
    /// Seconds in which the header of a request must arrive, and for which an idle HTTP/1 connection is kept. 1 to 300.
    #[schemars(range(min = 1, max = 300))]
    pub header_timeout_seconds: u32,
    /// Seconds after which a request that is not answered is given up. 1 to 600.
    #[schemars(range(min = 1, max = 600))]
    pub request_timeout_seconds: u32,
    /// Seconds for which a client may take nothing of what is written to it; then its connection ends. 1 to 600.
    #[schemars(range(min = 1, max = 600))]
    pub write_timeout_seconds: u32,
    /// Seconds between heartbeats of a `WebSocket`; twice that with silence closes it. 1 to 300.
    #[schemars(range(min = 1, max = 300))]
    pub heartbeat_seconds: u32,
    /// Frames that one `WebSocket` connection may send in a second; more are a flood and close it. 10 to 1,000,000.
    #[schemars(range(min = 10, max = 1_000_000))]
    pub max_frames_per_second: u32,
    /// Whether a `WebSocket` whose client asks for it gets longer events compressed: less to transfer, some more work once for each
    /// such event.
    pub compress_events: bool,
    /// Seconds that requests and sockets have to finish when the server stops. 0 to 600.
    #[schemars(range(max = 600))]
    pub shutdown_seconds: u32,
    /// Threads that serve; 0 takes one for each processor, at most 8. 0 to 256.
    #[schemars(range(max = 256), extend("x-restart" = true))]
    pub worker_threads: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8_080),
            public_url: None,
            data_dir: PathBuf::from("data"),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_connections: 20_000,
            max_unauthenticated_sockets: 32,
            max_sockets_per_user: 64,
            max_in_flight: 1_024,
            header_timeout_seconds: 30,
            request_timeout_seconds: 30,
            write_timeout_seconds: 20,
            heartbeat_seconds: 30,
            max_frames_per_second: 200,
            compress_events: true,
            shutdown_seconds: 10,
            worker_threads: 0,
        }
    }
}

impl ServerConfig {
    /// The address people open: `public_url` without a slash at its end, or that of `listen`.
    pub fn address(&self) -> String {
        self.address_of(self.listen)
    }

    /// As [`ServerConfig::address`], for the address that was really bound.
    pub fn address_of(&self, bound: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let host = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(host, bound.port()))
    }

    /// How long requests and sockets may finish when the server stops.
    pub fn shutdown(&self) -> Duration {
        Duration::from_secs(self.shutdown_seconds.into())
    }

    /// The bounds of the listener.
    pub fn listener_limits(&self) -> ListenerLimits {
        ListenerLimits {
            // invariant: at most 1,000,000, which fits every usize this runs on
            connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            header_timeout: Duration::from_secs(self.header_timeout_seconds.into()),
            write_timeout: Duration::from_secs(self.write_timeout_seconds.into()),
            // to be answered, and then some pauses in taking the answer
            stream_timeout: Duration::from_secs(
                u64::from(self.request_timeout_seconds) + 3 * u64::from(self.write_timeout_seconds),
            ),
        }
    }

    /// How many threads serve.
    pub fn threads(&self) -> usize {
        match usize::try_from(self.worker_threads) {
            Ok(0) | Err(_) => std::thread::available_parallelism().map_or(2, usize::from).min(8),
            Ok(threads) => threads,
        }
    }

    /// All that is wrong with the values; keys are relative to the section.
    pub fn problems(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        let bounds = [
            ("max_connections", self.max_connections, 16, 1_000_000),
            ("max_unauthenticated_sockets", self.max_unauthenticated_sockets, 1, 10_000),
            ("max_sockets_per_user", self.max_sockets_per_user, 1, 1_000_000),
            ("max_in_flight", self.max_in_flight, 1, 100_000),
            ("header_timeout_seconds", self.header_timeout_seconds, 1, 300),
            ("request_timeout_seconds", self.request_timeout_seconds, 1, 600),
            ("write_timeout_seconds", self.write_timeout_seconds, 1, 600),
            ("heartbeat_seconds", self.heartbeat_seconds, 1, 300),
            ("max_frames_per_second", self.max_frames_per_second, 10, 1_000_000),
            ("shutdown_seconds", self.shutdown_seconds, 0, 600),
            ("worker_threads", self.worker_threads, 0, 256),
        ];
        for (key, value, min, max) in bounds {
            if !(min..=max).contains(&value) {
                found.push(FieldError::new(key, format!("is {value} and must be {min} to {max}")));
            }
        }
        if self.data_dir.as_os_str().is_empty() {
            found.push(FieldError::new("data_dir", "must name a folder"));
        }
        if let Some(url) = &self.public_url {
            if host_of(url).is_none() {
                found.push(FieldError::new(
                    "public_url",
                    "must be an address such as https://chat.example.org, without a path",
                ));
            } else if !url.starts_with("https://") && !is_loopback(url) {
                found.push(FieldError::new(
                    "public_url",
                    "must begin with https://, or sign-in fails: browsers keep the session cookie over TLS only",
                ));
            }
        }
        found
    }

    /// What is allowed and yet deserves a word.
    pub fn warnings(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        if !self.listen.ip().is_loopback() && self.public_url.is_none() {
            found.push(FieldError::new(
                "server.public_url",
                format!(
                    "is not set while the server listens on {} for other machines: their browsers cannot sign in without TLS. \
                     Put a TLS proxy in front and set server.public_url to its https address",
                    self.listen
                ),
            ));
        }
        found
    }
}

/// The host of `http(s)://host[:port]`; `None` when it is no such address or has a path.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let plain = !authority.is_empty() && !authority.contains(['/', '?', '#', '@', ' ']);
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    };
    (plain && !host.is_empty()).then_some(host)
}

fn is_loopback(url: &str) -> bool {
    host_of(url).is_some_and(|host| {
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_url(url: &str) -> ServerConfig {
        ServerConfig { public_url: Some(url.into()), ..ServerConfig::default() }
    }

    #[test]
    fn the_defaults_are_valid_and_stay_on_this_machine() {
        let config = ServerConfig::default();
        assert_eq!((config.problems(), config.warnings()), (vec![], vec![]));
        assert!(config.listen.ip().is_loopback());
        assert_eq!(config.address(), "http://127.0.0.1:8080");
    }

    #[test]
    fn an_address_for_other_machines_needs_tls() {
        for good in [
            "https://chat.example.org",
            "https://chat.example.org:8443/",
            "http://localhost:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(with_url(good).problems(), [], "{good}");
        }
        for bad in [
            "http://chat.example.org",
            "chat.example.org",
            "https://chat.example.org/chat",
            "https://",
            "ftp://x",
        ] {
            assert_eq!(with_url(bad).problems().len(), 1, "{bad}");
        }
        let open = ServerConfig { listen: "0.0.0.0:80".parse().unwrap(), ..ServerConfig::default() };
        assert_eq!(open.warnings()[0].field, "server.public_url");
        assert_eq!(open.address(), "http://127.0.0.1:80");
    }

    #[test]
    fn values_outside_their_bounds_are_all_named_at_once() {
        let config = ServerConfig { max_connections: 1, shutdown_seconds: 601, ..ServerConfig::default() };
        let keys: Vec<String> = config.problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(keys, ["max_connections", "shutdown_seconds"]);
    }
}
