//! LZ4 of plain bytes, in buffers that are wiped.

use crate::plain::Plain;

/// From how many bytes on compressing is tried: below it saves less memory than it costs time, by `cargo xtask bench cache`.
pub(crate) const THRESHOLD: usize = 1_024;
/// The longest value there is, and the most that anything is expanded to.
pub(crate) const LONGEST: usize = 16 << 20;
/// Bytes of the length before the compressed ones.
const PREFIX: usize = 4;

/// The bytes compressed, when that saves at least an eighth of them.
pub(crate) fn compressed(plain: &[u8]) -> Option<Plain> {
    let length = u32::try_from(plain.len()).ok()?;
    let mut packed = Plain::zeroed(PREFIX + lz4_flex::block::get_maximum_output_size(plain.len()));
    let (prefix, body) = packed.bytes_mut().split_at_mut_checked(PREFIX)?;
    prefix.copy_from_slice(&length.to_le_bytes());
    let written = lz4_flex::block::compress_into(plain, body).ok()?;
    packed.truncate(PREFIX + written);
    (packed.bytes().len() <= plain.len() - plain.len() / 8).then_some(packed)
}

/// What was compressed; `None` when it is no such thing.
pub(crate) fn expanded(packed: &[u8]) -> Option<Plain> {
    let (length, body) = packed.split_first_chunk::<PREFIX>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if length > LONGEST {
        return None;
    }
    let mut plain = Plain::zeroed(length);
    let written = lz4_flex::block::decompress_into(body, plain.bytes_mut()).ok()?;
    (written == length).then_some(plain)
}

#[cfg(test)]
mod tests {
    use plexi_core::{Entropy as _, SeededEntropy};

    use super::*;

    #[test]
    fn what_is_compressed_comes_back_and_what_gains_nothing_is_left() {
        let text = b"the same words again, ".repeat(100);
        let packed = compressed(&text).unwrap();
        assert!(packed.bytes().len() < text.len() / 5);
        assert_eq!(expanded(packed.bytes()).unwrap().bytes(), text);
        let mut mixed = [0; 2_000];
        SeededEntropy::new(1).fill(&mut mixed).unwrap();
        assert!(compressed(&mixed).is_none());
    }

    #[test]
    fn nonsense_is_not_expanded() {
        let huge = [&u32::MAX.to_le_bytes()[..], &[0; 10]].concat();
        for bad in [&b""[..], b"\x01", b"\x05\0\0\0abc", &huge] {
            assert!(expanded(bad).is_none(), "{bad:?}");
        }
    }
}
