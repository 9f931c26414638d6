//! Sealing: AES-256-GCM under a key that only this process uses, over a nonce that it uses once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use plexi_core::{Entropy, EntropyError};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};

use crate::key::Small;
use crate::keys::{self, KeyId, KeySource};
use crate::level::SecurityLevel;
use crate::plain::Plain;

/// Bytes of the salt by which a process makes its own keys from those of the levels.
pub(crate) const SALT: usize = 16;
/// Most keys of other processes that are kept ready.
const MOST_READY: usize = 1_024;

pub(crate) type Salt = [u8; SALT];
pub(crate) type NonceBytes = [u8; NONCE_LEN];

/// What is known of a value beside the value, and bound to it by the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// How the bytes below the seal are to be read.
    pub flags: u8,
    /// The generation of its namespace.
    pub generation: u64,
    /// When it was stored, in microseconds.
    pub stored: i64,
    /// Until when it is believed.
    pub fresh_until: i64,
    /// Until when it may be shown while it is read anew.
    pub stale_until: i64,
}

impl Head {
    /// The bytes below the seal are compressed.
    pub const COMPRESSED: u8 = 1;
    /// There is no such value, and that is what is remembered.
    pub const ABSENT: u8 = 2;
    /// Bytes of a head in records and additional data.
    pub const LENGTH: usize = 33;

    pub fn bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[0] = self.flags;
        bytes[1..9].copy_from_slice(&self.generation.to_be_bytes());
        bytes[9..17].copy_from_slice(&self.stored.to_be_bytes());
        bytes[17..25].copy_from_slice(&self.fresh_until.to_be_bytes());
        bytes[25..33].copy_from_slice(&self.stale_until.to_be_bytes());
        bytes
    }

    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Self {
        let eight = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[at..at + 8]);
            eight
        };
        Self {
            flags: bytes[0],
            generation: u64::from_be_bytes(eight(1)),
            stored: i64::from_be_bytes(eight(9)),
            fresh_until: i64::from_be_bytes(eight(17)),
            stale_until: i64::from_be_bytes(eight(25)),
        }
    }
}

/// Whose value it is: the namespace with its level and version, and the key.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub prefix: &'a [u8],
    pub key: &'a [u8],
}

/// A namespace as additional data of its values begins with it.
pub(crate) fn prefix(namespace: &str, version: u32, level: SecurityLevel) -> Box<[u8]> {
    // A name has at most 64 bytes, so one byte tells where it ends.
    let length = u8::try_from(namespace.len()).unwrap_or(u8::MAX);
    [b"plexi-cache\x01", &[length][..], namespace.as_bytes(), &version.to_be_bytes(), &[level.number()]]
        .concat()
        .into()
}

/// A key of a level as one process uses it.
pub(crate) struct ReadyKey {
    level: SecurityLevel,
    pub id: KeyId,
    pub salt: Salt,
    key: LessSafeKey,
    /// The state of the source in which this key was last known to exist.
    checked: AtomicU64,
}

impl ReadyKey {
    /// Whether the source still has the key.
    fn lives(&self, source: &dyn KeySource) -> bool {
        let changes = source.changes();
        if self.checked.load(Ordering::Acquire) == changes {
            return true;
        }
        let lives = source.key(self.level, self.id).is_some();
        if lives {
            self.checked.store(changes, Ordering::Release);
        }
        lives
    }
}

/// A sealed value, with the key that opens it.
pub(crate) struct Sealed {
    pub key: Arc<ReadyKey>,
    pub nonce: NonceBytes,
    pub body: Box<[u8]>,
}

/// Why something cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// The key does not exist (any more).
    NoKey,
    /// It is not what was sealed for this place.
    Forged,
}

/// Seals and opens.
pub(crate) struct Sealer {
    source: Arc<dyn KeySource>,
    naming: hmac::Key,
    salt: Salt,
    epoch: u32,
    counter: AtomicU64,
    ready: RwLock<HashMap<(SecurityLevel, KeyId, Salt), Arc<ReadyKey>>>,
}

impl Sealer {
    /// With a salt and an epoch of its own: under the keys it makes, no other process ever used a nonce.
    pub fn new(source: Arc<dyn KeySource>, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let (mut salt, mut epoch) = ([0; SALT], [0; 4]);
        entropy.fill(&mut salt)?;
        entropy.fill(&mut epoch)?;
        let naming = hmac::Key::new(hmac::HMAC_SHA256, source.naming().expose());
        Ok(Self {
            source,
            naming,
            salt,
            epoch: u32::from_be_bytes(epoch),
            counter: AtomicU64::new(0),
            ready: RwLock::default(),
        })
    }

    /// The name of something outside, which tells nothing of it.
    pub fn name(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.naming);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut name = [0; 32];
        name.copy_from_slice(context.sign().as_ref());
        name
    }

    /// Seals for a place; `None` when there is no key or, after 2^64 values, no nonce.
    pub fn seal(&self, level: SecurityLevel, place: Place<'_>, head: &Head, plain: Plain) -> Option<Sealed> {
        let key = self.ready(level, self.source.current(level), self.salt)?;
        let nonce = self.nonce()?;
        let mut body = plain.into_vec();
        key.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(additional(place, key.id, head)),
                &mut body,
            )
            .ok()?;
        Some(Sealed { key, nonce, body: body.into_boxed_slice() })
    }

    /// Opens what was sealed for a place.
    pub fn open(&self, sealed: &Sealed, place: Place<'_>, head: &Head) -> Result<Plain, Unopened> {
        if !sealed.key.lives(&*self.source) {
            return Err(Unopened::NoKey);
        }
        let mut plain = Plain::copied(&sealed.body);
        let opened = sealed
            .key
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(sealed.nonce),
                Aad::from(additional(place, sealed.key.id, head)),
                plain.bytes_mut(),
            )
            .map(|opened| opened.len())
            .map_err(|_| Unopened::Forged)?;
        plain.truncate(opened);
        Ok(plain)
    }

    /// The key by its number, made ready for the process with this salt.
    pub fn ready(&self, level: SecurityLevel, id: KeyId, salt: Salt) -> Option<Arc<ReadyKey>> {
        let place = (level, id, salt);
        let known = self.ready.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(known) = known {
            return known.lives(&*self.source).then_some(known);
        }
        let checked = AtomicU64::new(self.source.changes());
        let level_key = self.source.key(level, id)?;
        let salted = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt);
        let bytes = keys::derive(&salted, level_key.expose(), &[b"plexi-cache process"]);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes.expose()).ok()?);
        let made = Arc::new(ReadyKey { level, id, salt, key, checked });
        let mut ready = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        if ready.len() >= MOST_READY {
            ready.clear();
        }
        Some(Arc::clone(ready.entry(place).or_insert(made)))
    }

    fn nonce(&self) -> Option<NonceBytes> {
        // Stops at the last number instead of beginning again.
        let taken =
            self.counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_add(1));
        let count = taken.ok()?;
        let mut nonce = [0; NONCE_LEN];
        nonce[..4].copy_from_slice(&self.epoch.to_be_bytes());
        nonce[4..].copy_from_slice(&count.to_be_bytes());
        Some(nonce)
    }
}

/// What is bound to the value: namespace, version, level, number of the key, head, key.
fn additional(place: Place<'_>, id: KeyId, head: &Head) -> Small<160> {
    let mut bytes = Small::new();
    for part in [place.prefix, &id.0.to_be_bytes(), &head.bytes(), place.key] {
        bytes.extend(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use plexi_core::{Secret, SeededEntropy};

    use super::*;
    use crate::keys::Keyring;

    const HEAD: Head = Head { flags: 0, generation: 7, stored: 1, fresh_until: 2, stale_until: 3 };

    fn sealer(keys: &Arc<Keyring>, seed: u64) -> Sealer {
        Sealer::new(keys.clone(), &SeededEntropy::new(seed)).unwrap()
    }

    fn keys() -> Arc<Keyring> {
        Arc::new(Keyring::new(Secret::new([9; 32])))
    }

    #[test]
    fn a_nonce_and_key_are_used_once_also_by_the_next_process() {
        let keys = keys();
        let level = SecurityLevel::Internal;
        let prefix = prefix("n", 1, level);
        let place = Place { prefix: &prefix, key: b"k" };
        let mut seen = HashSet::new();
        for process in 0..3 {
            let seals = sealer(&keys, process);
            for _ in 0..100 {
                let value = seals.seal(level, place, &HEAD, Plain::copied(b"v")).unwrap();
                assert!(seen.insert((value.key.id, value.key.salt, value.nonce)));
            }
        }
    }

    #[test]
    fn when_all_nonces_are_used_nothing_is_sealed_any_more() {
        let seals = sealer(&keys(), 1);
        seals.counter.store(u64::MAX - 1, Ordering::Relaxed);
        assert!(seals.nonce().is_some());
        assert!(seals.nonce().is_none() && seals.nonce().is_none());
    }

    #[test]
    fn what_was_sealed_opens_only_in_its_place() {
        let keys = keys();
        let seals = sealer(&keys, 1);
        let home = prefix("n", 1, SecurityLevel::Secret);
        let place = Place { prefix: &home, key: b"k" };
        let value = seals.seal(SecurityLevel::Secret, place, &HEAD, Plain::copied(b"value")).unwrap();
        assert_eq!(seals.open(&value, place, &HEAD).unwrap().bytes(), b"value");
        let places = [
            prefix("m", 1, SecurityLevel::Secret),
            prefix("n", 2, SecurityLevel::Secret),
            prefix("n", 1, SecurityLevel::TopSecret),
        ];
        for other in &places {
            let place = Place { prefix: other, key: b"k" };
            assert_eq!(seals.open(&value, place, &HEAD).err(), Some(Unopened::Forged));
        }
        let long = [b'k'; 300];
        for key in [&b""[..], b"K", b"kk", &long] {
            let place = Place { prefix: &home, key };
            assert_eq!(seals.open(&value, place, &HEAD).err(), Some(Unopened::Forged));
        }
        for head in [
            Head { generation: 8, ..HEAD },
            Head { flags: 1, ..HEAD },
            Head { stored: 0, ..HEAD },
            Head { fresh_until: 9, ..HEAD },
            Head { stale_until: 9, ..HEAD },
        ] {
            assert_eq!(seals.open(&value, place, &head).err(), Some(Unopened::Forged), "{head:?}");
        }
        assert_eq!(Head::from_bytes(&HEAD.bytes()), HEAD);
    }

    #[test]
    fn a_destroyed_key_opens_nothing_and_a_rotated_one_still_does() {
        let keys = keys();
        let seals = sealer(&keys, 1);
        let level = SecurityLevel::Confidential;
        let home = prefix("n", 1, level);
        let place = Place { prefix: &home, key: b"k" };
        let value = seals.seal(level, place, &HEAD, Plain::copied(b"value")).unwrap();
        keys.rotate(level);
        assert!(seals.open(&value, place, &HEAD).is_ok());
        let newer = seals.seal(level, place, &HEAD, Plain::copied(b"value")).unwrap();
        assert_eq!((value.key.id, newer.key.id), (KeyId(1), KeyId(2)));
        keys.destroy(level, KeyId(1));
        assert_eq!(seals.open(&value, place, &HEAD).err(), Some(Unopened::NoKey));
        assert!(seals.open(&newer, place, &HEAD).is_ok());
    }
}
