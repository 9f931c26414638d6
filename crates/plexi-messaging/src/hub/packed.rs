use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// A frame below this many bytes gains too little.
const WORTH_IT: usize = 1_024;

/// A frame as raw deflate, made when the first reader asks for it and shared by all who ask: nobody asks, nothing is done.
///
/// Each frame stands alone. A context kept over frames would let the length of one say something about another, and what
/// stands in a private channel is not to be guessed by what somebody else posts in a public one.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed(Arc<OnceLock<Option<Bytes>>>);

impl Packed {
    /// The place for it, beside a frame that is long enough.
    pub(super) fn beside(json: &Bytes) -> Option<Self> {
        (json.len() >= WORTH_IT).then(Self::default)
    }

    /// The frame, smaller than `json`; `None` when it does not get smaller.
    pub(super) fn bytes(&self, json: &Bytes) -> Option<Bytes> {
        self.0.get_or_init(|| deflate(json)).clone()
    }
}

/// It is made of the JSON, and says nothing that the JSON does not.
impl PartialEq for Packed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Packed {}

fn deflate(json: &[u8]) -> Option<Bytes> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(json).and_then(|()| encoder.finish());
    let packed =
        packed.inspect_err(|error| tracing::error!(%error, "a frame could not be compressed")).ok()?;
    (packed.len() < json.len()).then(|| Bytes::from(packed.into_boxed_slice()))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use plexi_core::{Entropy as _, SeededEntropy};

    use super::*;

    fn packed(json: &Bytes) -> Option<Bytes> {
        Packed::beside(json)?.bytes(json)
    }

    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        let mut json = Vec::new();
        flate2::read::DeflateDecoder::new(bytes).read_to_end(&mut json).unwrap();
        json
    }

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        for text in ["calm words ".repeat(200), "\u{1f9a6}\u{4f60}\u{597d}".repeat(400)] {
            let json = Bytes::from(text);
            let packed = packed(&json).unwrap();
            assert!(packed.len() < json.len() / 2, "{} of {}", packed.len(), json.len());
            assert_eq!(unpacked(&packed), json);
        }
    }

    #[test]
    fn a_short_frame_stays_as_it_is() {
        assert_eq!(packed(&Bytes::from("x".repeat(WORTH_IT - 1))), None);
        assert!(packed(&Bytes::from("x".repeat(WORTH_IT))).is_some());
    }

    #[test]
    fn a_frame_that_does_not_get_smaller_stays_as_it_is() {
        let mut noise = vec![0; 4 * WORTH_IT];
        SeededEntropy::new(7).fill(&mut noise).unwrap();
        assert_eq!(packed(&Bytes::from(noise)), None);
    }

    #[test]
    fn all_who_ask_share_one() {
        let json = Bytes::from("x".repeat(WORTH_IT));
        let first = Packed::beside(&json).unwrap();
        let second = first.clone();
        let (one, other) = (second.bytes(&json).unwrap(), first.bytes(&json).unwrap());
        assert_eq!(one.as_ptr(), other.as_ptr());
    }
}
