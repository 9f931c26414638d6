//! Refresh tokens: opaque, each works once, and using an old one again ends the session, since two people hold it.
//!
//! A client that lost the answer asks again with the same token. Within [`RETRY`] it gets the same next token, which was kept
//! sealed under a key that only the old token gives: neither the store nor its backup can read it.

use std::time::Duration;

use plexi_core::Entropy;
use plexi_core::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use crate::error::AuthError;
use crate::live::TOUCHED_EVERY;
use crate::ports::{Digest, RefreshOutcome, SessionRecord};
use crate::secrets;
use crate::service::{Auth, Inner};
use crate::sign_in::Tokens;

/// How long after its use a refresh token gives the same answer again.
pub const RETRY: Duration = Duration::from_secs(10);

impl Auth {
    /// Exchanges a refresh token for the next pair. [`AuthError::TokenInvalid`] when no session knows it,
    /// [`AuthError::RefreshReused`] when it was used before (the session ends), [`AuthError::SessionEnded`].
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, AuthError> {
        let inner = &*self.inner;
        if refresh_token.is_empty() || refresh_token.len() > secrets::MAX_TEXT {
            return Err(AuthError::TokenInvalid);
        }
        let now = inner.now();
        let old = secrets::digest_of(refresh_token);
        let next = secrets::generate::<32>(&*inner.entropy)?;
        let sealed = seal(refresh_token, &old, next.expose(), &*inner.entropy)?;
        let digest = secrets::digest_of(next.expose());
        match inner.store.rotate_refresh(&old, &digest, &sealed, now).await? {
            RefreshOutcome::Rotated(session) => inner.renew(&session, next).await,
            RefreshOutcome::Replayed { session, used_at, sealed_next } if now.since(used_at) <= RETRY => {
                let next = open(refresh_token, &old, &sealed_next)?;
                inner.renew(&session, next).await
            }
            RefreshOutcome::Replayed { session, .. } | RefreshOutcome::Reused(session) => {
                inner.end(session.user_id, session.id).await?;
                tracing::warn!(user = %session.user_id, session = %session.id, "refresh token reused, session ended");
                Err(AuthError::RefreshReused)
            }
            RefreshOutcome::Unknown => Err(AuthError::TokenInvalid),
        }
    }
}

impl Inner {
    /// New tokens for a session that may go on.
    async fn renew(&self, record: &SessionRecord, next: Secret<String>) -> Result<Tokens, AuthError> {
        let now = self.now();
        let account = self.store.account(record.user_id).await?;
        match account {
            Some(account) if !account.user.disabled && self.lives(record, record.last_seen_at, now) => {
                if now.since(record.last_seen_at) >= TOUCHED_EVERY {
                    self.store.touch_session(record.id, now).await?;
                }
                self.pair(&account, record.id, record.expires_at, next)
            }
            _ => {
                self.end(record.user_id, record.id).await?;
                Err(AuthError::SessionEnded)
            }
        }
    }
}

/// The key that only the holder of `token` can derive.
fn key(token: &str) -> Result<LessSafeKey, AuthError> {
    let failed = |_| AuthError::Crypto("key derivation failed".to_owned());
    let secret = Salt::new(HKDF_SHA256, b"plexichat refresh token").extract(token.as_bytes());
    let key = secret.expand(&[b"sealed next, version 1"], &AES_256_GCM).map_err(failed)?;
    Ok(LessSafeKey::new(UnboundKey::from(key)))
}

fn seal(token: &str, old: &Digest, next: &str, entropy: &dyn Entropy) -> Result<Vec<u8>, AuthError> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce)?;
    let mut text = next.as_bytes().to_vec();
    key(token)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(old), &mut text)
        .map_err(|_| AuthError::Crypto("sealing failed".to_owned()))?;
    let mut sealed = nonce.to_vec();
    sealed.extend_from_slice(&text);
    Ok(sealed)
}

fn open(token: &str, old: &Digest, sealed: &[u8]) -> Result<Secret<String>, AuthError> {
    let failed = || AuthError::Crypto("sealed token cannot be read".to_owned());
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
    let mut text = text.to_vec();
    let plain = key(token)?.open_in_place(nonce, Aad::from(old), &mut text).map_err(|_| failed())?;
    let next = std::str::from_utf8(plain).map_err(|_| failed())?.to_owned();
    Ok(Secret::new(next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plexi_core::SeededEntropy;

    #[test]
    fn the_next_token_is_read_with_the_old_one_and_with_nothing_else() {
        let entropy = SeededEntropy::new(1);
        let (old, other) = (secrets::digest_of("old"), secrets::digest_of("other"));
        let sealed = seal("old", &old, "next", &entropy).unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"next"));
        assert_eq!(open("old", &old, &sealed).unwrap().expose(), "next");
        assert!(open("other", &old, &sealed).is_err());
        assert!(open("old", &other, &sealed).is_err());
        assert!(open("old", &old, &sealed[..sealed.len() - 1]).is_err());
        assert!(open("old", &old, &[]).is_err());
    }
}
