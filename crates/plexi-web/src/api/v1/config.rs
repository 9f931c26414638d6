//! The configuration: every key with where it comes from, changes of the file, and the configurations before.

use http::Method;
use plexi_auth::Caller;
use plexi_config::{Edited, Edits};
use plexi_core::Permission;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Found;
use crate::call::{Call, Nothing};
use crate::configuration::{Applied, Compared, Configured};
use crate::error::ApiError;
use crate::operations::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/admin/config", "config.get", "The configuration, key by key", get)
            .needs(Permission::SystemManage),
        Operation::new(
            Method::POST,
            "/admin/config/check",
            "config.check",
            "Say what a change of the configuration would do",
            check,
        )
        .needs(Permission::SystemManage)
        .refuses(&[409]),
        Operation::new(Method::PATCH, "/admin/config", "config.update", "Change the configuration", update)
            .needs(Permission::SystemManage)
            .refuses(&[409]),
        Operation::new(
            Method::GET,
            "/admin/config/history",
            "config.history",
            "The configurations that were applied",
            history,
        )
        .needs(Permission::SystemManage),
        Operation::new(
            Method::GET,
            "/admin/config/history/{number}",
            "config.compare",
            "What differs between an applied configuration and another",
            compare,
        )
        .needs(Permission::SystemManage),
        Operation::new(
            Method::POST,
            "/admin/config/rollback",
            "config.rollback",
            "Put an applied configuration back",
            roll_back,
        )
        .needs(Permission::SystemManage)
        .refuses(&[409]),
    ]
}

async fn get(call: Call<Caller>) -> Result<Found<Configured>, ApiError> {
    Ok(Found(call.web.configuration.look().await?))
}

/// A change of the configuration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChangeInput {
    /// The version that was looked at. When it is another one by now, the change is refused.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    version: u64,
    /// New values by key, at most 100; null takes a key out of the file, so that a weaker place or the default counts again.
    #[schemars(extend("maxProperties" = 100))]
    changes: Edits,
}

async fn check(call: Call<Caller, Nothing, Nothing, ChangeInput>) -> Result<Found<Edited>, ApiError> {
    let ChangeInput { version, changes } = call.body;
    Ok(Found(call.web.configuration.check(changes, version).await?))
}

async fn update(call: Call<Caller, Nothing, Nothing, ChangeInput>) -> Result<Found<Edited>, ApiError> {
    let user = call.actor().user;
    let ChangeInput { version, changes } = call.body;
    let keys = changes.keys().cloned().collect::<Vec<_>>().join(" ");
    let done = call.web.configuration.edit(changes, version).await?;
    tracing::warn!(%user, keys, version = done.version, "the configuration is changed as ordered");
    Ok(Found(done))
}

/// The configurations that were applied.
#[derive(Serialize, JsonSchema)]
struct History {
    /// The newest first.
    items: Vec<Applied>,
}

async fn history(call: Call<Caller>) -> Result<Found<History>, ApiError> {
    Ok(Found(History { items: call.web.configuration.history().await? }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NumberPath {
    /// The number of a configuration.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    number: u64,
}

/// What it is compared with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CompareQuery {
    /// The number of another configuration; without it the present one.
    #[serde(default)]
    #[schemars(with = "u64", range(max = 9_007_199_254_740_991_u64))]
    to: Option<u64>,
}

async fn compare(call: Call<Caller, NumberPath, CompareQuery>) -> Result<Found<Compared>, ApiError> {
    Ok(Found(call.web.configuration.compare(call.path.number, call.query.to).await?))
}

/// Which configuration is put back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RollbackInput {
    /// Its number.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    number: u64,
    /// The version that was looked at. When it is another one by now, nothing is done.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    version: u64,
}

async fn roll_back(call: Call<Caller, Nothing, Nothing, RollbackInput>) -> Result<Found<Edited>, ApiError> {
    let RollbackInput { number, version } = call.body;
    let done = call.web.configuration.roll_back(number, version).await?;
    let user = call.actor().user;
    tracing::warn!(%user, number, version = done.version, "an earlier configuration is put back as ordered");
    Ok(Found(done))
}
