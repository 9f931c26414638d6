//! Against cross-site requests: what changes something by the cookie must come from the server's own pages.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::request::Parts;
use plexi_core::ErrorCode;

use crate::config::WebConfig;
use crate::error::ApiError;

/// Refuses what another site's page sends. With `strict` (the cookie is the proof) there must be evidence of the own
/// origin; without it only evidence of another one refuses.
pub(crate) fn check(config: &WebConfig, parts: &Parts, strict: bool) -> Result<(), ApiError> {
    let refused = || ApiError::new(ErrorCode::SecurityCrossSite);
    let origin = parts.headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let own = origin.map(|origin| config.is_own_origin(origin, authority(parts).as_deref()));
    let site = parts.headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or_default());
    match (site, own) {
        (Some("same-origin"), _) | (_, Some(true)) => Ok(()),
        (Some("cross-site" | "same-site"), _) | (_, Some(false)) => Err(refused()),
        _ if strict => Err(refused()),
        _ => Ok(()),
    }
}

/// Whether a WebSocket handshake comes from the server's own pages. Browsers always send `Origin` with it.
pub(crate) fn is_own(config: &WebConfig, headers: &HeaderMap, authority: Option<&str>) -> bool {
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    origin.is_some_and(|origin| config.is_own_origin(origin, authority))
}

/// The host and port that were asked.
pub(crate) fn authority(parts: &Parts) -> Option<String> {
    let by_header = parts.headers.get(HOST).and_then(|value| value.to_str().ok()).map(str::to_owned);
    parts.uri.authority().map(ToString::to_string).or(by_header)
}
