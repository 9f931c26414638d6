//! Who asked, under which correlation id, how long it took, and what came of it.

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, Request};
use plexi_core::CorrelationId;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::address::ClientAddress;
use crate::stack::Answered;
use crate::state::WebState;

/// The header that carries the correlation id.
pub const CORRELATION: &str = "x-correlation-id";

/// Gives a request its address, correlation id and span, and counts its answer.
pub(crate) async fn request(State(web): State<WebState>, mut request: Request<Body>, next: Next) -> Response {
    let began = Instant::now();
    let address = ClientAddress::of(&request, &web.config().trusted_proxies);
    let given = request.headers().get(CORRELATION).and_then(|value| value.to_str().ok());
    let correlation = given.and_then(CorrelationId::accept).unwrap_or_else(|| generated(&web));
    request.extensions_mut().insert(address);
    request.extensions_mut().insert(correlation.clone());
    let span = tracing::info_span!(
        "request",
        correlation_id = %correlation,
        trace_id = trace_id(&request).unwrap_or_default(),
        method = %request.method(),
        operation = tracing::field::Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    let status = response.status();
    let operation = response.extensions().get::<Answered>().map_or("other", |answered| answered.0);
    web.metrics.answered(operation, status.as_u16(), took);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(status = status.as_u16(), micros, "request answered"));
    if let Ok(value) = HeaderValue::from_str(correlation.as_str()) {
        response.headers_mut().insert(CORRELATION, value);
    }
    response
}

/// The correlation id of a request.
pub(crate) fn correlation<B>(web: &WebState, request: &Request<B>) -> CorrelationId {
    request.extensions().get::<CorrelationId>().cloned().unwrap_or_else(|| generated(web))
}

fn generated(web: &WebState) -> CorrelationId {
    // Without randomness requests still go on, under an id that says so.
    CorrelationId::generate(&*web.entropy)
        .ok()
        .or_else(|| CorrelationId::accept("no-entropy"))
        .unwrap_or_else(|| unreachable!("the literal is plain"))
}

/// The trace id of W3C `traceparent`: 32 lower-case hexadecimal digits, not all zero.
fn trace_id<B>(request: &Request<B>) -> Option<&str> {
    let text = request.headers().get("traceparent")?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let whole = version.len() == 2 && hex(version) && version != "ff" && trace.len() == 32 && hex(trace);
    (whole && trace.bytes().any(|b| b != b'0')).then_some(trace)
}
