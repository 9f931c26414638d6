use std::ops::Bound;

use async_trait::async_trait;
use plexi_core::{RoleScope, UserId};

use super::MemoryStore;
use crate::error::StoreError;
use crate::model::User;
use crate::ports::{Account, AccountChange, AccountStore, NewAccount};
use crate::roles::ADMIN;

#[async_trait]
impl AccountStore for MemoryStore {
    async fn create_account(&self, account: &NewAccount) -> Result<(), StoreError> {
        self.lock().insert(account)
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        self.reach()?;
        Ok(self.lock().account(id))
    }

    async fn account_by_name(&self, name: &str) -> Result<Option<(Account, Option<String>)>, StoreError> {
        let state = self.lock();
        let id = state.names.get(name).copied();
        Ok(id.and_then(|id| Some((state.account(id)?, state.accounts.get(&id)?.hash.clone()))))
    }

    async fn password_hash(&self, id: UserId) -> Result<Option<String>, StoreError> {
        Ok(self.lock().accounts.get(&id).and_then(|stored| stored.hash.clone()))
    }

    async fn set_password_hash(
        &self,
        id: UserId,
        former: Option<&str>,
        hash: &str,
        raise_epoch: bool,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        let stored = state.accounts.get_mut(&id).ok_or(StoreError::Missing("user"))?;
        if former.is_some() && stored.hash.as_deref() != former {
            return Err(StoreError::Conflict("changed"));
        }
        stored.hash = Some(hash.to_owned());
        stored.account.epoch += i64::from(raise_epoch);
        Ok(())
    }

    async fn update_account(&self, id: UserId, change: &AccountChange) -> Result<Account, StoreError> {
        let mut state = self.lock();
        let before = state.account(id).ok_or(StoreError::Missing("user"))?;
        if !change.is_for(&before) {
            return Err(StoreError::Conflict("changed"));
        }
        if let Some(role) = &change.role {
            state.role_named(RoleScope::System, role).ok_or(StoreError::Missing("role"))?;
        }
        let mut after = before.clone();
        let user = &mut after.user;
        if let Some(display_name) = &change.display_name {
            user.display_name.clone_from(display_name);
        }
        if let Some(status_text) = &change.status_text {
            user.status_text.clone_from(status_text);
        }
        user.disabled = change.disabled.unwrap_or(user.disabled);
        if let Some(locale) = &change.locale {
            after.locale.clone_from(locale);
        }
        after.theme = change.theme.unwrap_or(after.theme);
        if let Some(role) = &change.role {
            after.role.clone_from(role);
        }
        let counted = before.role == ADMIN && !before.user.disabled;
        let remains = after.role == ADMIN && !after.user.disabled;
        if counted && !remains && !state.has_other_admin(id) {
            return Err(StoreError::Conflict("last_admin"));
        }
        after.epoch += i64::from(change.role.is_some() || change.disabled.is_some());
        if let Some(stored) = state.accounts.get_mut(&id) {
            stored.account = after;
        }
        state.account(id).ok_or(StoreError::Missing("user"))
    }

    async fn accounts(
        &self,
        seen_by: Option<UserId>,
        prefix: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let state = self.lock();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let matches = |user: &User| {
            prefix.is_none_or(|p| user.name.starts_with(p) || user.display_name.to_lowercase().starts_with(p))
        };
        Ok(state
            .names
            .range::<str, _>((from, Bound::Unbounded))
            .filter_map(|(_, id)| state.accounts.get(id))
            .map(|stored| &stored.account.user)
            .filter(|user| matches(user))
            .filter(|user| seen_by.is_none_or(|viewer| state.are_acquainted(viewer, user.id)))
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let state = self.lock();
        Ok(ids
            .iter()
            .filter_map(|id| state.accounts.get(id))
            .map(|stored| stored.account.user.clone())
            .collect())
    }

    async fn acquaintances(&self, user: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let state = self.lock();
        Ok(among.iter().filter(|other| state.are_acquainted(user, **other)).copied().collect())
    }

    async fn has_admin(&self) -> Result<bool, StoreError> {
        Ok(self.lock().has_admin())
    }
}
