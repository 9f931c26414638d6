use async_trait::async_trait;
use plexi_core::{PermissionSet, RoleId, RoleScope};

use super::{MemoryStore, State};
use crate::error::StoreError;
use crate::model::Role;
use crate::ports::RoleStore;

#[async_trait]
impl RoleStore for MemoryStore {
    async fn ensure_roles(&self, roles: &[Role]) -> Result<(), StoreError> {
        self.lock().roles.extend(roles.iter().map(|role| (role.id, role.clone())));
        Ok(())
    }

    async fn roles(&self, scope: Option<RoleScope>) -> Result<Vec<Role>, StoreError> {
        let state = self.lock();
        let mut roles: Vec<Role> = state
            .roles
            .values()
            .filter(|role| scope.is_none_or(|scope| role.scope == scope))
            .cloned()
            .collect();
        roles.sort_by(|a, b| (a.scope as u8, &a.name).cmp(&(b.scope as u8, &b.name)));
        roles.truncate(500);
        Ok(roles)
    }

    async fn role(&self, id: RoleId) -> Result<Option<Role>, StoreError> {
        Ok(self.lock().roles.get(&id).cloned())
    }

    async fn create_role(&self, role: &Role) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.role_named(role.scope, &role.name).is_some() {
            return Err(StoreError::Conflict("name"));
        }
        state.roles.insert(role.id, role.clone());
        Ok(())
    }

    async fn update_role(
        &self,
        id: RoleId,
        name: Option<&str>,
        permissions: Option<PermissionSet>,
    ) -> Result<Role, StoreError> {
        let mut state = self.lock();
        let before = own(&state, id)?;
        let mut after = before.clone();
        if let Some(name) = name.filter(|name| *name != before.name) {
            if state.role_named(before.scope, name).is_some() {
                return Err(StoreError::Conflict("name"));
            }
            name.clone_into(&mut after.name);
            if before.scope == RoleScope::System {
                for stored in state.accounts.values_mut().filter(|stored| stored.account.role == before.name)
                {
                    name.clone_into(&mut stored.account.role);
                }
            }
        }
        after.permissions = permissions.unwrap_or(after.permissions);
        state.roles.insert(id, after.clone());
        Ok(after)
    }

    async fn delete_role(&self, id: RoleId) -> Result<(), StoreError> {
        let mut state = self.lock();
        let role = own(&state, id)?;
        let held = match role.scope {
            RoleScope::System => state.accounts.values().any(|stored| stored.account.role == role.name),
            RoleScope::Space => state.memberships.iter().any(|(_, _, name)| *name == role.name),
            RoleScope::Channel => false,
        };
        if held {
            return Err(StoreError::Conflict("in_use"));
        }
        state.roles.remove(&id);
        Ok(())
    }
}

/// A role that is not built in.
fn own(state: &State, id: RoleId) -> Result<Role, StoreError> {
    state.roles.get(&id).filter(|role| !role.built_in).cloned().ok_or(StoreError::Missing("role"))
}
