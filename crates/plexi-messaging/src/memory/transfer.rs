use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use plexi_core::{ChannelId, MessageId, RoleScope, SpaceId, UserId};

use super::MemoryStore;
use super::state::{ChannelRow, LogBody, MemberRow, MessageRow, RoleRow, SpaceRow, State};
use crate::error::StoreError;
use crate::model::Space;
use crate::ports::{
    ExportedMessage, ImportTerms, Imported, ImportedChannel, ImportedMember, ImportedMessage, ImportedRole,
    ImportedSeat, ImportedUser, Placed, ReadTo, TransferStore,
};
use crate::search::fold::fold;
use crate::transfer::{Named, numbered};

/// The longest names, in characters.
const LONGEST_ACCOUNT: usize = 32;
const LONGEST_ROOM: usize = 64;

/// How many of `all` are new when `present` are there.
fn counted<T>(all: usize, present: impl Iterator<Item = T>) -> Imported {
    let present = present.count();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Imported { added: count(all - present), present: count(present) }
}

#[async_trait]
impl TransferStore for MemoryStore {
    async fn import_users(
        &self,
        users: &[ImportedUser],
        terms: ImportTerms,
    ) -> Result<Vec<Placed<UserId>>, StoreError> {
        let mut state = self.change()?;
        let mut placed: Vec<Placed<UserId>> = Vec::with_capacity(users.len());
        let mut taken: HashSet<String> = state.users.values().map(|account| account.name.clone()).collect();
        let mut added: BTreeMap<UserId, ImportedUser> = BTreeMap::new();
        for user in users {
            let known = state.users.get(&user.id).or(added.get(&user.id));
            if let Some(known) = known {
                let own = state.brought(Named::User, user.id.as_uuid(), terms.origin)
                    || added.contains_key(&user.id);
                placed.push(Placed { id: user.id, name: known.name.clone(), present: true, own });
                continue;
            }
            if !terms.dry_run {
                state.need_role(RoleScope::System, &user.role)?;
            }
            let name = free_name(&user.name, '-', LONGEST_ACCOUNT, |name| taken.contains(name));
            taken.insert(name.clone());
            placed.push(Placed { id: user.id, name: name.clone(), present: false, own: true });
            added.insert(user.id, ImportedUser { name, ..user.clone() });
        }
        if !terms.dry_run {
            for id in added.keys() {
                state.note(Named::User, id.as_uuid(), terms.origin);
            }
            state.users.append(&mut added);
        }
        Ok(placed)
    }

    async fn import_role(&self, role: &ImportedRole) -> Result<(), StoreError> {
        let mut state = self.change()?;
        let key = (role.scope.into(), role.name.clone());
        if state.roles.contains_key(&key) {
            return Err(StoreError::Conflict("name"));
        }
        state.roles.insert(key, RoleRow::from_imported(role));
        Ok(())
    }

    async fn import_space(&self, space: &Space, terms: ImportTerms) -> Result<Placed<SpaceId>, StoreError> {
        let mut state = self.change()?;
        if let Some(known) = state.spaces.get(&space.id) {
            let own = state.brought(Named::Space, space.id.as_uuid(), terms.origin);
            return Ok(Placed { id: space.id, name: known.space.name.clone(), present: true, own });
        }
        let taken: HashSet<String> = state.spaces.values().map(|row| fold(&row.space.name)).collect();
        let name = free_name(&space.name, ' ', LONGEST_ROOM, |name| taken.contains(&fold(name)));
        if !terms.dry_run {
            state.note(Named::Space, space.id.as_uuid(), terms.origin);
            let space = Space { role: None, name: name.clone(), ..space.clone() };
            state.spaces.insert(space.id, SpaceRow { space, members: BTreeMap::new() });
        }
        Ok(Placed { id: space.id, name, present: false, own: true })
    }

    async fn import_space_members(
        &self,
        space: SpaceId,
        members: &[ImportedMember],
        dry_run: bool,
    ) -> Result<Imported, StoreError> {
        let mut state = self.change()?;
        if dry_run {
            let row = state.spaces.get(&space).ok_or(StoreError::Missing("space"))?;
            return Ok(counted(
                members.len(),
                members.iter().filter(|one| row.members.contains_key(&one.user)),
            ));
        }
        for member in members {
            state.need_user(member.user)?;
            state.need_role(RoleScope::Space, &member.role)?;
        }
        let row = state.spaces.get_mut(&space).ok_or(StoreError::Missing("space"))?;
        let mut done = Imported::default();
        for member in members {
            if let Entry::Vacant(place) = row.members.entry(member.user) {
                place.insert((member.role.clone(), member.joined_at));
                done.added += 1;
            } else {
                done.present += 1;
            }
        }
        Ok(done)
    }

    async fn import_channel(
        &self,
        channel: &ImportedChannel,
        terms: ImportTerms,
    ) -> Result<(Placed<ChannelId>, Imported), StoreError> {
        let mut state = self.change()?;
        let same = |row: &&ChannelRow| {
            row.id == channel.id || (channel.direct_key.is_some() && row.direct_key == channel.direct_key)
        };
        let known = state.channels.values().find(same).map(|row| (row.id, row.name.clone()));
        let (id, name, present) = if let Some((id, name)) = known {
            (id, name, true)
        } else {
            let in_space = |row: &&ChannelRow| channel.space_id.is_some() && row.space_id == channel.space_id;
            let taken: HashSet<&str> =
                state.channels.values().filter(in_space).map(|row| row.name.as_str()).collect();
            (channel.id, free_name(&channel.name, '-', LONGEST_ROOM, |name| taken.contains(name)), false)
        };
        let own = !present || state.brought(Named::Channel, id.as_uuid(), terms.origin);
        let placed = Placed { id, name: name.clone(), present, own };
        let there = state.channels.get(&id);
        let seated = |seat: &&ImportedSeat| there.is_some_and(|row| row.members.contains_key(&seat.user));
        let seats = counted(channel.members.len(), channel.members.iter().filter(seated));
        if terms.dry_run || !(own || terms.restore) {
            return Ok((placed, seats));
        }
        for member in &channel.members {
            state.need_user(member.user)?;
            state.need_role(RoleScope::Channel, &member.role)?;
        }
        let row = state.channels.entry(id).or_insert_with(|| ChannelRow {
            id,
            space_id: channel.space_id,
            kind: channel.kind,
            name,
            topic: channel.topic.clone(),
            archived: channel.archived,
            created_at: channel.created_at,
            direct_key: channel.direct_key.clone(),
            last_message_at: None,
            members: BTreeMap::new(),
            log: Vec::new(),
            main: Vec::new(),
            threads: HashMap::new(),
        });
        for seat in &channel.members {
            row.members.entry(seat.user).or_insert_with(|| MemberRow {
                role: seat.role.clone(),
                joined_at: seat.joined_at,
                last_read: 0,
                muted: seat.muted,
                favourite: seat.favourite,
                imported: true,
            });
        }
        if !present {
            state.note(Named::Channel, id.as_uuid(), terms.origin);
        }
        Ok((placed, seats))
    }

    async fn import_messages(
        &self,
        channel: ChannelId,
        messages: &[ImportedMessage],
        dry_run: bool,
    ) -> Result<Imported, StoreError> {
        let mut state = self.change()?;
        let there = |id: MessageId| state.messages.get(&id.key().0).filter(|row| row.new.id == id);
        let mut rows = messages.iter().filter_map(|new| there(new.message.id));
        if rows.any(|row| row.new.channel_id != channel) {
            return Err(StoreError::Conflict("channel"));
        }
        if dry_run {
            let known = |new: &&ImportedMessage| there(new.message.id).is_some();
            return Ok(counted(messages.len(), messages.iter().filter(known)));
        }
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

    async fn finish_channel(&self, channel: ChannelId, read: &[(UserId, ReadTo)]) -> Result<(), StoreError> {
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
        let read: HashMap<UserId, ReadTo> = read.iter().copied().collect();
        for (user, member) in row.members.iter_mut().filter(|(_, member)| member.imported) {
            member.imported = false;
            member.last_read = match read.get(user) {
                None | Some(ReadTo::Everything) => head,
                Some(ReadTo::Nothing) => 0,
                Some(ReadTo::Message(id)) => messages.get(&id.key().0).map_or(head, |message| message.seq),
            };
        }
        Ok(())
    }

    async fn export_roles(&self) -> Result<Vec<ImportedRole>, StoreError> {
        let state = self.state();
        let roles = state.roles.iter().map(|((_, name), row)| {
            let RoleRow { id, scope, permissions, built_in } = *row;
            ImportedRole { id, scope, name: name.clone(), permissions, built_in }
        });
        Ok(roles.collect())
    }

    async fn export_users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<ImportedUser>, StoreError> {
        let state = self.state();
        let users = state.users.values().filter(|user| after.is_none_or(|after| user.id > after));
        Ok(users.take(most(limit)).cloned().collect())
    }

    async fn export_spaces(&self) -> Result<Vec<Space>, StoreError> {
        Ok(self.state().spaces.values().map(|row| Space { role: None, ..row.space.clone() }).collect())
    }

    async fn export_space_members(
        &self,
        space: SpaceId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<ImportedMember>, StoreError> {
        let state = self.state();
        let row = state.spaces.get(&space).ok_or(StoreError::Missing("space"))?;
        let members = row.members.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        let members = members.take(most(limit)).map(|(user, (role, joined_at))| ImportedMember {
            user: *user,
            role: role.clone(),
            joined_at: *joined_at,
        });
        Ok(members.collect())
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
                members: row.members.iter().map(|(user, member)| seat(&state, row, *user, member)).collect(),
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

/// A member as an export has it: read to the last message of the log before the mark.
fn seat(state: &State, row: &ChannelRow, user: UserId, member: &MemberRow) -> ImportedSeat {
    let read = usize::try_from(member.last_read).unwrap_or(0).min(row.log.len());
    let posted = row.log[..read].iter().rev().find_map(|(_, body)| match body {
        LogBody::Posted(key) => Some(state.messages.get(key)?.new.id),
        _ => None,
    });
    ImportedSeat {
        user,
        role: member.role.clone(),
        joined_at: member.joined_at,
        muted: member.muted,
        favourite: member.favourite,
        read: posted.map_or(ReadTo::Nothing, ReadTo::Message),
    }
}

/// The name, or with 2, 3 ... when it is taken.
fn free_name(name: &str, glue: char, most: usize, taken: impl Fn(&str) -> bool) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while taken(&free) {
        free = numbered(name, glue, number, most);
        number += 1;
    }
    free
}

fn most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
