use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a value is found by: anything that can be hashed and that serde writes and reads.
///
/// Inside sealed values and outside of this process a key is its serde bytes, which are the same for equal keys of one type.
pub trait Key: Hash + Eq + Clone + Send + Sync + Serialize + DeserializeOwned + 'static {}

impl<K: Hash + Eq + Clone + Send + Sync + Serialize + DeserializeOwned + 'static> Key for K {}

/// Bytes that mostly fit where they are made, without a piece of memory of their own.
pub(crate) struct Small<const N: usize> {
    short: [u8; N],
    long: Vec<u8>,
    length: usize,
}

impl<const N: usize> Small<N> {
    pub const fn new() -> Self {
        Self { short: [0; N], long: Vec::new(), length: 0 }
    }

    pub fn extend(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if let Some(place) = self.short.get_mut(self.length..end) {
            place.copy_from_slice(bytes);
        } else {
            if self.long.is_empty() {
                self.long.extend_from_slice(&self.short[..self.length]);
            }
            self.long.extend_from_slice(bytes);
        }
        self.length = end;
    }
}

impl<const N: usize> AsRef<[u8]> for Small<N> {
    fn as_ref(&self) -> &[u8] {
        if self.length <= N { &self.short[..self.length] } else { &self.long }
    }
}

impl<const N: usize> std::ops::Deref for Small<N> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_ref()
    }
}

impl<const N: usize> postcard::ser_flavors::Flavor for &mut Small<N> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.extend(&[byte]);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.extend(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// The bytes of a key; `None` when serde refuses it.
pub(crate) fn bytes_of<K: Key>(key: &K) -> Option<Small<48>> {
    let mut bytes = Small::new();
    postcard::serialize_with_flavor(key, &mut bytes).ok()?;
    Some(bytes)
}

/// The key of these bytes, and of no byte more.
pub(crate) fn from_bytes<K: Key>(bytes: &[u8]) -> Option<K> {
    match postcard::take_from_bytes(bytes) {
        Ok((key, [])) => Some(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_length_become_bytes_and_come_back() {
        for length in [0, 1, 46, 47, 48, 49, 500] {
            let key = ("k".repeat(length), 7_u8);
            let bytes = bytes_of(&key).unwrap();
            assert_eq!(from_bytes::<(String, u8)>(&bytes), Some(key), "{length}");
            assert_eq!(from_bytes::<(String, u8)>(&[&bytes[..], b"x"].concat()), None, "{length}");
        }
    }
}
