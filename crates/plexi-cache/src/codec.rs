use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::plain::Plain;

/// How values of a namespace become bytes and come back, or that they stay as they are.
pub struct Codec<V> {
    pub(crate) weigh: fn(&V) -> usize,
    pub(crate) bytes: Option<Wire<V>>,
}

/// The two ways between a value and its bytes.
pub(crate) struct Wire<V> {
    pub encode: fn(&V, &mut Plain) -> bool,
    pub decode: fn(Plain) -> Option<V>,
}

impl<V> Clone for Codec<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Codec<V> {}

impl<V> Clone for Wire<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Wire<V> {}

impl<V> Codec<V> {
    /// Values stay as they are: for `PUBLIC` namespaces of this process only. `weigh` says how many bytes a value holds.
    pub const fn in_memory(weigh: fn(&V) -> usize) -> Self {
        Self { weigh, bytes: None }
    }

    /// By two functions. `encode` answers false for a value that cannot be written, `decode` none for bytes that are no value.
    pub const fn custom(
        weigh: fn(&V) -> usize,
        encode: fn(&V, &mut Plain) -> bool,
        decode: fn(Plain) -> Option<V>,
    ) -> Self {
        Self { weigh, bytes: Some(Wire { encode, decode }) }
    }
}

impl<V: Serialize + DeserializeOwned> Codec<V> {
    /// By serde, in a compact form without field names: a namespace whose type changed needs another version.
    pub const fn serde() -> Self {
        Self::custom(serde_weight, serde_encode, serde_decode)
    }
}

impl Codec<Bytes> {
    /// Bytes as they are: what was unsealed becomes the value without another copy.
    pub const fn bytes() -> Self {
        Self::custom(Bytes::len, bytes_encode, bytes_decode)
    }
}

fn serde_weight<V: Serialize>(value: &V) -> usize {
    postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default()).unwrap_or(usize::MAX)
}

fn serde_encode<V: Serialize>(value: &V, into: &mut Plain) -> bool {
    postcard::serialize_with_flavor(value, into).is_ok()
}

#[expect(clippy::needless_pass_by_value, reason = "the type of a codec's function; wiped at the end of it")]
fn serde_decode<V: DeserializeOwned>(plain: Plain) -> Option<V> {
    match postcard::take_from_bytes(plain.bytes()) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

fn bytes_encode(value: &Bytes, into: &mut Plain) -> bool {
    into.extend(value);
    true
}

#[expect(clippy::unnecessary_wraps, reason = "the type of a codec's function")]
fn bytes_decode(plain: Plain) -> Option<Bytes> {
    Some(plain.into_vec().into())
}
