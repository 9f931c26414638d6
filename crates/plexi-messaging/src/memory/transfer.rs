use std::collections::HashSet;

use async_trait::async_trait;
use plexi_core::{ChannelId, MessageId, RoleScope, SpaceId, Timestamp, UserId};

use super::MemoryStore;
use super::channels::member;
use super::state::{Account, ChannelRow, MessageRow, SpaceRow, State};
use crate::error::StoreError;
use crate::model::Space;
use crate::ports::{
    ExportedMessage, Imported, ImportedChannel, ImportedMessage, ImportedUser, TransferStore,
};
use crate::search::fold::fold;

/// The role of those whose role has an unknown name.
const ORDINARY: &str = "member";

#[async_trait]
impl TransferStore for MemoryStore {
    async fn import_users(&self, users: &[ImportedUser]) -> Result<Imported, StoreError> {
        let mut state = self.change()?;
        let mut done = Imported::default();
        for user in users {
            if state.users.contains_key(&user.id) {
                done.present += 1;
                continue;
            }
            let taken: HashSet<&str> = state.users.values().map(|account| account.name.as_str()).collect();
            let account = Account {
                name: free_name(&user.name, |name| taken.contains(name)),
                display_name: user.display_name.clone(),
                bot: user.bot,
                disabled: user.disabled,
                created_at: user.created_at,
            };
            state.users.insert(user.id, account);
            done.added += 1;
        }
        Ok(done)
    }

    async fn import_space(&self, space: &Space) -> Result<SpaceId, StoreError> {
        let mut state = self.change()?;
        let folded = fold(&space.name);
        let known =
            state.spaces.values().find(|row| row.space.id == space.id || fold(&row.space.name) == folded);
        if let Some(known) = known {
            return Ok(known.space.id);
        }
        let row = SpaceRow {
            space: Space { role: None, ..space.clone() },
            members: std::collections::BTreeMap::new(),
        };
        state.spaces.insert(space.id, row);
        Ok(space.id)
    }

    async fn import_space_members(
        &self,
        space: SpaceId,
        users: &[(UserId, String)],
        at: Timestamp,
    ) -> Result<Imported, StoreError> {
        let mut state = self.change()?;
        let mut done = Imported::default();
        for (user, role) in users {
            state.need_user(*user)?;
            let role = known_role(&state, RoleScope::Space, role);
            let row = state.spaces.get_mut(&space).ok_or(StoreError::Missing("space"))?;
            if row.members.contains_key(user) {
                done.present += 1;
            } else {
                row.members.insert(*user, (role, at));
                done.added += 1;
            }
        }
        Ok(done)
    }

    async fn import_channel(&self, channel: &ImportedChannel) -> Result<ChannelId, StoreError> {
        let mut state = self.change()?;
        for (user, _) in &channel.members {
            state.need_user(*user)?;
        }
        let same = |row: &&ChannelRow| {
            row.id == channel.id || (channel.direct_key.is_some() && row.direct_key == channel.direct_key)
        };
        let known = state.channels.values().find(same).map(|row| row.id);
        let id = known.unwrap_or(channel.id);
        if known.is_none() {
            let in_space = |row: &&ChannelRow| channel.space_id.is_some() && row.space_id == channel.space_id;
            let taken: HashSet<&str> =
                state.channels.values().filter(in_space).map(|row| row.name.as_str()).collect();
            let row = ChannelRow {
                id,
                space_id: channel.space_id,
                kind: channel.kind,
                name: free_name(&channel.name, |name| taken.contains(name)),
                topic: channel.topic.clone(),
                archived: channel.archived,
                created_at: channel.created_at,
                direct_key: channel.direct_key.clone(),
                last_message_at: None,
                members: std::collections::BTreeMap::new(),
                log: Vec::new(),
                main: Vec::new(),
                threads: std::collections::HashMap::new(),
            };
            state.channels.insert(id, row);
        }
        for (user, role) in &channel.members {
            let role = known_role(&state, RoleScope::Channel, role);
            let row = state.channel_mut(id)?;
            let head = row.head();
            row.members.entry(*user).or_insert_with(|| member(&role, channel.created_at, head));
        }
        Ok(id)
    }

    async fn import_messages(
        &self,
        channel: ChannelId,
        messages: &[ImportedMessage],
    ) -> Result<Imported, StoreError> {
        let mut state = self.change()?;
        state.channel_mut(channel)?;
        let mut keys = HashSet::new();
        let mut fresh = Vec::new();
        for imported in messages {
            let id = imported.message.id;
            let known = state.messages.get(&id.key().0);
            if known.is_some_and(|row| row.new.id == id) {
                continue;
            }
            if known.is_some() || !keys.insert(id.key().0) {
                return Err(StoreError::Conflict("id"));
            }
            fresh.push(imported);
        }
        check_references(&state, channel, &fresh)?;
        let added = u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        for imported in fresh {
            let new = &imported.message;
            let Some(key) = state.insert(crate::ports::NewMessage { channel_id: channel, ..new.clone() })
            else {
                continue;
            };
            state.pins += 1;
            let order = state.pins;
            let Some(row) = state.messages.get_mut(&key) else { continue };
            row.edited_at = imported.edited_at;
            row.deleted = imported.deleted;
            row.pinned = imported.pinned.map(|(user, at)| (order, user, at));
            row.reactions.clone_from(&imported.reactions);
            row.history.clone_from(&imported.history);
        }
        let all = u64::try_from(messages.len()).unwrap_or(u64::MAX);
        Ok(Imported { added, present: all - added })
    }

    async fn finish_channel(&self, channel: ChannelId) -> Result<(), StoreError> {
        let mut state = self.change()?;
        let State { channels, messages, .. } = &mut *state;
        let row = channels.get_mut(&channel).ok_or(StoreError::Missing("channel"))?;
        for line in std::iter::once(&mut row.main).chain(row.threads.values_mut()) {
            line.sort_unstable();
            for (position, key) in line.iter().enumerate() {
                if let Some(message) = messages.get_mut(key) {
                    message.position = i64::try_from(position).unwrap_or(i64::MAX);
                }
            }
        }
        let head = row.head();
        for member in row.members.values_mut() {
            member.last_read = head;
        }
        Ok(())
    }

    async fn export_users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<ImportedUser>, StoreError> {
        let state = self.state();
        let users = state.users.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        Ok(users
            .take(most(limit))
            .map(|(id, account)| ImportedUser {
                id: *id,
                name: account.name.clone(),
                display_name: account.display_name.clone(),
                bot: account.bot,
                disabled: account.disabled,
                created_at: account.created_at,
            })
            .collect())
    }

    async fn export_spaces(&self) -> Result<Vec<Space>, StoreError> {
        Ok(self.state().spaces.values().map(|row| Space { role: None, ..row.space.clone() }).collect())
    }

    async fn export_space_members(
        &self,
        space: SpaceId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<(UserId, String)>, StoreError> {
        let state = self.state();
        let row = state.spaces.get(&space).ok_or(StoreError::Missing("space"))?;
        let members = row.members.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        Ok(members.take(most(limit)).map(|(id, (role, _))| (*id, role.clone())).collect())
    }

    async fn export_channels(
        &self,
        after: Option<ChannelId>,
        limit: u32,
    ) -> Result<Vec<ImportedChannel>, StoreError> {
        let state = self.state();
        let channels = state.channels.values().filter(|row| after.is_none_or(|after| row.id > after));
        Ok(channels
            .take(most(limit))
            .map(|row| ImportedChannel {
                id: row.id,
                space_id: row.space_id,
                kind: row.kind,
                name: row.name.clone(),
                topic: row.topic.clone(),
                archived: row.archived,
                created_at: row.created_at,
                members: row.members.iter().map(|(user, member)| (*user, member.role.clone())).collect(),
                direct_key: row.direct_key.clone(),
            })
            .collect())
    }

    async fn export_messages(
        &self,
        channel: ChannelId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<ExportedMessage>, StoreError> {
        let state = self.state();
        let from = after.map_or(0, |after| after.key().0 + 1);
        let rows = state.messages.range(from..).filter(|(_, row)| row.new.channel_id == channel);
        Ok(rows.take(most(limit)).filter_map(|(key, row)| exported(&state, *key, row)).collect())
    }
}

fn exported(state: &State, key: i64, row: &MessageRow) -> Option<ExportedMessage> {
    let mut message = state.shown(key, None)?;
    message.client_id.clone_from(&row.new.client_id);
    Some(ExportedMessage {
        message,
        history: row.history.clone(),
        reactions: row.reactions.clone(),
        pinned: row.pinned.map(|(_, user, at)| (user, at)),
    })
}

/// Everything is checked before anything is stored. Roots come before their replies, in the batch, too.
fn check_references(state: &State, channel: ChannelId, fresh: &[&ImportedMessage]) -> Result<(), StoreError> {
    let mut roots = HashSet::new();
    let mut seen = HashSet::new();
    for imported in fresh {
        let new = &imported.message;
        let stored = |id: MessageId| {
            state.messages.get(&id.key().0).filter(|row| row.new.id == id && row.new.channel_id == channel)
        };
        if let Some(root) = new.thread_id
            && !roots.contains(&root)
            && stored(root).is_none_or(|row| row.new.thread_id.is_some())
        {
            return Err(StoreError::Missing("thread"));
        }
        if new.reply_to.is_some_and(|id| !seen.contains(&id) && stored(id).is_none()) {
            return Err(StoreError::Missing("reply_to"));
        }
        seen.insert(new.id);
        if new.thread_id.is_none() {
            roots.insert(new.id);
        }
    }
    Ok(())
}

fn known_role(state: &State, scope: RoleScope, role: &str) -> String {
    if state.grants(scope, role).is_some() { role.to_owned() } else { ORDINARY.to_owned() }
}

/// The name, or with `-2`, `-3` ... when it is taken.
fn free_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut free = name.to_owned();
    let mut number = 2_u32;
    while taken(&free) {
        free = format!("{name}-{number}");
        number += 1;
    }
    free
}

fn most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
