//! Whether the server lives and is ready to serve.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::answer::json;
use crate::state::WebState;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked: `database`.
    pub name: &'static str,
    /// It works.
    pub ok: bool,
}

/// What must work for the server to be ready.
#[async_trait]
pub trait HealthChecks: Send + Sync + 'static {
    /// Checks everything now; within a second or so.
    async fn check(&self) -> Vec<Check>;
}

/// Checks nothing: alive is ready. For tests and examples.
pub struct AlwaysReady;

#[async_trait]
impl HealthChecks for AlwaysReady {
    async fn check(&self) -> Vec<Check> {
        Vec::new()
    }
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    checks: BTreeMap<&'static str, &'static str>,
}

fn report(ok: bool, checks: BTreeMap<&'static str, &'static str>) -> Response {
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = json(status, &Report { status: if ok { "ok" } else { "unavailable" }, checks });
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Rendered);
    response
}

/// Marks an answer that is complete although its status is one of failure.
#[derive(Clone, Copy)]
pub(crate) struct Rendered;

/// `GET /health/live`
pub(crate) async fn live() -> Response {
    report(true, BTreeMap::new())
}

/// `GET /health/startup`: nothing is listened to before migrations and everything else that a start takes are done, so whoever hears an
/// answer knows that they are.
pub(crate) async fn startup() -> Response {
    report(true, BTreeMap::from([("started", "ok")]))
}

/// `GET /health/ready`
pub(crate) async fn ready(State(web): State<WebState>) -> Response {
    let (ok, checks) = examine(&web).await;
    report(ok, checks)
}

/// Whether the server is ready, and what each check found. The figures tell of it from then on.
pub(crate) async fn examine(web: &WebState) -> (bool, BTreeMap<&'static str, &'static str>) {
    let mut checks: BTreeMap<&'static str, &'static str> = BTreeMap::new();
    let mut ok = true;
    for check in web.health.check().await {
        ok &= check.ok;
        checks.insert(check.name, if check.ok { "ok" } else { "failed" });
    }
    if web.stop.is_cancelled() {
        ok = false;
        checks.insert("lifecycle", "stopping");
    }
    web.ready.store(ok, Ordering::Relaxed);
    (ok, checks)
}
