//! Messages between nodes, sealed: what carries them reads nothing in them and can make none.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use plexi_core::{Entropy, EntropyError};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;

use crate::keys::{self, KeyBytes, KeySource};
use crate::seal::{SALT, Salt};

/// What the seal is bound to.
const FORM: &[u8] = b"plexi-cache message\x01";
/// Most keys of other nodes that are kept ready.
const MOST_READY: usize = 1_024;

/// Seals messages under a key that only this process seals with, and opens those of all who have the same naming key.
pub(crate) struct Messages {
    naming: KeyBytes,
    salt: Salt,
    /// The number of the next message: with the salt of this process it never comes twice.
    next: AtomicU64,
    ready: RwLock<HashMap<Salt, Arc<LessSafeKey>>>,
}

impl Messages {
    pub fn new(keys: &dyn KeySource, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt)?;
        Ok(Self { naming: keys.naming(), salt, next: AtomicU64::new(0), ready: RwLock::default() })
    }

    /// A message: salt, nonce, sealed bytes. `None` when there is no nonce left.
    pub fn seal(&self, mut plain: Vec<u8>) -> Option<Vec<u8>> {
        let taken = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| next.checked_add(1));
        let mut nonce = [0; NONCE_LEN];
        nonce[NONCE_LEN - 8..].copy_from_slice(&taken.ok()?.to_be_bytes());
        let key = self.key(self.salt)?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(FORM), &mut plain)
            .ok()?;
        self.keep(self.salt, key);
        Some([&self.salt[..], &nonce, &plain].concat())
    }

    /// What a message says; `None` when nobody with the same keys sealed it.
    pub fn open(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (salt, rest) = message.split_first_chunk::<SALT>()?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
        let key = self.key(*salt)?;
        let mut body = body.to_vec();
        let length = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(FORM), &mut body)
            .map(|plain| plain.len())
            .ok()?;
        body.truncate(length);
        // Only that of a node: whoever sends nonsense fills no memory.
        self.keep(*salt, key);
        Some(body)
    }

    fn key(&self, salt: Salt) -> Option<Arc<LessSafeKey>> {
        let known = self.ready.read().unwrap_or_else(PoisonError::into_inner).get(&salt).cloned();
        if known.is_some() {
            return known;
        }
        let salted = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt);
        let bytes = keys::derive(&salted, self.naming.expose(), &[FORM]);
        Some(Arc::new(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes.expose()).ok()?)))
    }

    fn keep(&self, salt: Salt, key: Arc<LessSafeKey>) {
        if self.ready.read().unwrap_or_else(PoisonError::into_inner).contains_key(&salt) {
            return;
        }
        let mut ready = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        if ready.len() >= MOST_READY {
            ready.clear();
        }
        ready.insert(salt, key);
    }
}

#[cfg(test)]
mod tests {
    use plexi_core::{Secret, SeededEntropy};

    use super::*;
    use crate::keys::Keyring;

    fn node(master: u8, seed: u64) -> Messages {
        Messages::new(&Keyring::new(Secret::new([master; 32])), &SeededEntropy::new(seed)).unwrap()
    }

    #[test]
    fn a_message_is_read_by_who_has_the_keys_and_by_nobody_else() {
        let (one, two, stranger) = (node(1, 1), node(1, 2), node(2, 3));
        let message = one.seal(b"canary".to_vec()).unwrap();
        assert!(!message.windows(6).any(|part| part == b"canary"));
        assert_eq!(two.open(&message).as_deref(), Some(&b"canary"[..]));
        assert_eq!(one.open(&message).as_deref(), Some(&b"canary"[..]));
        assert_eq!(stranger.open(&message), None);
        assert_ne!(one.seal(b"canary".to_vec()).unwrap(), message, "the same is not seen to be the same");
    }

    #[test]
    fn a_message_that_was_flipped_or_cut_says_nothing() {
        let (one, two) = (node(1, 1), node(1, 2));
        let message = one.seal(b"forget".to_vec()).unwrap();
        for at in 0..message.len() {
            let mut flipped = message.clone();
            flipped[at] ^= 1;
            assert_eq!((two.open(&flipped), two.open(&message[..at])), (None, None), "{at}");
        }
        assert!(two.ready.read().unwrap().is_empty(), "nonsense fills no memory");
    }
}
