use async_trait::async_trait;
use plexi_core::{ChannelId, Permission, PermissionSet, RoleScope, SpaceId, Timestamp, UserId};

use super::MemoryStore;
use super::spaces::member_page;
use super::state::{ChannelRow, MemberRow, State};
use crate::error::StoreError;
use crate::event::{ChannelEvent, EventBody};
use crate::model::{Channel, ChannelKind, MemberEntry};
use crate::ports::{
    ChannelAccess, ChannelChange, ChannelFilter, ChannelStore, NewChannel, Removal, StorePage,
};
use crate::search::fold::fold;

#[async_trait]
impl ChannelStore for MemoryStore {
    async fn create_channel(&self, channel: &NewChannel) -> Result<ChannelId, StoreError> {
        let mut state = self.change()?;
        let existing =
            |row: &&ChannelRow| channel.direct_key.is_some() && row.direct_key == channel.direct_key;
        if let Some(existing) = state.channels.values().find(existing) {
            return Ok(existing.id);
        }
        name_is_free(&state, channel.space_id, &channel.name, None)?;
        for (user, role) in &channel.members {
            state.need_user(*user)?;
            state.need_role(RoleScope::Channel, role)?;
        }
        let members = channel.members.iter().map(|(user, role)| (*user, member(role, channel.created_at, 0)));
        let row = ChannelRow {
            id: channel.id,
            space_id: channel.space_id,
            kind: channel.kind,
            name: channel.name.clone(),
            topic: channel.topic.clone(),
            archived: false,
            created_at: channel.created_at,
            direct_key: channel.direct_key.clone(),
            last_message_at: None,
            members: members.collect(),
            log: Vec::new(),
            main: Vec::new(),
            threads: std::collections::HashMap::new(),
        };
        state.channels.insert(channel.id, row);
        Ok(channel.id)
    }

    async fn channel(&self, id: ChannelId, viewer: UserId) -> Result<Option<Channel>, StoreError> {
        let state = self.state();
        Ok(state.channels.get(&id).map(|row| state.shown_channel(row, viewer)))
    }

    async fn channels_of(&self, user: UserId) -> Result<Vec<Channel>, StoreError> {
        let state = self.state();
        let mine = state.channels.values().filter(|row| row.members.contains_key(&user) && !row.archived);
        Ok(mine.take(2_000).map(|row| state.shown_channel(row, user)).collect())
    }

    async fn heads_of(&self, user: UserId) -> Result<Vec<(ChannelId, i64)>, StoreError> {
        let state = self.state();
        let reads =
            |grants: Option<PermissionSet>| grants.is_some_and(|grants| grants.has(Permission::ChannelRead));
        let mine = state.channels.values().filter(|row| {
            let member = row.members.get(&user);
            member.is_some_and(|member| {
                reads(state.grants(RoleScope::Channel, &member.role))
                    || reads(state.space_grants(row.space_id, user))
                    || (!row.kind.is_direct() && state.system_reads(user))
            })
        });
        Ok(mine.take(5_000).map(|row| (row.id, row.head())).collect())
    }

    async fn space_channels(
        &self,
        space: SpaceId,
        viewer: UserId,
        filter: &ChannelFilter,
        page: StorePage,
    ) -> Result<Vec<Channel>, StoreError> {
        let state = self.state();
        let mut rows: Vec<&ChannelRow> = state
            .channels
            .values()
            .filter(|row| row.space_id == Some(space))
            .filter(|row| {
                let mine = row.members.contains_key(&viewer);
                (mine || filter.private || (filter.public && row.kind == ChannelKind::Public))
                    && filter.joined.is_none_or(|joined| joined == mine)
                    && (filter.archived || !row.archived)
                    && filter.query.as_ref().is_none_or(|query| fold(&row.name).contains(query.as_str()))
                    && page.after.as_ref().is_none_or(|after| row.name > *after)
            })
            .collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        Ok(rows.into_iter().map(|row| state.shown_channel(row, viewer)).collect())
    }

    async fn channel_access(&self, id: ChannelId, user: UserId) -> Result<Option<ChannelAccess>, StoreError> {
        let state = self.state();
        let Some(row) = state.channels.get(&id) else { return Ok(None) };
        let around = row.space_id.and_then(|space| state.spaces.get(&space));
        let role = row.members.get(&user).map(|member| member.role.as_str());
        Ok(Some(ChannelAccess {
            channel_id: id,
            space_id: row.space_id,
            kind: row.kind,
            archived: row.archived,
            space_archived: around.is_some_and(|space| space.space.archived),
            space: state.space_grants(row.space_id, user),
            member: role.map(|role| state.grants(RoleScope::Channel, role).unwrap_or(PermissionSet::EMPTY)),
            system_reads: state.system_reads(user),
        }))
    }

    async fn update_channel(
        &self,
        id: ChannelId,
        change: &ChannelChange,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError> {
        let mut state = self.change()?;
        let row = state.channel_mut(id)?;
        if change.expected.is_some_and(|expected| expected != row.head()) {
            return Err(StoreError::Conflict("changed"));
        }
        let space = row.space_id;
        if let Some(name) = &change.name {
            name_is_free(&state, space, name, Some(id))?;
        }
        let row = state.channel_mut(id)?;
        let before = row.facts();
        if let Some(name) = &change.name {
            row.name.clone_from(name);
        }
        if let Some(topic) = &change.topic {
            row.topic.clone_from(topic);
        }
        row.archived = change.archived.unwrap_or(row.archived);
        let channel = row.facts();
        Ok((channel != before).then(|| row.append(at, EventBody::ChannelUpdated { channel })))
    }

    async fn channel_members(
        &self,
        id: ChannelId,
        prefix: Option<&str>,
        page: StorePage,
    ) -> Result<Vec<MemberEntry>, StoreError> {
        let state = self.state();
        let row = state.channels.get(&id).ok_or(StoreError::Missing("channel"))?;
        let entries = row.members.iter().map(|(user, member)| MemberEntry {
            user_id: *user,
            role: member.role.clone(),
            joined_at: member.joined_at,
        });
        Ok(member_page(&state, entries, prefix, &page))
    }

    async fn set_channel_member(
        &self,
        id: ChannelId,
        user: UserId,
        role: &str,
        at: Timestamp,
    ) -> Result<(MemberEntry, Option<ChannelEvent>), StoreError> {
        let mut state = self.change()?;
        state.need_role(RoleScope::Channel, role)?;
        state.need_user(user)?;
        if state.administers_alone(id, user)
            && !state
                .grants(RoleScope::Channel, role)
                .is_some_and(|set| set.has(Permission::ChannelMembersManage))
        {
            return Err(StoreError::Conflict("administrator"));
        }
        let row = state.channel_mut(id)?;
        if let Some(known) = row.members.get_mut(&user) {
            role.clone_into(&mut known.role);
            return Ok((
                MemberEntry { user_id: user, role: role.to_owned(), joined_at: known.joined_at },
                None,
            ));
        }
        let event = row.append(at, EventBody::MemberJoined { user_id: user });
        let head = row.head();
        row.members.insert(user, member(role, at, head));
        Ok((MemberEntry { user_id: user, role: role.to_owned(), joined_at: at }, Some(event)))
    }

    async fn remove_channel_member(
        &self,
        id: ChannelId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Option<Removal>, StoreError> {
        let mut state = self.change()?;
        let row = state.channel_mut(id)?;
        if !row.members.contains_key(&user) {
            return Ok(None);
        }
        if row.kind == ChannelKind::Private && !row.archived && row.members.len() == 1 {
            return Err(StoreError::Conflict("last_member"));
        }
        Ok(state.remove_member(id, user, at))
    }

    async fn hand_over(&self, user: UserId) -> Result<Vec<(ChannelId, UserId)>, StoreError> {
        let mut state = self.change()?;
        let mine = state.channels.values().filter(|row| row.members.contains_key(&user));
        let mine: Vec<ChannelId> = mine.map(|row| row.id).collect();
        Ok(mine.into_iter().filter_map(|id| Some((id, state.appoint(id)?))).collect())
    }

    async fn set_channel_settings(
        &self,
        id: ChannelId,
        user: UserId,
        muted: Option<bool>,
        favourite: Option<bool>,
    ) -> Result<(), StoreError> {
        let mut state = self.change()?;
        let member = state.channel_mut(id)?.members.get_mut(&user).ok_or(StoreError::Missing("member"))?;
        member.muted = muted.unwrap_or(member.muted);
        member.favourite = favourite.unwrap_or(member.favourite);
        Ok(())
    }
}

fn member(role: &str, joined_at: Timestamp, last_read: i64) -> MemberRow {
    MemberRow { role: role.to_owned(), joined_at, last_read, muted: false, favourite: false, imported: false }
}

fn name_is_free(
    state: &State,
    space: Option<SpaceId>,
    name: &str,
    except: Option<ChannelId>,
) -> Result<(), StoreError> {
    let taken = space.is_some()
        && state
            .channels
            .values()
            .any(|row| Some(row.id) != except && row.space_id == space && row.name == name);
    if taken { Err(StoreError::Conflict("name")) } else { Ok(()) }
}
