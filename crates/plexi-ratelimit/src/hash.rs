//! Keyed hashing: nobody outside can choose subjects that share a cell.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::FixedState;

/// The key of all hashes of a limiter.
#[derive(Clone, Copy)]
pub(crate) struct Seed(u64);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

impl Seed {
    pub(crate) fn new(entropy: &dyn plexi_core::Entropy) -> Result<Self, plexi_core::EntropyError> {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes)?;
        Ok(Self(u64::from_le_bytes(bytes)))
    }

    #[cfg(test)]
    pub(crate) const fn fixed(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn of_bytes(self, domain: u8, bytes: &[u8]) -> u64 {
        let mut hasher = FixedState::with_seed(self.0).build_hasher();
        hasher.write_u8(domain);
        hasher.write(bytes);
        hasher.finish()
    }

    pub(crate) fn of_number(self, domain: u8, number: u128) -> u64 {
        let mut hasher = FixedState::with_seed(self.0).build_hasher();
        hasher.write_u8(domain);
        hasher.write_u128(number);
        hasher.finish()
    }

    /// Joins two hashes; the order matters.
    pub(crate) fn mix(self, one: u64, other: u64) -> u64 {
        let product =
            u128::from(one ^ self.0.rotate_left(17) | 1) * u128::from(other ^ 0x9e37_79b9_7f4a_7c15);
        let [low, high] = [product, product >> 64]
            .map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default());
        low ^ high ^ one.rotate_left(29)
    }
}
