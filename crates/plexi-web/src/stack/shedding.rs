//! What keeps the server answering: only its own names, so many requests at once, each for so long.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Request, header};
use plexi_core::ErrorCode;

use crate::error::ApiError;
use crate::state::WebState;

/// Probes and scrapers come by address and must get through when everything else is refused.
fn is_exempt(request: &Request<Body>) -> bool {
    let path = request.uri().path();
    path.starts_with("/health/") || path == "/metrics"
}

/// Refuses names that are not ours: a page that rebinds its name to this machine gets nothing.
pub(crate) async fn host(State(web): State<WebState>, request: Request<Body>, next: Next) -> Response {
    let by_header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let asked = request.uri().authority().map(http::uri::Authority::as_str).or(by_header);
    // two names are no name: another party on the way may go by the one that we do not
    let one = request.headers().get_all(header::HOST).iter().count() <= 1;
    if is_exempt(&request) || one && asked.is_some_and(|authority| web.config.answers_to(authority)) {
        return next.run(request).await;
    }
    ApiError::new(ErrorCode::SecurityHostRefused).into_response()
}

/// Sheds load above the cap at once instead of queueing it.
pub(crate) async fn in_flight(State(web): State<WebState>, request: Request<Body>, next: Next) -> Response {
    if is_exempt(&request) {
        return next.run(request).await;
    }
    let Ok(_slot) = Arc::clone(&web.slots).try_acquire_owned() else {
        return ApiError::new(ErrorCode::NetworkOverloaded).after(1).into_response();
    };
    next.run(request).await
}

/// Gives up what takes too long, be it the client's body or our answer.
pub(crate) async fn deadline(State(web): State<WebState>, request: Request<Body>, next: Next) -> Response {
    let limit = Duration::from_secs(web.config.request_timeout_seconds.max(1).into());
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(ErrorCode::NetworkTimeout).into_response(),
    }
}
