//! Spaces and their members.

use http::Method;
use plexi_auth::Caller;
use plexi_messaging::model::{Page, Space};
use plexi_messaging::ports::SpaceChange;
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{NamedPageQuery, PageQuery, RoleInput, SpaceMemberPath, SpacePath};
use super::members::{self, Member};
use crate::answer::{Created, Done, Found};
use crate::call::{Call, Nothing};
use crate::conditional;
use crate::error::ApiError;
use crate::operations::Operation;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/spaces", "spaces.list", "List one's spaces", list),
        Operation::new(Method::POST, "/spaces", "spaces.create", "Make a space", create).creates(),
        Operation::new(Method::GET, "/spaces/{space_id}", "spaces.get", "A space", get),
        Operation::new(
            Method::PATCH,
            "/spaces/{space_id}",
            "spaces.update",
            "Rename or archive a space",
            update,
        )
        .conditional(),
        Operation::new(
            Method::GET,
            "/spaces/{space_id}/members",
            "spaces.members",
            "List a space's members",
            list_members,
        ),
        Operation::new(
            Method::PUT,
            "/spaces/{space_id}/members/{user_id}",
            "spaces.set_member",
            "Add a member to a space or change the role",
            set_member,
        ),
        Operation::new(
            Method::DELETE,
            "/spaces/{space_id}/members/{user_id}",
            "spaces.remove_member",
            "Remove a member from a space, or leave it",
            remove_member,
        ),
    ]
}

async fn list(call: Call<Caller, Nothing, PageQuery>) -> Result<Found<Page<Space>>, ApiError> {
    let PageQuery { cursor, limit } = &call.query;
    Ok(Found(call.web.messaging.spaces(call.actor(), cursor.as_deref(), *limit).await?))
}

/// A space to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewSpace {
    /// Its name.
    #[schemars(length(min = 1, max = 64))]
    name: String,
}

async fn create(call: Call<Caller, Nothing, Nothing, NewSpace>) -> Result<Created<Space>, ApiError> {
    Ok(Created(call.web.messaging.create_space(call.actor(), &call.body.name).await?))
}

async fn get(call: Call<Caller, SpacePath>) -> Result<Found<Space>, ApiError> {
    Ok(Found(call.web.messaging.space(call.actor(), call.path.space_id).await?))
}

/// A change of a space.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SpacePatch {
    /// Its name.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 64))]
    name: Option<String>,
    /// Archive or restore.
    #[serde(default)]
    #[schemars(with = "bool")]
    archived: Option<bool>,
}

async fn update(call: Call<Caller, SpacePath, Nothing, SpacePatch>) -> Result<Found<Space>, ApiError> {
    let SpacePatch { name, archived } = call.body;
    let (messaging, actor, id) = (&call.web.messaging, &call.who.actor, call.path.space_id);
    let present = || async { Ok(messaging.space(actor, id).await?) };
    let expected = conditional::expected(call.context.if_match.as_deref(), present).await?;
    Ok(Found(messaging.update_space(actor, id, SpaceChange { name, archived, expected }).await?))
}

async fn list_members(
    call: Call<Caller, SpacePath, NamedPageQuery>,
) -> Result<Found<Page<Member>>, ApiError> {
    let NamedPageQuery { q, cursor, limit } = &call.query;
    let id = call.path.space_id;
    let page =
        call.web.messaging.space_members(call.actor(), id, q.as_deref(), cursor.as_deref(), *limit).await?;
    Ok(Found(members::page(&call.web, page).await?))
}

async fn set_member(
    call: Call<Caller, SpaceMemberPath, Nothing, RoleInput>,
) -> Result<Found<Member>, ApiError> {
    let SpaceMemberPath { space_id, user_id } = call.path;
    let entry =
        call.web.messaging.set_space_member(&call.who.actor, space_id, user_id, &call.body.role).await?;
    Ok(Found(members::one(&call.web, entry).await?))
}

async fn remove_member(call: Call<Caller, SpaceMemberPath>) -> Result<Done, ApiError> {
    let SpaceMemberPath { space_id, user_id } = call.path;
    call.web.messaging.remove_space_member(call.actor(), space_id, user_id).await?;
    Ok(Done)
}
