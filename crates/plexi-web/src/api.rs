//! The REST interface: each handler parses, makes one service call, renders.

pub mod v1;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use plexi_auth::Purpose;
use plexi_core::Permission;

use crate::address::ClientAddress;
use crate::error::ApiError;
use crate::stack::authentication;
use crate::state::WebState;

/// `GET /metrics`: to this machine itself, or to whoever has `metrics.read`.
pub(crate) async fn metrics(State(web): State<WebState>, request: Request) -> Result<Response, ApiError> {
    let local = request.extensions().get::<ClientAddress>().is_some_and(ClientAddress::is_local);
    if !local {
        let proof = authentication::proof(request.headers());
        let caller = authentication::caller(&web, proof, Purpose::read("metrics")).await?;
        caller.actor.require(Permission::MetricsRead)?;
    }
    let plain = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, plain)], web.exposition().to_text()).into_response())
}
