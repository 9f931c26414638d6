//! Making and changing roles. Nobody gives what they lack.

use plexi_core::access::Denied;
use plexi_core::{Actor, ActorKind, FieldError, Permission, PermissionSet, RoleId, RoleScope};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{AuthError, StoreError};
use crate::model::Role;
use crate::profile;
use crate::service::{Auth, Inner};
use crate::sign_in::invalid;

/// What to change of a role. `None` leaves as it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleChange {
    /// Its name, 1 to 32 of `a-z 0-9 _ -`.
    pub name: Option<String>,
    /// What it grants.
    pub permissions: Option<PermissionSet>,
}

impl Auth {
    /// All roles, by scope and name; at most 500. Anybody who is signed in may read them.
    pub async fn roles(&self, _: &Actor, scope: Option<RoleScope>) -> Result<Vec<Role>, AuthError> {
        Ok(self.inner.store.roles(scope).await?)
    }

    /// Makes a role. Needs `roles.manage` and everything the role grants. [`AuthError::Conflict`] when the name is taken,
    /// [`AuthError::Invalid`] when a permission belongs to a wider scope.
    pub async fn create_role(
        &self,
        actor: &Actor,
        name: &str,
        scope: RoleScope,
        permissions: PermissionSet,
    ) -> Result<Role, AuthError> {
        actor.require(Permission::RolesManage)?;
        may_grant(actor, permissions)?;
        fits(scope, permissions)?;
        let name = profile::role_name(name).map_err(invalid)?;
        let role = Role { id: self.inner.ids.next()?, name, scope, permissions, built_in: false };
        self.inner.store.create_role(&role).await.map_err(conflict)?;
        tracing::info!(role = %role.id, by = %actor.user, "role made");
        Ok(role)
    }

    /// Changes a role that is not built in, at once for all who have it. Needs `roles.manage` and everything the role grants
    /// before and after.
    pub async fn update_role(
        &self,
        actor: &Actor,
        id: RoleId,
        change: RoleChange,
    ) -> Result<Role, AuthError> {
        let before = self.changeable(actor, id).await?;
        if let Some(permissions) = change.permissions {
            may_grant(actor, permissions)?;
            fits(before.scope, permissions)?;
        }
        let name = change.name.as_deref().map(profile::role_name).transpose().map_err(invalid)?;
        let role =
            self.inner.store.update_role(id, name.as_deref(), change.permissions).await.map_err(conflict)?;
        self.inner.recent.forget_accounts();
        tracing::info!(role = %id, by = %actor.user, "role changed");
        Ok(role)
    }

    /// Deletes a role that is not built in and that nobody has. Needs `roles.manage` and everything the role grants.
    pub async fn delete_role(&self, actor: &Actor, id: RoleId) -> Result<(), AuthError> {
        self.changeable(actor, id).await?;
        self.inner.store.delete_role(id).await.map_err(conflict)?;
        tracing::info!(role = %id, by = %actor.user, "role deleted");
        Ok(())
    }

    async fn changeable(&self, actor: &Actor, id: RoleId) -> Result<Role, AuthError> {
        actor.require(Permission::RolesManage)?;
        let role = self.inner.store.role(id).await?.ok_or(Denied::Unseen)?;
        if role.built_in {
            return Err(AuthError::Conflict("built_in"));
        }
        may_grant(actor, role.permissions)?;
        Ok(role)
    }
}

impl Inner {
    /// A role by its name.
    pub async fn role_named(&self, scope: RoleScope, name: &str) -> Result<Role, AuthError> {
        let found = self.store.roles(Some(scope)).await?.into_iter().find(|role| role.name == name);
        found.ok_or_else(|| invalid(FieldError::new("role", "is not the name of a role")))
    }
}

/// Refuses to give what the actor does not have.
pub(crate) fn may_grant(actor: &Actor, granted: PermissionSet) -> Result<(), AuthError> {
    if actor.kind == ActorKind::System {
        return Ok(());
    }
    let has = |permission| {
        // Who manages accounts sees them all.
        actor.system.has(permission) || (permission == Permission::UsersRead && actor.sees_everybody())
    };
    match granted.iter().find(|permission| !has(*permission)) {
        Some(lacking) => Err(Denied::Forbidden(lacking).into()),
        None => Ok(()),
    }
}

/// Refuses what means nothing where the role counts: whoever reads the role would take it for more than it is.
fn fits(scope: RoleScope, permissions: PermissionSet) -> Result<(), AuthError> {
    let wider: Vec<&str> =
        permissions.iter().filter(|one| one.scope() < scope).map(Permission::as_str).collect();
    if wider.is_empty() {
        return Ok(());
    }
    let problem = format!("belong to a wider scope than {scope}: {}", wider.join(", "));
    Err(invalid(FieldError::new("permissions", problem)))
}

fn conflict(error: StoreError) -> AuthError {
    match error {
        StoreError::Conflict(what) => AuthError::Conflict(what),
        StoreError::Missing("role") => Denied::Unseen.into(),
        other => other.into(),
    }
}
