use async_trait::async_trait;
use plexi_core::{RoleScope, SpaceId, Timestamp, UserId};

use super::MemoryStore;
use super::state::{SpaceRow, State};
use crate::error::StoreError;
use crate::model::{MemberEntry, Space};
use crate::ports::{ImportedUser, Removal, SpaceAccess, SpaceChange, SpaceStore, StorePage};
use crate::search::fold::fold;

#[async_trait]
impl SpaceStore for MemoryStore {
    async fn create_space(&self, space: &Space, owner: UserId) -> Result<(), StoreError> {
        let mut state = self.change()?;
        state.need_user(owner)?;
        name_is_free(&state, &space.name, None)?;
        let members = [(owner, ("admin".to_owned(), space.created_at))].into();
        state.spaces.insert(space.id, SpaceRow { space: space.clone(), members });
        Ok(())
    }

    async fn space(&self, id: SpaceId, viewer: UserId) -> Result<Option<Space>, StoreError> {
        Ok(self.state().spaces.get(&id).map(|row| shown(row, viewer)))
    }

    async fn has_space_named(&self, name: &str) -> Result<bool, StoreError> {
        Ok(name_is_free(&self.state(), name, None).is_err())
    }

    async fn spaces_of(&self, user: UserId, page: StorePage) -> Result<Vec<Space>, StoreError> {
        Ok(by_name(&self.state(), &page, |row| row.members.contains_key(&user).then(|| shown(row, user))))
    }

    async fn spaces(&self, viewer: UserId, page: StorePage) -> Result<Vec<Space>, StoreError> {
        Ok(by_name(&self.state(), &page, |row| Some(shown(row, viewer))))
    }

    async fn update_space(&self, id: SpaceId, change: &SpaceChange) -> Result<(), StoreError> {
        let mut state = self.change()?;
        let row = state.spaces.get(&id).ok_or(StoreError::Missing("space"))?;
        if !change.is_for(&row.space.name, row.space.archived) {
            return Err(StoreError::Conflict("changed"));
        }
        if let Some(name) = &change.name {
            name_is_free(&state, name, Some(id))?;
        }
        let row = state.spaces.get_mut(&id).ok_or(StoreError::Missing("space"))?;
        if let Some(name) = &change.name {
            row.space.name.clone_from(name);
        }
        row.space.archived = change.archived.unwrap_or(row.space.archived);
        Ok(())
    }

    async fn space_access(&self, id: SpaceId, user: UserId) -> Result<Option<SpaceAccess>, StoreError> {
        let state = self.state();
        let Some(row) = state.spaces.get(&id) else { return Ok(None) };
        Ok(Some(SpaceAccess { archived: row.space.archived, granted: state.space_grants(Some(id), user) }))
    }

    async fn space_members(
        &self,
        id: SpaceId,
        prefix: Option<&str>,
        page: StorePage,
    ) -> Result<Vec<MemberEntry>, StoreError> {
        let state = self.state();
        let row = state.spaces.get(&id).ok_or(StoreError::Missing("space"))?;
        let entries = row.members.iter().map(|(user, (role, joined_at))| MemberEntry {
            user_id: *user,
            role: role.clone(),
            joined_at: *joined_at,
        });
        Ok(member_page(&state, entries, prefix, &page))
    }

    async fn set_space_member(
        &self,
        id: SpaceId,
        user: UserId,
        role: &str,
        at: Timestamp,
    ) -> Result<MemberEntry, StoreError> {
        let mut state = self.change()?;
        state.need_role(RoleScope::Space, role)?;
        state.need_user(user)?;
        let row = state.spaces.get_mut(&id).ok_or(StoreError::Missing("space"))?;
        let member = row.members.entry(user).or_insert_with(|| (String::new(), at));
        role.clone_into(&mut member.0);
        Ok(MemberEntry { user_id: user, role: role.to_owned(), joined_at: member.1 })
    }

    async fn remove_space_member(
        &self,
        id: SpaceId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Vec<Removal>, StoreError> {
        let mut state = self.change()?;
        let row = state.spaces.get_mut(&id).ok_or(StoreError::Missing("space"))?;
        row.members.remove(&user);
        let inside = state.channels.values().filter(|channel| channel.space_id == Some(id));
        let inside: Vec<_> = inside.map(|channel| channel.id).collect();
        Ok(inside.into_iter().filter_map(|channel| state.remove_member(channel, user, at)).collect())
    }
}

fn name_is_free(state: &State, name: &str, except: Option<SpaceId>) -> Result<(), StoreError> {
    let folded = fold(name);
    let taken =
        state.spaces.values().any(|row| Some(row.space.id) != except && fold(&row.space.name) == folded);
    if taken { Err(StoreError::Conflict("name")) } else { Ok(()) }
}

fn shown(row: &SpaceRow, viewer: UserId) -> Space {
    Space { role: row.members.get(&viewer).map(|(role, _)| role.clone()), ..row.space.clone() }
}

fn by_name(state: &State, page: &StorePage, seen: impl Fn(&SpaceRow) -> Option<Space>) -> Vec<Space> {
    let name = |row: &SpaceRow| fold(&row.space.name);
    let after = match page.after.as_deref() {
        None => None,
        Some(after) => match after.parse().ok().and_then(|id: SpaceId| state.spaces.get(&id)) {
            Some(last) => Some(name(last)),
            None => return Vec::new(),
        },
    };
    let mut rows: Vec<&SpaceRow> = state.spaces.values().filter(|row| Some(name(row)) > after).collect();
    rows.sort_by_key(|row| name(row));
    rows.into_iter().filter_map(seen).take(usize::try_from(page.limit).unwrap_or(1)).collect()
}

/// Members in order of id, with a folded start of name or display name, after the page's key.
pub(super) fn member_page(
    state: &State,
    entries: impl Iterator<Item = MemberEntry>,
    prefix: Option<&str>,
    page: &StorePage,
) -> Vec<MemberEntry> {
    let named = |account: &ImportedUser, prefix: &str| {
        account.name.starts_with(prefix) || fold(&account.display_name).starts_with(prefix)
    };
    entries
        .filter(|entry| page.after.as_ref().is_none_or(|after| entry.user_id.to_string() > *after))
        .filter(|entry| {
            prefix.is_none_or(|prefix| {
                state.users.get(&entry.user_id).is_some_and(|account| named(account, prefix))
            })
        })
        .take(usize::try_from(page.limit).unwrap_or(usize::MAX))
        .collect()
}
