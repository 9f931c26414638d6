//! What caches between server and client go by: pure functions from what is known of an answer to its headers.
//!
//! ```
//! use std::time::Duration;
//! use plexi_cache::http::{CacheControl, Etag, SurrogateKeys};
//!
//! // A public answer: an hour at the edge, forgotten there by key; browsers ask again each time.
//! let control = CacheControl::public(Duration::ZERO).must_revalidate();
//! let edge = CacheControl::edge(Duration::from_secs(3_600)).stale_while_revalidate(Duration::from_secs(60));
//! let keys = SurrogateKeys::new().key("channel:7").key("space:1");
//! let tag = Etag::of(b"the body");
//! assert_eq!(control.to_string(), "public, max-age=0, must-revalidate");
//! assert_eq!(edge.to_string(), "max-age=3600, stale-while-revalidate=60");
//! assert_eq!(keys.to_string(), "channel:7 space:1");
//! assert!(tag.is_known_to(&tag.to_string()), "304 Not Modified");
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;

use crate::level::SecurityLevel;

/// A header's longest text here; an edge refuses longer ones.
const LONGEST: usize = 8_192;
/// The longest time that caches understand, a year.
const LONGEST_TIME: u64 = 31_536_000;

/// The value of `Cache-Control` (RFC 9111), or of `Surrogate-Control`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheControl {
    who: Who,
    seconds: u64,
    stale: Option<u64>,
    stale_if_error: Option<u64>,
    must_revalidate: bool,
    immutable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Anybody,
    Owner,
    Nobody,
    Edge,
}

impl CacheControl {
    /// Anybody may keep it so long: for what is the same for all who ask.
    pub fn public(age: Duration) -> Self {
        Self::new(Who::Anybody, age)
    }

    /// Only the client of the person may keep it so long.
    pub fn private(age: Duration) -> Self {
        Self::new(Who::Owner, age)
    }

    /// Nobody may keep it.
    pub fn no_store() -> Self {
        Self::new(Who::Nobody, Duration::ZERO)
    }

    /// For `Surrogate-Control`: how long the edge in front of the server may keep it, which then removes the header.
    pub fn edge(age: Duration) -> Self {
        Self::new(Who::Edge, age)
    }

    /// What the level allows at most: `PUBLIC` anybody, `INTERNAL` the person's own client, and nobody from `CONFIDENTIAL` on.
    pub fn of_level(level: SecurityLevel, age: Duration) -> Self {
        match level {
            SecurityLevel::Public => Self::public(age),
            SecurityLevel::Internal => Self::private(age),
            SecurityLevel::Confidential | SecurityLevel::Secret | SecurityLevel::TopSecret => {
                Self::no_store()
            }
        }
    }

    fn new(who: Who, age: Duration) -> Self {
        let seconds = age.as_secs().min(LONGEST_TIME);
        Self { who, seconds, stale: None, stale_if_error: None, must_revalidate: false, immutable: false }
    }

    /// Past its time it may be shown so long while it is fetched anew.
    #[must_use]
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.stale = Some(time.as_secs().min(LONGEST_TIME));
        self
    }

    /// Past its time it may be shown so long when the server fails.
    #[must_use]
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.stale_if_error = Some(time.as_secs().min(LONGEST_TIME));
        self
    }

    /// Past its time it may not be shown without asking.
    #[must_use]
    pub fn must_revalidate(mut self) -> Self {
        self.must_revalidate = true;
        self
    }

    /// What is at this address never changes.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }
}

impl fmt::Display for CacheControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            Who::Nobody => return f.write_str("no-store"),
            Who::Anybody => f.write_str("public, ")?,
            Who::Owner => f.write_str("private, ")?,
            Who::Edge => {}
        }
        write!(f, "max-age={}", self.seconds)?;
        if self.must_revalidate {
            f.write_str(", must-revalidate")?;
        } else if let Some(stale) = self.stale {
            // Who must ask may not show what is stale: the stricter of the two counts.
            write!(f, ", stale-while-revalidate={stale}")?;
        }
        if let Some(stale) = self.stale_if_error.filter(|_| !self.must_revalidate) {
            write!(f, ", stale-if-error={stale}")?;
        }
        if self.immutable {
            f.write_str(", immutable")?;
        }
        Ok(())
    }
}

/// A strong validator: the SHA-256 of what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// The tag of a body.
    pub fn of(body: &[u8]) -> Self {
        Self::of_parts(&[body])
    }

    /// The tag of what decides a body, such as an id and a version; where one part ends and the next begins counts.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        // 128 bits: nobody finds two bodies for one tag by chance, and who may write bodies gains nothing by trying.
        Self(URL_SAFE_NO_PAD.encode(&context.finish().as_ref()[..16]))
    }

    /// Whether an `If-None-Match` names it, so that 304 is the answer. Weak tags count, as RFC 9110 says.
    pub fn is_known_to(&self, if_none_match: &str) -> bool {
        if_none_match.trim() == "*" || tags(if_none_match).any(|(_, tag)| tag == self.0)
    }

    /// Whether an `If-Match` names it, so that a change may be made. Weak tags do not count.
    pub fn is_meant_by(&self, if_match: &str) -> bool {
        if_match.trim() == "*" || tags(if_match).any(|(weak, tag)| !weak && tag == self.0)
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// The entity tags of a list, each with whether it is weak. What is no tag ends the list.
fn tags(list: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut rest = list.get(..list.len().min(LONGEST)).unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (weak, tag) = match rest.strip_prefix("W/") {
            Some(tag) => (true, tag),
            None => (false, rest),
        };
        let (tag, after) = tag.strip_prefix('"')?.split_once('"')?;
        rest = after;
        Some((weak, tag))
    })
}

/// The value of `Vary`: the request headers that an answer depends on, in lower case, each once.
pub fn vary<'a>(headers: impl IntoIterator<Item = &'a str>) -> String {
    let names: BTreeSet<String> = headers
        .into_iter()
        .flat_map(|header| header.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    if names.contains("*") { "*".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
}

/// The value of `Surrogate-Key`: by what names an edge can be told to forget an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SurrogateKeys(BTreeSet<String>);

impl SurrogateKeys {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more key; the same words as the tags of [`crate::Keep`] do well. What is no visible ASCII in it becomes `_`, and a key
    /// for which there is no room is replaced by `all`, so that flushing everything still reaches the answer.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        let key: String =
            key.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).take(LONGEST).collect();
        let length: usize = self.0.iter().map(|known| known.len() + 1).sum();
        if key.is_empty() {
            return self;
        }
        let fits = length + key.len() + Self::ALL.len() < LONGEST;
        self.0.insert(if fits { key } else { Self::ALL.to_owned() });
        self
    }

    /// The key of answers that carry fewer keys than they should.
    pub const ALL: &'static str = "all";

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for SurrogateKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, key) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str(" ")?;
            }
            f.write_str(key)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn directives_are_written_as_rfc_9111_reads_them() {
        let cases = [
            (CacheControl::public(MINUTE).immutable(), "public, max-age=60, immutable"),
            (CacheControl::private(Duration::ZERO), "private, max-age=0"),
            (CacheControl::no_store().stale_if_error(MINUTE), "no-store"),
            (CacheControl::public(Duration::MAX), "public, max-age=31536000"),
            (
                CacheControl::edge(MINUTE).stale_while_revalidate(MINUTE).stale_if_error(MINUTE * 2),
                "max-age=60, stale-while-revalidate=60, stale-if-error=120",
            ),
            (
                CacheControl::public(MINUTE).stale_while_revalidate(MINUTE).must_revalidate(),
                "public, max-age=60, must-revalidate",
            ),
        ];
        for (control, text) in cases {
            assert_eq!(control.to_string(), text);
        }
    }

    #[test]
    fn what_is_confidential_is_kept_by_nobody_and_what_is_internal_by_no_shared_cache() {
        for level in SecurityLevel::ALL {
            let text = CacheControl::of_level(level, MINUTE).to_string();
            assert_eq!(text.contains("public"), level == SecurityLevel::Public, "{level}");
            assert_eq!(text == "no-store", level >= SecurityLevel::Confidential, "{level}");
        }
    }

    #[test]
    fn a_tag_is_found_in_lists_of_strong_and_weak_ones() {
        let tag = Etag::of(b"body");
        assert_ne!(tag, Etag::of(b"other"));
        assert_ne!(Etag::of_parts(&[b"ab", b"c"]), Etag::of_parts(&[b"a", b"bc"]));
        let (strong, weak) = (tag.to_string(), format!("W/{tag}"));
        for known in [&strong, &weak, "*", &format!("\"x\" , {weak},\"y\""), &format!("\"a,b\",{strong}")] {
            assert!(tag.is_known_to(known), "{known}");
        }
        for unknown in ["", "\"", "x", "\"x\"", "W/", &strong.replace('"', ""), &format!("nonsense {strong}")]
        {
            assert!(!tag.is_known_to(unknown), "{unknown}");
        }
        assert!(tag.is_meant_by(&strong) && tag.is_meant_by("*") && !tag.is_meant_by(&weak));
    }

    #[test]
    fn varying_headers_are_named_once_and_a_star_covers_all() {
        assert_eq!(vary(["Accept", "accept-encoding, Accept", ""]), "accept, accept-encoding");
        assert_eq!(vary(["Accept", "*"]), "*");
        assert_eq!(vary([]), "");
    }

    #[test]
    fn keys_are_words_that_no_header_breaks_on_and_have_a_bound() {
        let keys = SurrogateKeys::new().key("a b\r\nc").key("").key("\u{e9}").key("a_b__c");
        assert_eq!(keys.to_string(), "_ a_b__c");
        assert!(SurrogateKeys::new().key("").is_empty());
        let many = (0..2_000).fold(SurrogateKeys::new(), |keys, number| keys.key(&format!("key-{number}")));
        let text = many.to_string();
        assert!(text.len() <= LONGEST && text.split(' ').any(|key| key == SurrogateKeys::ALL));
    }
}
