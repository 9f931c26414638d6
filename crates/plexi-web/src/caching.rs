//! Who may keep an answer, and how it is known again: browsers, and caches between them and the server.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use plexi_cache::http::{CacheControl, Etag, SurrogateKeys, vary};

/// By which names a cache in front of the server can be told to forget an answer.
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const YEAR: Duration = Duration::from_hours(24 * 365);

/// Who may keep an answer. Whatever says nothing of it is kept by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Anybody, for ever: another content has another address.
    ForEver(&'static str),
    /// Anybody who asks each time whether it is still so.
    Shared(&'static str),
    /// The client of the person alone, which asks each time whether it is still so.
    Own,
    /// Nobody: it is too much to lie about somewhere.
    ByNobody,
}

/// The name of the web client's files in front of the server.
pub(crate) const CLIENT: &str = "client";
/// The name of the documents of the interface.
pub(crate) const DOCUMENTS: &str = "documents";

impl Kept {
    fn control(self) -> CacheControl {
        match self {
            Self::ForEver(_) => CacheControl::public(YEAR).immutable(),
            Self::Shared(_) => CacheControl::public(Duration::ZERO).must_revalidate(),
            Self::Own => CacheControl::private(Duration::ZERO).must_revalidate(),
            Self::ByNobody => CacheControl::no_store(),
        }
    }

    /// What of a request another answer depends on.
    fn vary(self) -> String {
        match self {
            Self::ForEver(_) | Self::Shared(_) => vary(["accept-encoding"]),
            Self::Own | Self::ByNobody => vary(["authorization", "cookie", "accept-encoding"]),
        }
    }

    fn keys(self) -> SurrogateKeys {
        match self {
            Self::ForEver(name) | Self::Shared(name) => SurrogateKeys::new().key(name),
            Self::Own | Self::ByNobody => SurrogateKeys::new(),
        }
    }
}

/// Says in an answer who may keep it, and what it is known by.
pub(crate) fn describe(kept: Kept, tag: &Etag, answer: &mut HeaderMap) {
    let keys = kept.keys();
    let said = [
        (header::CACHE_CONTROL, kept.control().to_string()),
        (header::ETAG, tag.to_string()),
        (header::VARY, kept.vary()),
        (SURROGATE_KEY, keys.to_string()),
    ];
    for (name, text) in said {
        if !text.is_empty()
            && let Ok(value) = HeaderValue::from_str(&text)
        {
            answer.insert(name, value);
        }
    }
}

/// Whether the client has the answer already.
pub(crate) fn is_known(request: &HeaderMap, tag: &Etag) -> bool {
    let lists = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.into_iter().any(|list| tag.is_known_to(list))
}
