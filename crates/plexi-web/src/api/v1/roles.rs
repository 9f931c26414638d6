//! Roles.

use http::Method;
use plexi_auth::model::Role;
use plexi_auth::{Caller, RoleChange};
use plexi_core::{Permission, PermissionSet, RoleScope};
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{Items, RolePath, Roles};
use crate::answer::{Created, Done, Found};
use crate::call::{Call, Nothing};
use crate::error::ApiError;
use crate::operations::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/roles", "roles.list", "List roles", list),
        Operation::new(Method::POST, "/roles", "roles.create", "Make a role", create)
            .needs(Permission::RolesManage)
            .creates(),
        Operation::new(Method::PATCH, "/roles/{role_id}", "roles.update", "Change a role", update)
            .needs(Permission::RolesManage),
        Operation::new(Method::DELETE, "/roles/{role_id}", "roles.delete", "Delete a role", delete)
            .needs(Permission::RolesManage),
    ]
}

/// Which roles.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RolesQuery {
    /// Only those of this scope.
    #[serde(default)]
    #[schemars(with = "RoleScope")]
    scope: Option<RoleScope>,
}

async fn list(call: Call<Caller, Nothing, RolesQuery>) -> Result<Found<Roles>, ApiError> {
    let items = call.web.auth.roles(&call.who.actor, call.query.scope).await?;
    Ok(Found(Items { items }))
}

/// A role to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    /// Its name, unique at its scope.
    #[schemars(length(min = 1, max = 32), regex(pattern = "^[a-z0-9_-]+$"))]
    name: String,
    /// Where it counts.
    scope: RoleScope,
    /// What it grants.
    #[schemars(length(max = 64))]
    permissions: Vec<Permission>,
}

async fn create(call: Call<Caller, Nothing, Nothing, NewRole>) -> Result<Created<Role>, ApiError> {
    let NewRole { name, scope, permissions } = call.body;
    let permissions: PermissionSet = permissions.into_iter().collect();
    Ok(Created(call.web.auth.create_role(&call.who.actor, &name, scope, permissions).await?))
}

/// A change of a role.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RolePatch {
    /// Its name.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 32), regex(pattern = "^[a-z0-9_-]+$"))]
    name: Option<String>,
    /// What it grants, all of it.
    #[serde(default)]
    #[schemars(with = "Vec<Permission>", length(max = 64))]
    permissions: Option<Vec<Permission>>,
}

async fn update(call: Call<Caller, RolePath, Nothing, RolePatch>) -> Result<Found<Role>, ApiError> {
    let RolePatch { name, permissions } = call.body;
    let permissions = permissions.map(|list| list.into_iter().collect::<PermissionSet>());
    let change = RoleChange { name, permissions };
    let role = call.web.auth.update_role(&call.who.actor, call.path.role_id, change).await?;
    call.web.messaging.roles_changed();
    Ok(Found(role))
}

async fn delete(call: Call<Caller, RolePath>) -> Result<Done, ApiError> {
    call.web.auth.delete_role(&call.who.actor, call.path.role_id).await?;
    call.web.messaging.roles_changed();
    Ok(Done)
}
