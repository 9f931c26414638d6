//! The tree of the server's tasks: how each part does, and a new start for one.

use http::Method;
use plexi_auth::Caller;
use plexi_core::Permission;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Done, Found};
use crate::call::{Call, Nothing};
use crate::error::ApiError;
use crate::operations::Operation;
use crate::operator::Part;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            Method::GET,
            "/admin/supervisor",
            "supervisor.list",
            "How the parts of the server do",
            list,
        )
        .needs(Permission::SupervisorManage),
        Operation::new(
            Method::POST,
            "/admin/supervisor/restart",
            "supervisor.restart",
            "Start a part of the server anew",
            restart,
        )
        .needs(Permission::SupervisorManage),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Parts {
    items: Vec<Part>,
}

async fn list(call: Call<Caller>) -> Result<Found<Parts>, ApiError> {
    Ok(Found(Parts { items: call.web.operator.parts() }))
}

/// The part to be started anew.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PartInput {
    /// Its path, as the list has it.
    #[schemars(length(min = 1, max = 1_000))]
    path: String,
}

async fn restart(call: Call<Caller, Nothing, Nothing, PartInput>) -> Result<Done, ApiError> {
    call.web.operator.restart_part(&call.body.path)?;
    tracing::warn!(user = %call.actor().user, part = %call.body.path, "a part is started anew as ordered");
    Ok(Done)
}
