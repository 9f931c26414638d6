//! What keeps the server answering: only its own names, so many requests at once, each for so long.

use std::sync::atomic::Ordering;
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
    if is_exempt(&request) || one && asked.is_some_and(|authority| web.config().answers_to(authority)) {
        return next.run(request).await;
    }
    ApiError::new(ErrorCode::SecurityHostRefused).into_response()
}

/// Sheds load above the cap at once instead of queueing it.
pub(crate) async fn in_flight(State(web): State<WebState>, request: Request<Body>, next: Next) -> Response {
    if is_exempt(&request) {
        return next.run(request).await;
    }
    let slot = Slot::take(&web);
    if slot.number > u64::from(web.config().max_in_flight) {
        return ApiError::new(ErrorCode::NetworkOverloaded).after(1).into_response();
    }
    next.run(request).await
}

/// One request at work; given back when dropped.
struct Slot<'a> {
    web: &'a WebState,
    /// How many are at work with this one.
    number: u64,
}

impl<'a> Slot<'a> {
    fn take(web: &'a WebState) -> Self {
        Self { web, number: web.in_flight.fetch_add(1, Ordering::Relaxed) + 1 }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.web.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Gives up what takes too long, be it the client's body or our answer.
pub(crate) async fn deadline(State(web): State<WebState>, request: Request<Body>, next: Next) -> Response {
    let limit = Duration::from_secs(web.config().request_timeout_seconds.max(1).into());
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(ErrorCode::NetworkTimeout).into_response(),
    }
}
