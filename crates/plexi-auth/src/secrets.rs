//! Secrets that are handed out, and their digests, which are all that is stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plexi_core::{Entropy, EntropyError, Secret};
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::ports::Digest;

/// Longest text of a cookie, refresh token, code or set-up token that is looked at, in bytes.
pub(crate) const MAX_TEXT: usize = 128;

/// A new secret of `N` random bytes, as base64url without padding.
pub(crate) fn generate<const N: usize>(entropy: &dyn Entropy) -> Result<Secret<String>, EntropyError> {
    let mut bytes = Zeroizing::new([0_u8; N]);
    entropy.fill(&mut *bytes)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

/// The digest under which a secret is stored.
pub(crate) fn digest_of(text: &str) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    out
}

/// Whether two digests are equal, in a time that does not depend on where they differ.
pub(crate) fn same(left: &Digest, right: &Digest) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plexi_core::SeededEntropy;

    #[test]
    fn a_secret_of_32_bytes_is_43_characters_and_never_the_same_twice() {
        let entropy = SeededEntropy::new(1);
        let (first, second) = (generate::<32>(&entropy).unwrap(), generate::<32>(&entropy).unwrap());
        assert_eq!(first.expose().len(), 43);
        assert_ne!(first.expose(), second.expose());
        assert!(!same(&digest_of(first.expose()), &digest_of(second.expose())));
        assert!(same(&digest_of(first.expose()), &digest_of(first.expose())));
    }
}
