use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::hash::Seed;

/// What may be known of who asks for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[repr(u8)]
pub enum Part {
    /// The client's address; of IPv6 the network, since one client has as many addresses as it likes.
    Address = 0,
    /// Who it is, once that is proved.
    User = 1,
    /// The operation.
    Route = 2,
    /// The method.
    Method = 3,
    /// What the client says it is. Anybody may say anything: good for fairness, not for protection.
    Agent = 4,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Address, Self::User, Self::Route, Self::Method, Self::Agent];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::User => "user",
            Self::Route => "route",
            Self::Method => "method",
            Self::Agent => "agent",
        }
    }
}

/// Who asks for what. Made by [`Limiter::subject`](crate::Limiter::subject), with each part hashed once for all rules.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    seed: Seed,
    prefix: u8,
    hashes: [Option<u64>; Part::ALL.len()],
    texts: [Option<Shown<'a>>; Part::ALL.len()],
    pub(crate) tier: usize,
}

/// What people are shown of a part.
#[derive(Clone, Debug)]
enum Shown<'a> {
    Address(IpAddr),
    Text(Cow<'a, str>),
}

impl<'a> Subject<'a> {
    pub(crate) const fn new(seed: Seed, prefix: u8) -> Self {
        Self { seed, prefix, hashes: [None; 5], texts: [const { None }; 5], tier: 0 }
    }

    /// The address of the client, as it is: what counts of IPv6 is the network.
    #[must_use]
    pub fn address(mut self, address: IpAddr) -> Self {
        let network = network(address, self.prefix);
        let bits = match network {
            IpAddr::V4(four) => u128::from(u32::from(four)) | 1 << 127,
            IpAddr::V6(six) => u128::from(six),
        };
        self.hashes[Part::Address as usize] = Some(self.seed.of_number(Part::Address as u8, bits));
        self.texts[Part::Address as usize] = Some(Shown::Address(network));
        self
    }

    /// Who it is.
    #[must_use]
    pub fn user(self, user: impl Into<Cow<'a, str>>) -> Self {
        self.text(Part::User, user.into())
    }

    /// The operation.
    #[must_use]
    pub fn route(self, route: impl Into<Cow<'a, str>>) -> Self {
        self.text(Part::Route, route.into())
    }

    /// The method.
    #[must_use]
    pub fn method(self, method: impl Into<Cow<'a, str>>) -> Self {
        self.text(Part::Method, method.into())
    }

    /// What the client says it is.
    #[must_use]
    pub fn agent(self, agent: impl Into<Cow<'a, str>>) -> Self {
        self.text(Part::Agent, agent.into())
    }

    /// The tier of the user, as [`Limiter::tier`](crate::Limiter::tier) knows it; others have the usual quotas.
    #[must_use]
    pub const fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier.0;
        self
    }

    fn text(mut self, part: Part, text: Cow<'a, str>) -> Self {
        self.hashes[part as usize] = Some(self.seed.of_bytes(part as u8, text.as_bytes()));
        self.texts[part as usize] = Some(Shown::Text(text));
        self
    }

    /// The key of a rule for this subject; none when a part is not known that the rule asks for.
    pub(crate) fn key(&self, rule: u64, key: crate::rule::Key) -> Option<u64> {
        let mut mixed = rule;
        for part in key.parts() {
            mixed = self.seed.mix(mixed, self.hashes[part as usize]?);
        }
        Some(mixed.max(1))
    }

    /// As people read it: `203.0.113.7 messages.post`.
    pub(crate) fn shown(&self, key: crate::rule::Key) -> String {
        let parts =
            key.parts().filter_map(|part| self.texts[part as usize].as_ref().map(ToString::to_string));
        let text = parts.collect::<Vec<_>>().join(" ");
        if text.is_empty() { "everybody".to_owned() } else { text }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Text(text) => {
                // of what a client says of itself only so much, and nothing that breaks a line
                let plain = text.chars().take(80).map(|c| if c.is_ascii_graphic() { c } else { '?' });
                f.write_str(&plain.collect::<String>())
            }
        }
    }
}

/// A tier of users, as [`Limiter::tier`](crate::Limiter::tier) gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tier(pub(crate) usize);

/// The network of an address: of IPv6 the first `prefix` bits. An IPv4 address written as IPv6 is that IPv4 address.
pub fn network(address: IpAddr, prefix: u8) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let shift = 128 - u32::from(prefix.clamp(1, 128));
            IpAddr::V6(Ipv6Addr::from(u128::from(six) >> shift << shift))
        }
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Key;

    fn subject() -> Subject<'static> {
        Subject::new(Seed::fixed(7), 64)
    }

    #[test]
    fn addresses_of_one_network_are_one_and_others_are_not() {
        let key = |address: &str| subject().address(address.parse().unwrap()).key(1, Key::of(Part::Address));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
    }

    #[test]
    fn a_rule_does_not_hold_where_a_part_is_unknown() {
        let both = Key::of(Part::Address).and(Part::User);
        let known = subject().address("192.0.2.1".parse().unwrap());
        assert_eq!(known.key(1, both), None);
        assert!(known.clone().user("ada").key(1, both).is_some());
        assert!(known.key(1, Key::GLOBAL).is_some());
    }

    #[test]
    fn the_same_text_as_another_part_is_another_key() {
        let user = subject().user("x").route("y").key(1, Key::of(Part::User).and(Part::Route));
        let turned = subject().user("y").route("x").key(1, Key::of(Part::User).and(Part::Route));
        assert_ne!(user, turned);
        assert_ne!(
            subject().user("x").key(1, Key::of(Part::User)),
            subject().agent("x").key(1, Key::of(Part::Agent))
        );
    }

    #[test]
    fn what_is_shown_breaks_no_line() {
        let agent = subject().agent(format!("curl\r\n{}", "x".repeat(200)));
        let shown = agent.shown(Key::of(Part::Agent));
        assert!(shown.starts_with("curl??x") && shown.len() == 80);
        assert_eq!(agent.shown(Key::GLOBAL), "everybody");
    }
}
