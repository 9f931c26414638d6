//! A sealed value as bytes for a remote store.

use crate::keys::KeyId;
use crate::seal::{Head, NonceBytes, SALT, Salt, Sealed};

/// The form of records.
const FORM: u8 = 1;

/// A record taken apart, not yet believed.
pub(crate) struct Record<'a> {
    pub level: u8,
    pub id: KeyId,
    pub salt: Salt,
    pub nonce: NonceBytes,
    pub head: Head,
    pub body: &'a [u8],
}

/// The bytes of a sealed value.
pub(crate) fn write(level: u8, head: &Head, sealed: &Sealed) -> Vec<u8> {
    let id = sealed.key.id.0.to_be_bytes();
    [&[FORM, level][..], &id, &sealed.key.salt, &sealed.nonce, &head.bytes(), &sealed.body].concat()
}

/// Takes a record apart; `None` when it is none.
pub(crate) fn read(bytes: &[u8]) -> Option<Record<'_>> {
    let ([form, level], rest) = bytes.split_first_chunk::<2>()?;
    let (id, rest) = rest.split_first_chunk::<4>()?;
    let (salt, rest) = rest.split_first_chunk::<SALT>()?;
    let (nonce, rest) = rest.split_first_chunk()?;
    let (head, body) = rest.split_first_chunk()?;
    (*form == FORM).then(|| Record {
        level: *level,
        id: KeyId(u32::from_be_bytes(*id)),
        salt: *salt,
        nonce: *nonce,
        head: Head::from_bytes(head),
        body,
    })
}
