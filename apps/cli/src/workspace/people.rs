use plexi_app::auth::model::{Role, User};
use plexi_app::auth::{NewPerson, RoleChange, UserChange};
use plexi_core::{RoleScope, Secret};
use reqwest::Method;
use serde_json::json;

use super::{PAGE, Workspace, as_user_id, no_user, permissions};
use crate::exit::CliError;

impl Workspace {
    /// Accounts by name, at most `limit`.
    pub(crate) async fn users(&self, query: Option<&str>, limit: usize) -> Result<Vec<User>, CliError> {
        match self {
            Self::Remote(remote) => {
                let query: Vec<(&str, &str)> = query.iter().map(|q| ("q", *q)).collect();
                remote.list("users", &query, limit).await
            }
            Self::Local(local) => {
                let (auth, mut found, mut cursor) = (&local.services.auth, Vec::new(), None::<String>);
                loop {
                    let page = auth.users(&local.actor, query, cursor.as_deref(), PAGE).await?;
                    found.extend(page.items);
                    cursor = page.next;
                    if cursor.is_none() || found.len() >= limit {
                        found.truncate(limit);
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// An account by name or id.
    pub(crate) async fn user(&self, named: &str) -> Result<User, CliError> {
        if let Some(id) = as_user_id(named) {
            return match self {
                Self::Remote(remote) => remote.get(&format!("users/{id}"), &[]).await,
                Self::Local(local) => Ok(local.services.auth.user(&local.actor, id).await?),
            };
        }
        let bare = named.strip_prefix('@').unwrap_or(named).to_lowercase();
        match self {
            Self::Local(local) => {
                let account = local.services.account_by_name(&bare).await?;
                account.map(|account| account.user).ok_or_else(|| no_user(named))
            }
            // the list is in order of name, so the one that is the whole prefix comes first or not at all
            Self::Remote(_) => {
                let found = self.users(Some(&bare), 200).await?;
                found.into_iter().find(|user| user.name == bare).ok_or_else(|| no_user(named))
            }
        }
    }

    /// Makes an account.
    pub(crate) async fn create_user(
        &self,
        name: &str,
        display_name: &str,
        role: &str,
        password: Secret<String>,
    ) -> Result<User, CliError> {
        match self {
            Self::Remote(remote) => {
                let body = json!({ "name": name, "display_name": display_name, "password": password.expose(), "role": role });
                remote.change(Method::POST, "users", &body).await
            }
            Self::Local(local) => {
                let person = NewPerson { name: name.into(), display_name: display_name.into(), password };
                Ok(local.services.auth.create_user(&local.actor, person, Some(role)).await?)
            }
        }
    }

    /// Disables or enables an account.
    pub(crate) async fn set_disabled(&self, user: &User, disabled: bool) -> Result<User, CliError> {
        match self {
            Self::Remote(remote) => {
                remote
                    .change(Method::PATCH, &format!("users/{}", user.id), &json!({ "disabled": disabled }))
                    .await
            }
            Self::Local(local) => {
                let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
                let user = local.services.auth.update_user(&local.actor, user.id, change).await?;
                if disabled {
                    local.services.messaging.account_disabled(user.id).await?;
                }
                Ok(user)
            }
        }
    }

    /// Gives an account another system role.
    pub(crate) async fn set_role(&self, user: &User, role: &str) -> Result<User, CliError> {
        match self {
            Self::Remote(remote) => {
                remote.change(Method::PATCH, &format!("users/{}", user.id), &json!({ "role": role })).await
            }
            Self::Local(local) => {
                let change = UserChange { role: Some(role.into()), ..UserChange::default() };
                Ok(local.services.auth.update_user(&local.actor, user.id, change).await?)
            }
        }
    }

    /// Gives an account a new password.
    pub(crate) async fn set_password(&self, user: &User, password: Secret<String>) -> Result<User, CliError> {
        match self {
            Self::Remote(remote) => {
                let body = json!({ "password": password.expose() });
                remote.change(Method::PATCH, &format!("users/{}", user.id), &body).await
            }
            Self::Local(local) => {
                let change = UserChange { password: Some(password), ..UserChange::default() };
                Ok(local.services.auth.update_user(&local.actor, user.id, change).await?)
            }
        }
    }

    /// Roles, by scope and name.
    pub(crate) async fn roles(&self, scope: Option<RoleScope>) -> Result<Vec<Role>, CliError> {
        match self {
            Self::Remote(remote) => {
                let scope = scope.map(scope_name);
                let query: Vec<(&str, &str)> = scope.iter().map(|scope| ("scope", *scope)).collect();
                remote.all("roles", &query).await
            }
            Self::Local(local) => Ok(local.services.auth.roles(&local.actor, scope).await?),
        }
    }

    /// Makes a role.
    pub(crate) async fn create_role(
        &self,
        name: &str,
        scope: RoleScope,
        grants: &[String],
    ) -> Result<Role, CliError> {
        let granted = permissions(grants)?;
        match self {
            Self::Remote(remote) => {
                let body = json!({ "name": name, "scope": scope, "permissions": granted });
                remote.change(Method::POST, "roles", &body).await
            }
            Self::Local(local) => {
                let granted = granted.into_iter().collect();
                Ok(local.services.auth.create_role(&local.actor, name, scope, granted).await?)
            }
        }
    }

    /// Renames a role or replaces what it grants.
    pub(crate) async fn update_role(
        &self,
        role: &Role,
        name: Option<&str>,
        grants: Option<&[String]>,
    ) -> Result<Role, CliError> {
        let granted = grants.map(permissions).transpose()?;
        match self {
            Self::Remote(remote) => {
                let mut body = serde_json::Map::new();
                body.extend(name.map(|name| ("name".to_owned(), name.into())));
                body.extend(granted.map(|granted| ("permissions".to_owned(), json!(granted))));
                remote.change(Method::PATCH, &format!("roles/{}", role.id), &body).await
            }
            Self::Local(local) => {
                let permissions = granted.map(|granted| granted.into_iter().collect());
                let change = RoleChange { name: name.map(str::to_owned), permissions };
                Ok(local.services.auth.update_role(&local.actor, role.id, change).await?)
            }
        }
    }

    /// Deletes a role.
    pub(crate) async fn delete_role(&self, role: &Role) -> Result<(), CliError> {
        match self {
            Self::Remote(remote) => remote.delete(&format!("roles/{}", role.id)).await,
            Self::Local(local) => Ok(local.services.auth.delete_role(&local.actor, role.id).await?),
        }
    }
}

/// The name of a scope in the API.
pub(crate) const fn scope_name(scope: RoleScope) -> &'static str {
    match scope {
        RoleScope::System => "system",
        RoleScope::Space => "space",
        RoleScope::Channel => "channel",
    }
}
