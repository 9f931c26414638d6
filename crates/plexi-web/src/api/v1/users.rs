//! Accounts.

use http::Method;
use plexi_auth::model::{ManagedUser, Me, Theme, User};
use plexi_auth::{Caller, MeChange, NewPerson, UserChange};
use plexi_core::{Page, Permission, Secret, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::{Items, NamedPageQuery, UserPath, Users};
use crate::answer::{Created, Found};
use crate::call::{Call, Nothing};
use crate::conditional;
use crate::error::ApiError;
use crate::operations::{Class, Operation};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/users/me", "users.me", "One's own account", me),
        Operation::new(Method::PATCH, "/users/me", "users.update_me", "Change one's own account", update_me)
            .conditional(),
        Operation::new(Method::GET, "/users", "users.list", "List users", list),
        Operation::new(Method::GET, "/users/{user_id}", "users.get", "A user", get),
        Operation::new(
            Method::GET,
            "/users/{user_id}/account",
            "users.account",
            "An account with its role",
            account,
        )
        .needs(Permission::UsersManage),
        Operation::new(Method::POST, "/users/lookup", "users.lookup", "Users by id", lookup)
            .class(Class::Read),
        Operation::new(Method::POST, "/users", "users.create", "Make an account", create)
            .needs(Permission::UsersManage)
            .creates(),
        Operation::new(Method::PATCH, "/users/{user_id}", "users.update", "Change an account", update)
            .needs(Permission::UsersManage)
            .conditional(),
    ]
}

async fn me(call: Call<Caller>) -> Result<Found<Me>, ApiError> {
    Ok(Found(call.web.auth.me(&call.who).await?))
}

/// A change of one's own account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MePatch {
    /// The name shown.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 64))]
    display_name: Option<String>,
    /// What one is doing; empty removes it.
    #[serde(default)]
    #[schemars(with = "String", length(max = 100))]
    status_text: Option<String>,
    /// A BCP 47 language tag.
    #[serde(default)]
    #[schemars(
        with = "String",
        length(min = 2, max = 35),
        regex(pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
    )]
    locale: Option<String>,
    /// Colours.
    #[serde(default)]
    #[schemars(with = "Theme")]
    theme: Option<Theme>,
}

async fn update_me(call: Call<Caller, Nothing, Nothing, MePatch>) -> Result<Found<Me>, ApiError> {
    let MePatch { display_name, status_text, locale, theme } = call.body;
    let (auth, who) = (&call.web.auth, &call.who);
    let if_match = call.context.if_match.as_deref();
    let expected = conditional::expected(if_match, || async { Ok(auth.me(who).await?) }).await?;
    Ok(Found(auth.update_me(who, MeChange { display_name, status_text, locale, theme, expected }).await?))
}

async fn list(call: Call<Caller, Nothing, NamedPageQuery>) -> Result<Found<Page<User>>, ApiError> {
    let NamedPageQuery { q, cursor, limit } = call.query;
    Ok(Found(call.web.auth.users(&call.who.actor, q.as_deref(), cursor.as_deref(), limit).await?))
}

async fn get(call: Call<Caller, UserPath>) -> Result<Found<User>, ApiError> {
    Ok(Found(call.web.auth.user(&call.who.actor, call.path.user_id).await?))
}

async fn account(call: Call<Caller, UserPath>) -> Result<Found<ManagedUser>, ApiError> {
    Ok(Found(call.web.auth.managed_user(&call.who.actor, call.path.user_id).await?))
}

/// Ids of users.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Lookup {
    /// Which users.
    #[schemars(length(min = 1, max = 200))]
    ids: Vec<UserId>,
}

async fn lookup(call: Call<Caller, Nothing, Nothing, Lookup>) -> Result<Found<Users>, ApiError> {
    let items = call.web.auth.lookup(&call.who.actor, &call.body.ids).await?;
    Ok(Found(Items { items }))
}

/// An account to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// The account's name.
    #[schemars(length(min = 1, max = 32))]
    name: String,
    /// The name shown.
    #[schemars(length(min = 1, max = 64))]
    display_name: String,
    /// The password.
    #[schemars(length(min = 8, max = 256))]
    password: Secret<String>,
    /// The system role's name, `member` when absent.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 32))]
    role: Option<String>,
}

async fn create(call: Call<Caller, Nothing, Nothing, NewUser>) -> Result<Created<User>, ApiError> {
    let NewUser { name, display_name, password, role } = call.body;
    let person = NewPerson { name, display_name, password };
    Ok(Created(call.web.auth.create_user(&call.who.actor, person, role.as_deref()).await?))
}

/// A change of an account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UserPatch {
    /// The name shown.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 64))]
    display_name: Option<String>,
    /// It cannot sign in; all its sessions end.
    #[serde(default)]
    #[schemars(with = "bool")]
    disabled: Option<bool>,
    /// The system role's name.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 32))]
    role: Option<String>,
    /// A new password; all its sessions end.
    #[serde(default)]
    #[schemars(with = "Secret<String>", length(min = 8, max = 256))]
    password: Option<Secret<String>>,
}

async fn update(call: Call<Caller, UserPath, Nothing, UserPatch>) -> Result<Found<User>, ApiError> {
    let UserPatch { display_name, disabled, role, password } = call.body;
    let (auth, actor, id) = (&call.web.auth, &call.who.actor, call.path.user_id);
    let if_match = call.context.if_match.as_deref();
    let expected = conditional::expected(if_match, || async { Ok(auth.user(actor, id).await?) }).await?;
    let change = UserChange { display_name, disabled, role, password, expected };
    let user = auth.update_user(actor, id, change).await?;
    if disabled == Some(true) {
        call.web.messaging.account_disabled(id).await?;
    }
    Ok(Found(user))
}
