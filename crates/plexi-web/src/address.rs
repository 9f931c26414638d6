//! Who is at the other end: the peer of the connection, or what a trusted proxy says of it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::ConnectInfo;
use http::{HeaderMap, Request};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An address or a network in CIDR notation, such as `10.0.0.0/8`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

/// The text is no address or network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address or network such as 10.0.0.0/8")]
pub struct ParseNetworkError;

impl Network {
    /// Whether `address` lies in the network. IPv4 addresses mapped into IPv6 count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        fn covers(base: u128, address: u128, width: u8, prefix: u8) -> bool {
            let shift = u32::from(width - prefix);
            shift == 128 || (base >> shift) == (address >> shift)
        }
        match (self.base.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                covers(u32::from(base).into(), u32::from(address).into(), 32, self.prefix)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => covers(base.into(), address.into(), 128, self.prefix),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let base = address.parse::<IpAddr>().map_err(|_| ParseNetworkError)?.to_canonical();
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(width), str::parse).map_err(|_| ParseNetworkError)?;
        if prefix > width { Err(ParseNetworkError) } else { Ok(Self { base, prefix }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Network {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "An address or a network such as `10.0.0.0/8`."})
    }
}

/// Where a request came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientAddress {
    /// The peer of the connection.
    pub peer: Option<IpAddr>,
    /// The client: the peer, or the nearest address that no trusted proxy owns.
    pub client: Option<IpAddr>,
    /// Somebody on the way says it forwarded the request.
    pub forwarded: bool,
}

impl ClientAddress {
    /// Finds out. The peer is known when the server was started with connect info.
    pub fn of<B>(request: &Request<B>, trusted: &[Network]) -> Self {
        let peer =
            request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
        let headers = request.headers();
        let forwarded =
            ["forwarded", "x-forwarded-for", "via"].iter().any(|name| headers.contains_key(*name));
        Self { peer, client: peer.map(|peer| nearest_untrusted(peer, headers, trusted)), forwarded }
    }

    /// The request comes from this machine and nobody forwarded it.
    pub fn is_local(&self) -> bool {
        self.peer.is_some_and(|peer| peer.is_loopback()) && !self.forwarded
    }
}

/// Walks `X-Forwarded-For` from the right, as far as trusted proxies wrote it.
fn nearest_untrusted(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer;
    let hops = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let mut hops: Vec<&str> = hops.flat_map(|value| value.split(',')).collect();
    while is_trusted(client) {
        let Some(hop) = hops.pop().and_then(|hop| hop.trim().parse::<IpAddr>().ok()) else { break };
        client = hop.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(peer: &str, forwarded: &str) -> Request<()> {
        let mut request = Request::builder().header("x-forwarded-for", forwarded).body(()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        request
    }

    #[test]
    fn nobody_is_believed_by_default() {
        let seen = ClientAddress::of(&request("203.0.113.9", "127.0.0.1"), &[]);
        assert_eq!(seen.client, Some("203.0.113.9".parse().unwrap()));
        assert!(!ClientAddress::of(&request("127.0.0.1", "198.51.100.1"), &[]).is_local());
    }

    #[test]
    fn trusted_proxies_are_believed_up_to_the_first_stranger() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let seen = ClientAddress::of(&request("10.0.0.1", "1.2.3.4, 203.0.113.7, 10.1.2.3"), &trusted);
        assert_eq!(seen.client, Some("203.0.113.7".parse().unwrap()));
    }

    #[test]
    fn networks_are_read_strictly() {
        assert!("10.0.0.0/33".parse::<Network>().is_err() && "proxy".parse::<Network>().is_err());
        let any: Network = "::/0".parse().unwrap();
        assert!(any.contains("2001:db8::1".parse().unwrap()));
        let mapped: Network = "192.0.2.0/24".parse().unwrap();
        assert!(mapped.contains("::ffff:192.0.2.77".parse().unwrap()));
    }
}
