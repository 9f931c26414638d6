use std::collections::BTreeSet;
use std::fmt;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use plexi_core::{Entropy, EntropyError, Secret};
use ring::hkdf;

use crate::level::SecurityLevel;

/// The number of a key of a level.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The 32 bytes of a key.
pub type KeyBytes = Secret<[u8; 32]>;

/// Where the keys of the levels come from. Asked when something changed, not for every value.
pub trait KeySource: Send + Sync + 'static {
    /// The key that seals now.
    fn current(&self, level: SecurityLevel) -> KeyId;

    /// A key by its number; `None` when there is none or it was destroyed: what it sealed is lost.
    fn key(&self, level: SecurityLevel, id: KeyId) -> Option<KeyBytes>;

    /// The key by which names are hidden outside of this process. It stays the same when the keys of levels rotate.
    fn naming(&self) -> KeyBytes;

    /// Another number after every change of what the others answer. Asked for every value: it must be quick.
    fn changes(&self) -> u64;
}

/// Keys in memory, all derived from one master key by HKDF-SHA256. Who has the same master has the same keys.
pub struct Keyring {
    master: KeyBytes,
    levels: RwLock<[Versions; SecurityLevel::ALL.len()]>,
    changes: AtomicU64,
}

#[derive(Clone)]
struct Versions {
    current: u32,
    destroyed: BTreeSet<u32>,
}

impl Keyring {
    /// The keys of a master key; each level begins with key 1.
    pub fn new(master: KeyBytes) -> Self {
        let first = Versions { current: 1, destroyed: BTreeSet::new() };
        Self {
            master,
            levels: RwLock::new(std::array::from_fn(|_| first.clone())),
            changes: AtomicU64::new(1),
        }
    }

    /// Keys that live as long as this process and are known to nobody else.
    pub fn ephemeral(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes)?;
        Ok(Self::new(Secret::new(*bytes)))
    }

    /// Seals with a new key from now on; the former ones still open. Answers the new key's number.
    pub fn rotate(&self, level: SecurityLevel) -> KeyId {
        self.change(level, |versions| {
            versions.current = versions.current.saturating_add(1);
            KeyId(versions.current)
        })
    }

    /// Seals with this key from now on, after a start or when another node rotated. Never goes back.
    pub fn advance_to(&self, level: SecurityLevel, id: KeyId) {
        self.change(level, |versions| versions.current = versions.current.max(id.0));
    }

    /// Gives a former key no longer out: what it sealed counts as lost. The one that seals cannot be destroyed, nor one that was
    /// not made yet; false then.
    pub fn destroy(&self, level: SecurityLevel, id: KeyId) -> bool {
        self.change(level, |versions| {
            (1..versions.current).contains(&id.0) && versions.destroyed.insert(id.0)
        })
    }

    fn change<T>(&self, level: SecurityLevel, how: impl FnOnce(&mut Versions) -> T) -> T {
        let mut levels = self.levels.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let done = how(&mut levels[usize::from(level.number())]);
        self.changes.fetch_add(1, Ordering::Release);
        done
    }

    fn read<T>(&self, level: SecurityLevel, how: impl FnOnce(&Versions) -> T) -> T {
        let levels = self.levels.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        how(&levels[usize::from(level.number())])
    }

    fn derive(&self, purpose: &[u8], level: u8, id: u32) -> KeyBytes {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"plexi-cache keyring");
        derive(&salt, self.master.expose(), &[purpose, &[level], &id.to_be_bytes()])
    }
}

impl KeySource for Keyring {
    fn current(&self, level: SecurityLevel) -> KeyId {
        self.read(level, |versions| KeyId(versions.current))
    }

    fn key(&self, level: SecurityLevel, id: KeyId) -> Option<KeyBytes> {
        let known = self.read(level, |versions| {
            (1..=versions.current).contains(&id.0) && !versions.destroyed.contains(&id.0)
        });
        known.then(|| self.derive(b"level", level.number(), id.0))
    }

    fn naming(&self) -> KeyBytes {
        self.derive(b"names", 0, 0)
    }

    fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(..)")
    }
}

/// HKDF to 32 bytes.
pub(crate) fn derive(salt: &hkdf::Salt, secret: &[u8], info: &[&[u8]]) -> KeyBytes {
    struct Length;
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            32
        }
    }
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    // infallible: 32 bytes are far below the 255 blocks that HKDF gives
    let _ = salt.extract(secret).expand(info, Length).and_then(|derived| derived.fill(&mut *bytes));
    Secret::new(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(byte: u8) -> Keyring {
        Keyring::new(Secret::new([byte; 32]))
    }

    fn bytes(keys: &Keyring, level: SecurityLevel, id: u32) -> Option<[u8; 32]> {
        keys.key(level, KeyId(id)).map(|key| *key.expose())
    }

    #[test]
    fn every_level_and_version_has_a_key_of_its_own_that_the_master_decides() {
        let keys = ring(1);
        let mut seen = BTreeSet::from([*keys.naming().expose()]);
        for level in SecurityLevel::ALL {
            assert_eq!(keys.rotate(level), KeyId(2));
            for id in [1, 2] {
                let key = bytes(&keys, level, id).unwrap();
                assert_eq!(
                    bytes(
                        &{
                            let same = ring(1);
                            same.advance_to(level, KeyId(2));
                            same
                        },
                        level,
                        id
                    ),
                    Some(key)
                );
                assert!(seen.insert(key), "{level} {id}");
                assert!(
                    seen.insert(
                        bytes(
                            &{
                                let other = ring(2);
                                other.advance_to(level, KeyId(2));
                                other
                            },
                            level,
                            id
                        )
                        .unwrap()
                    )
                );
            }
        }
    }

    #[test]
    fn a_key_that_was_destroyed_or_never_made_is_not_given_out() {
        let keys = ring(1);
        let level = SecurityLevel::Secret;
        keys.rotate(level);
        let before = keys.changes();
        assert!(keys.destroy(level, KeyId(1)) && keys.changes() > before);
        assert!(!keys.destroy(level, KeyId(2)), "it seals");
        assert!(!keys.destroy(level, KeyId(3)) && !keys.destroy(level, KeyId(0)), "it was never made");
        keys.rotate(level);
        assert!(bytes(&keys, level, 3).is_some());
        keys.destroy(level, KeyId(2));
        assert_eq!(
            (bytes(&keys, level, 0), bytes(&keys, level, 1), bytes(&keys, level, 4)),
            (None, None, None)
        );
        assert!(bytes(&keys, level, 2).is_none() && bytes(&keys, SecurityLevel::Internal, 1).is_some());
    }
}
