//! Entity tags: a strong tag is the hash of the body.

use std::future::Future;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use plexi_core::ErrorCode;
use serde::Serialize;

use crate::error::ApiError;

/// The strong tag of a body.
pub(crate) fn tag(body: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, body);
    let short = digest.as_ref().get(..18).unwrap_or_default();
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(short))
}

/// Tags the answer of a read; 304 when the client has it.
pub(crate) async fn answer(request: &HeaderMap, response: Response) -> Result<Response, ApiError> {
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let collected = body.collect().await;
    let bytes = collected
        .map_err(|error| ApiError::new(ErrorCode::SystemInternal).because(error.to_string()))?
        .to_bytes();
    let tag = tag(&bytes);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if known.into_iter().any(|list| names(list, &tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Ok((parts, Body::empty()).into_response());
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// The state that the change must find, when `If-Match` asks for one. It is read only then, and whoever changes must see
/// to it in one step with the change. Refused when the header names another state; with `*` any will do.
pub(crate) async fn expected<T, F>(
    if_match: Option<&str>,
    present: impl FnOnce() -> F,
) -> Result<Option<T>, ApiError>
where
    T: Serialize,
    F: Future<Output = Result<T, ApiError>>,
{
    let Some(list) = if_match else { return Ok(None) };
    let present = present().await?;
    if list.trim() == "*" {
        return Ok(None);
    }
    let body = serde_json::to_vec(&present);
    let body = body.map_err(|error| ApiError::new(ErrorCode::SystemInternal).because(error.to_string()))?;
    if names(list, &tag(&body)) {
        Ok(Some(present))
    } else {
        Err(ApiError::new(ErrorCode::ValidationPrecondition))
    }
}

/// Whether a list of tags names `tag`. Compression may have weakened it on the way.
fn names(list: &str, tag: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_a_tag_also_when_it_was_weakened() {
        let tag = tag(b"body");
        assert!(names(&tag, &tag) && names("*", &tag) && names(&format!("\"x\", W/{tag}"), &tag));
        assert!(!names("\"x\"", &tag) && !names("", &tag));
    }
}
