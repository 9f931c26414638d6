//! Typed identifiers: `UUIDv7` (RFC 9562) under a name of their own, so that one cannot pass for another.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::{Clock, Timestamp};
use crate::entropy::{Entropy, EntropyError};

/// The text was not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct ParseIdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// From a UUID of any version, for instance one read from a store.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.as_hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self).map_err(|_| ParseIdError)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "format": "uuid"})
            }
        }
    )*};
}

ids! {
    /// A person, bot or imported author.
    UserId,
    /// A team's room of channels.
    SpaceId,
    /// A channel or direct conversation.
    ChannelId,
    /// A message.
    MessageId,
    /// A signed-in device.
    SessionId,
    /// A named set of permissions.
    RoleId,
    /// An invitation to join.
    InvitationId,
    /// A password, key or other proof that belongs to a user.
    CredentialId,
}

/// The time-ordered 63-bit key of a message inside a store: 48 bits of milliseconds, 15 of order within it.
///
/// It is a pure function of the [`MessageId`], so a store needs one index and not two, and a full-text
/// index that knows only integers returns the newest first by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventKey(pub i64);

impl MessageId {
    /// The key of this message inside a store. Two ids of one store never share a key.
    pub fn key(self) -> EventKey {
        let bits = self.0.as_u128();
        let millis = (bits >> 80) & 0xFFFF_FFFF_FFFF;
        let sub = (bits >> 64) & 0x0FFF;
        let slot = (bits >> 59) & 0b111;
        let key = ((millis << 15) | (sub << 3) | slot) & 0x7FFF_FFFF_FFFF_FFFF;
        // invariant: masked to 63 bits above
        EventKey(i64::try_from(key).unwrap_or(i64::MAX))
    }

    /// The id of a message that an import brings: its own time to the microsecond, `slot` (0..8) to tell
    /// apart messages of one microsecond, and bits that depend only on where it came from.
    pub fn imported(at: Timestamp, slot: u8, origin: u64) -> Self {
        Self(compose(at, u128::from(slot & 0b111), u128::from(origin) & ((1 << 59) - 1)))
    }

    /// The time written into the id, to the microsecond.
    pub fn time(self) -> Timestamp {
        let bits = self.0.as_u128();
        let millis = i64::try_from((bits >> 80) & 0xFFFF_FFFF_FFFF).unwrap_or(i64::MAX);
        let sub = i64::try_from((bits >> 64) & 0x0FFF).unwrap_or(0);
        // The inverse of rounding down in `compose`: the smallest microsecond that maps to `sub`.
        Timestamp::from_micros(millis.saturating_mul(1_000).saturating_add((sub * 1_000 + 4_095) / 4_096))
    }
}

/// `UUIDv7` with the sub-millisecond fraction in `rand_a` (RFC 9562, section 6.2, method 3).
fn compose(at: Timestamp, slot: u128, rest: u128) -> Uuid {
    let micros = u128::try_from(at.as_micros()).unwrap_or(0);
    let millis = (micros / 1_000) & 0xFFFF_FFFF_FFFF;
    let sub = (micros % 1_000) * 4_096 / 1_000;
    Uuid::from_u128((millis << 80) | (0x7 << 76) | (sub << 64) | (0b10 << 62) | (slot << 59) | rest)
}

/// Makes ids. Those of one source are unique and strictly increasing, also when the clock stands or
/// steps back.
#[derive(Clone)]
pub struct IdSource {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    last: Arc<Mutex<i64>>,
}

impl IdSource {
    /// A source on the given clock and randomness.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last: Arc::new(Mutex::new(0)) }
    }

    /// The next id, of any kind. Each takes a microsecond of its own.
    pub fn next<T: From<Uuid>>(&self) -> Result<T, EntropyError> {
        let mut noise = [0_u8; 8];
        self.entropy.fill(&mut noise)?;
        let noise = u128::from(u64::from_le_bytes(noise));
        let now = self.clock.now().as_micros();
        let micros = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = now.max(*last + 1);
            *last
        };
        let slot = noise & 0b111;
        Ok(T::from(compose(Timestamp::from_micros(micros), slot, (noise >> 3) & ((1 << 59) - 1))))
    }
}

impl fmt::Debug for IdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdSource")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManualClock, SeededEntropy};

    #[test]
    fn ids_increase_even_when_the_clock_stands_or_steps_back() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
        let ids = IdSource::new(clock.clone(), Arc::new(SeededEntropy::new(7)));
        let mut last: MessageId = ids.next().unwrap();
        for round in 0..5_000 {
            if round == 2_500 {
                clock.set(Timestamp::from_seconds(1_700_000_000));
            }
            let next: MessageId = ids.next().unwrap();
            assert!(next > last && next.key() > last.key());
            assert_eq!(next.as_uuid().get_version_num(), 7);
            last = next;
        }
    }

    proptest::proptest! {
        #[test]
        fn an_imported_id_keeps_its_microsecond_and_order(micros in 0_i64..253_402_300_799_999_998, slot in 0_u8..8, origin: u64) {
            let at = Timestamp::from_micros(micros);
            let id = MessageId::imported(at, slot, origin);
            proptest::prop_assert_eq!(id.time(), at);
            let later = MessageId::imported(Timestamp::from_micros(micros + 1), 0, origin);
            proptest::prop_assert!(later.key() > id.key());
        }
    }

    #[test]
    fn text_that_is_no_uuid_is_refused() {
        assert_eq!("42".parse::<UserId>(), Err(ParseIdError));
    }
}
