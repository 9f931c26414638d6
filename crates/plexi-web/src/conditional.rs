//! Entity tags: a strong tag is the hash of the body.

use std::future::Future;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use plexi_cache::http::Etag;
use plexi_core::ErrorCode;
use serde::Serialize;

use crate::caching::{self, Kept};
use crate::error::ApiError;

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
    let tag = Etag::of(&bytes);
    let kept = parts.extensions.get::<Kept>().copied().unwrap_or(Kept::Own);
    caching::describe(kept, &tag, &mut parts.headers);
    if caching::is_known(request, &tag) {
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
    // A weak tag counts: compression on the way may have weakened ours.
    if Etag::of(&body).is_known_to(list) {
        Ok(Some(present))
    } else {
        Err(ApiError::new(ErrorCode::ValidationPrecondition))
    }
}
