//! The stack in front of every handler, first to last: client address, correlation id, span and metrics, response
//! headers, bodies that were not read, rendering of errors and panics, compression, host check, in-flight cap, timeout; then, for each operation in
//! [`crate::call`]: authentication, cross-site defence, authorisation, input, idempotency.

pub mod authentication;
pub(crate) mod headers;
pub(crate) mod observe;
pub(crate) mod origin;
pub(crate) mod shedding;
pub(crate) mod unread;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, get};
use futures_util::FutureExt as _;
use plexi_core::ErrorCode;
use tower_http::compression::CompressionLayer;
use tower_http::compression::CompressionLevel;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use crate::error::{self, ApiError};
use crate::operations::{BASE, Operation};
use crate::state::WebState;
use crate::{call, faults, gateway, health, reference, ui};

/// The name of the operation that answered, for metrics and the span.
#[derive(Clone, Copy)]
pub(crate) struct Answered(pub &'static str);

/// Everything this crate serves, with the whole stack around it.
pub fn router(web: WebState) -> Router {
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Precise(4))
        .compress_when(SizeAbove::new(1_024).and(NotForContentType::IMAGES));
    let with = |web: &WebState| web.clone();
    routes()
        .fallback(ui::fallback)
        .layer(middleware::from_fn(named_other))
        .layer(middleware::from_fn_with_state(with(&web), shedding::deadline))
        .layer(middleware::from_fn_with_state(with(&web), shedding::in_flight))
        .layer(middleware::from_fn_with_state(with(&web), shedding::host))
        .layer(compression)
        .layer(middleware::from_fn_with_state(with(&web), failures))
        .layer(middleware::from_fn(unread::close))
        .layer(middleware::from_fn_with_state(with(&web), headers::add))
        .layer(middleware::from_fn_with_state(with(&web), observe::request))
        .with_state(web)
}

fn routes() -> Router<WebState> {
    let mut router = Router::new();
    for operation in crate::operations::table() {
        let path = format!("{BASE}{}", operation.path);
        router = router.route(&path, method_router(operation));
    }
    let tagged = |router: Router<WebState>, name: &'static str| {
        router.layer(middleware::from_fn(move |request: Request, next: Next| named(name, request, next)))
    };
    let sockets = Router::new().route(&format!("{BASE}/ws"), get(gateway::upgrade));
    let checks = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/startup", get(health::startup))
        .route("/health/ready", get(health::ready));
    let figures = Router::new().route("/metrics", get(crate::api::metrics));
    let pages = Router::new()
        .route(&format!("{BASE}/docs"), get(reference::page))
        .route(&format!("{BASE}/docs/reference.js"), get(reference::script))
        .route(&format!("{BASE}/docs/reference.css"), get(reference::style));
    router
        .merge(tagged(sockets, "ws.connect"))
        .merge(tagged(checks, "health"))
        .merge(tagged(figures, "metrics"))
        .merge(tagged(pages, "ui"))
}

fn method_router(operation: Operation) -> MethodRouter<WebState> {
    let filter = MethodFilter::try_from(operation.method.clone()).unwrap_or(MethodFilter::GET);
    let operation = Arc::new(operation);
    axum::routing::on(filter, move |State(web): State<WebState>, request: Request| {
        let operation = Arc::clone(&operation);
        async move {
            let id = operation.id;
            tracing::Span::current().record("operation", id);
            let mut response =
                call::run(operation, web, request).await.unwrap_or_else(IntoResponse::into_response);
            response.extensions_mut().insert(Answered(id));
            response
        }
    })
}

async fn named(name: &'static str, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Answered(name));
    response
}

async fn named_other(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.extensions().get::<Answered>().is_none() {
        let name = if response.status().is_success() { "ui" } else { "other" };
        response.extensions_mut().insert(Answered(name));
    }
    response
}

/// Panics and refusals of any layer below become the one error answer.
async fn failures(State(web): State<WebState>, request: Request<Body>, next: Next) -> Response {
    let correlation = observe::correlation(&web, &request);
    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => ApiError::new(ErrorCode::SystemInternal).because(panic_text(&*panic)).into_response(),
    };
    let status = response.status();
    let given = response.extensions().get::<ApiError>().cloned();
    let complete = response.extensions().get::<health::Rendered>().is_some();
    let failure = match given {
        Some(failure) => failure,
        None if complete || !(status.is_client_error() || status.is_server_error()) => return response,
        None => error::of_status(status),
    };
    if failure.code() == ErrorCode::NetworkOverloaded {
        web.metrics.shed.fetch_add(1, Ordering::Relaxed);
    }
    faults::note(&web, "request", &failure, &correlation);
    let mut rendered = error::render(&failure, &correlation);
    for (name, value) in response.headers() {
        if *name != http::header::CONTENT_TYPE && *name != http::header::CONTENT_LENGTH {
            rendered.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    if let Some(answered) = response.extensions().get::<Answered>() {
        rendered.extensions_mut().insert(*answered);
    }
    rendered
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("without text"))
}
