//! The server itself: version, status, log level, the document of this interface.

use std::collections::BTreeMap;

use http::Method;
use plexi_auth::Caller;
use plexi_core::{Permission, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Document, Done, Found};
use crate::call::{Anyone, Call, Nothing};
use crate::error::ApiError;
use crate::operations::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/system/version", "system.version", "What runs here", version),
        Operation::new(Method::GET, "/openapi.json", "system.openapi", "This document", openapi),
        Operation::new(Method::GET, "/admin/status", "system.status", "How the server does", status)
            .needs(Permission::SystemManage),
        Operation::new(
            Method::POST,
            "/admin/logs/level",
            "system.log_level",
            "Set the level of the log",
            log_level,
        )
        .needs(Permission::SystemManage),
    ]
}

/// What runs here.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Version")]
struct Product {
    /// `PlexiChat`.
    name: String,
    /// The version that runs.
    version: String,
    /// The versions of the interface.
    api: Vec<String>,
    /// What this server offers.
    features: BTreeMap<String, bool>,
}

async fn version(call: Call<Anyone>) -> Result<Found<Product>, ApiError> {
    let features = ["search", "threads", "reactions", "presence", "resume"];
    Ok(Found(Product {
        name: crate::SERVER_NAME.into(),
        version: call.web.version.clone(),
        api: vec!["v1".into()],
        features: features.into_iter().map(|feature| (feature.to_owned(), true)).collect(),
    }))
}

async fn openapi(_: Call<Anyone>) -> Result<Document, ApiError> {
    Ok(Document(crate::openapi::text()))
}

/// How the server does.
#[derive(Serialize, JsonSchema)]
struct Status {
    /// The version that runs.
    version: String,
    /// When it started.
    started_at: Timestamp,
    /// For how many seconds it has been running.
    uptime_seconds: u64,
    /// Open WebSockets.
    connections: u64,
    /// Users with at least one of them.
    users_connected: u64,
    /// Requests answered.
    requests: u64,
    /// How many users, spaces, channels, messages there are.
    counts: BTreeMap<String, u64>,
}

async fn status(call: Call<Caller>) -> Result<Found<Status>, ApiError> {
    let web = &call.web;
    Ok(Found(Status {
        version: web.version.clone(),
        started_at: web.started_at,
        uptime_seconds: web.clock.now().since(web.started_at).as_secs(),
        connections: web.open_sockets(),
        users_connected: web.messaging.hub().counts().users,
        requests: web.metrics.requests(),
        counts: web.operator.counts().await?,
    }))
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Level {
    /// Everything.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What happens.
    Info,
    /// What should be looked at.
    Warn,
    /// What failed.
    Error,
}

/// How much is to be logged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LevelInput {
    /// The level, until the next start.
    level: Level,
}

async fn log_level(call: Call<Caller, Nothing, Nothing, LevelInput>) -> Result<Done, ApiError> {
    let level = match call.body.level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    call.web.operator.set_log_level(level)?;
    tracing::info!(level, "log level set");
    Ok(Done)
}
