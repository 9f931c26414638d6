use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a value is found by: anything that can be hashed and that serde writes and reads.
///
/// Inside sealed values and outside of this process a key is its serde bytes, which are the same for equal keys of one type.
pub trait Key: Hash + Eq + Clone + Send + Sync + Serialize + DeserializeOwned + 'static {}

impl<K: Hash + Eq + Clone + Send + Sync + Serialize + DeserializeOwned + 'static> Key for K {}

/// The bytes of a key; `None` when serde refuses it.
pub(crate) fn bytes_of<K: Key>(key: &K) -> Option<Vec<u8>> {
    postcard::to_extend(key, Vec::with_capacity(32)).ok()
}

/// The key of these bytes, and of no byte more.
pub(crate) fn from_bytes<K: Key>(bytes: &[u8]) -> Option<K> {
    match postcard::take_from_bytes(bytes) {
        Ok((key, [])) => Some(key),
        _ => None,
    }
}
