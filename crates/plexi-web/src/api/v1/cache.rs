//! What the server remembers in memory: what that saves, and a way to have it forgotten.

use http::Method;
use plexi_auth::Caller;
use plexi_core::Permission;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Done, Found};
use crate::call::{Call, Nothing};
use crate::error::ApiError;
use crate::operations::Operation;
use crate::operator::Remembered;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/admin/cache", "cache.list", "What is remembered in memory", list)
            .needs(Permission::CacheManage),
        Operation::new(
            Method::POST,
            "/admin/cache/flush",
            "cache.flush",
            "Forget what is remembered in memory",
            flush,
        )
        .needs(Permission::CacheManage),
    ]
}

#[derive(Serialize, JsonSchema)]
struct AllRemembered {
    items: Vec<Remembered>,
}

async fn list(call: Call<Caller>) -> Result<Found<AllRemembered>, ApiError> {
    Ok(Found(AllRemembered { items: call.web.operator.remembered() }))
}

/// What is to be forgotten.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FlushInput {
    /// One kind of values, as the list has it; without it all.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    name: Option<String>,
}

async fn flush(call: Call<Caller, Nothing, Nothing, FlushInput>) -> Result<Done, ApiError> {
    let name = call.body.name.as_deref();
    call.web.operator.forget(name).await?;
    tracing::info!(user = %call.actor().user, name = name.unwrap_or("all"), "what was remembered is forgotten as ordered");
    Ok(Done)
}
