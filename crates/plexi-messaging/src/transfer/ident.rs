//! Ids that an import makes: the same in every run, from the source and the id there.

use plexi_core::plain::{deceives, hex};
use plexi_core::{ChannelId, MessageId, SpaceId, Timestamp, UserId, names};
use ring::digest::{Context, SHA256};

/// SHA-256 over the parts, each with its length in front, so that ("ab", "c") is not ("a", "bc").
fn digest(parts: &[&str]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// A `UUIDv8` (RFC 9562: made by a method of our own) from the parts.
fn uuid(parts: &[&str]) -> uuid::Uuid {
    let digest = digest(parts);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A source, as stores know it.
pub(super) fn origin(origin: &str) -> uuid::Uuid {
    uuid(&["origin", origin])
}

pub(super) fn user(origin: &str, id: &str) -> UserId {
    UserId::from_uuid(uuid(&["user", origin, id]))
}

pub(super) fn space(origin: &str) -> SpaceId {
    SpaceId::from_uuid(uuid(&["space", origin]))
}

pub(super) fn channel(origin: &str, id: &str) -> ChannelId {
    ChannelId::from_uuid(uuid(&["channel", origin, id]))
}

/// The id of a message whose source gives its time to the microsecond, unique in its channel.
pub(super) fn message(channel: ChannelId, at: Timestamp) -> MessageId {
    let digest = digest(&["message", &channel.to_string(), &at.as_micros().to_string()]);
    MessageId::imported(at, digest[0] & 0b111, origin_bits(&digest))
}

/// The id of a message whose source gives its time to the millisecond only: the digest spreads it over the
/// microseconds of that millisecond. The message itself keeps its exact time.
pub(super) fn message_in_millisecond(at: Timestamp, parts: &[&str]) -> MessageId {
    let digest = digest(parts);
    let spread = i64::from(u16::from_be_bytes([digest[1], digest[2]]) % 1_000);
    let millis = at.as_millis();
    MessageId::imported(
        Timestamp::from_micros(millis * 1_000 + spread),
        digest[0] & 0b111,
        origin_bits(&digest),
    )
}

/// Another id for a message whose key is taken, the same in every run: the next slot, then the next microsecond. The first attempt
/// is the id itself, also one that no import made.
pub(super) fn probe(id: MessageId, attempt: u8) -> MessageId {
    if attempt == 0 {
        return id;
    }
    let bits = id.as_uuid().as_u128();
    let slot = u8::try_from((bits >> 59) & 0b111).unwrap_or(0) + attempt;
    let at = Timestamp::from_micros(id.time().as_micros() + i64::from(slot / 8));
    let origin = u64::try_from(bits & ((1 << 59) - 1)).unwrap_or(0);
    MessageId::imported(at, slot % 8, origin)
}

/// What tells one source from another that does not say who it is: a digest of what is in it.
pub(super) fn fingerprint(parts: &[&str]) -> String {
    hex(&digest(parts)[..16])
}

fn origin_bits(digest: &[u8; 32]) -> u64 {
    let mut bits = [0; 8];
    bits.copy_from_slice(&digest[8..16]);
    u64::from_be_bytes(bits) >> 5
}

/// A name as accounts have it ([`names::fold`]). What cannot be one becomes `a-z 0-9 . _ -`, at most 28 characters; a word that addresses
/// everybody gets a `_`.
pub(super) fn account_name(name: &str) -> String {
    if let Ok(folded) = names::fold(name) {
        return folded.name;
    }
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' })
        .take(28)
        .collect();
    if plain.chars().all(|c| !c.is_ascii_alphanumeric()) {
        return format!("user{plain}");
    }
    // What is still none is a word that nobody may have.
    if names::fold(&plain).is_ok() { plain } else { format!("{plain}_") }
}

/// A name as channels have it: lower case, no spaces, slashes and characters that deceive, at most 60 characters.
pub(super) fn channel_name(name: &str) -> String {
    let folded: String = name
        .trim()
        .to_lowercase()
        .chars()
        .map(|c| if c.is_whitespace() || matches!(c, '/' | '\\') || deceives(c) { '-' } else { c })
        .take(60)
        .collect();
    if folded.is_empty() { "channel".to_owned() } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_every_part_and_repeat() {
        assert_eq!(user("T1", "U1"), user("T1", "U1"));
        assert_ne!(user("T1", "U1"), user("T", "1U1"));
        assert_ne!(user("T1", "U1").as_uuid(), channel("T1", "U1").as_uuid());
    }

    #[test]
    fn a_probe_takes_another_key_each_time() {
        let at = Timestamp::from_micros(1_103_966_040_000_003);
        let id = message(channel("T", "C"), at);
        let keys: std::collections::BTreeSet<_> = (0..64).map(|attempt| probe(id, attempt).key()).collect();
        assert_eq!(keys.len(), 64);
        assert_eq!(probe(id, 0), id);
        let other = MessageId::from_uuid(uuid::Uuid::from_u128(u128::MAX));
        assert_eq!(probe(other, 0), other);
    }

    #[test]
    fn names_are_folded_to_what_accounts_allow() {
        assert_eq!(account_name("[Ada|away]"), "_ada_away_");
        assert_eq!(account_name("東京"), "東京");
        assert_eq!(account_name("[東京]"), "user____");
        assert_eq!(account_name("Ａda Lovelace"), "_da_lovelace");
        assert_eq!(account_name("..."), "user...");
        assert_eq!(channel_name(" Off Topic "), "off-topic");
    }

    #[test]
    fn nobody_gets_a_name_that_addresses_everybody() {
        for word in ["all", "Channel", "EVERYONE", "here"] {
            assert_eq!(account_name(word), format!("{}_", word.to_lowercase()));
        }
        assert_eq!(account_name("here2"), "here2");
    }

    proptest::proptest! {
        #[test]
        fn whatever_it_is_called_there_it_has_a_name_here(name: String) {
            let here = account_name(&name);
            proptest::prop_assert_eq!(names::fold(&here).unwrap().name, here);
        }
    }

    #[test]
    fn a_channel_name_leads_nowhere_and_hides_nothing() {
        assert_eq!(channel_name("../etc\\x"), "..-etc-x");
        assert_eq!(channel_name("a\u{202E}b\u{200B}c"), "a-b-c");
    }
}
