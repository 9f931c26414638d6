//! Who asked, under which correlation id, how long it took, and what came of it.

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Request};
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
        trace_id = %trace_id(request.headers()).map_or_else(|| new_trace(&web), str::to_owned),
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

/// The trace that W3C `traceparent` names; none when it is absent, there twice or not as the standard has it.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all("traceparent").iter();
    let text = given.next()?.to_str().ok()?;
    if given.next().is_some() {
        return None;
    }
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let named = |text: &str, length: usize| hex(text, length) && text.bytes().any(|b| b != b'0');
    // Later versions may have further parts.
    let known = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    (known && named(trace, 32) && named(parent, 16) && hex(flags, 2)).then_some(trace)
}

/// The id of a trace that begins here; empty without randomness.
fn new_trace(web: &WebState) -> String {
    let mut bytes = [0_u8; 16];
    if web.entropy.fill(&mut bytes).is_err() {
        return String::new();
    }
    format!("{:032x}", u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn with(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (HeaderName::from_static("traceparent"), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_trace_is_taken_on_as_the_standard_has_it() {
        for good in [
            format!("00-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-00"),
            format!("cc-{TRACE}-00f067aa0ba902b7-01-what-comes-later"),
        ] {
            assert_eq!(trace_id(&with(&[&good])), Some(TRACE), "{good}");
        }
    }

    #[test]
    fn what_is_no_trace_is_not_taken_on() {
        let zeros = "0".repeat(32);
        for bad in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}"),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-1"),
            format!("00-{}x-00f067aa0ba902b7-01", &TRACE[1..]),
        ] {
            assert_eq!(trace_id(&with(&[&bad])), None, "{bad}");
        }
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert_eq!(trace_id(&with(&[&good, &good])), None, "twice is not once");
    }
}
