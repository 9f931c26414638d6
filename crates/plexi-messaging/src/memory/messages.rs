use std::collections::HashSet;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use plexi_core::{ChannelId, MessageId, Timestamp, UserId};

use super::MemoryStore;
use super::state::{Follower, LogBody, State};
use crate::error::StoreError;
use crate::event::{ChannelEvent, EventBody};
use crate::model::{Message, Revision};
use crate::ports::{Edit, Line, MessageStore, NewMessage, Posted, Slice};

/// Different emoji on one message.
const MOST_EMOJI: usize = 50;
/// Pinned messages of one channel.
const MOST_PINS: usize = 100;
/// Former texts that are handed out.
const MOST_REVISIONS: usize = 100;

#[async_trait]
impl MessageStore for MemoryStore {
    async fn post(&self, batch: &[NewMessage]) -> Result<Vec<Result<Posted, StoreError>>, StoreError> {
        let _turn = self.posts.lock().await;
        let mut state = self.change()?;
        self.commits.fetch_add(1, Ordering::SeqCst);
        Ok(batch.iter().map(|new| post_one(&mut state, new)).collect())
    }

    async fn message(&self, id: MessageId, viewer: UserId) -> Result<Option<Message>, StoreError> {
        Ok(self.state().shown(id.key().0, Some(viewer)).filter(|message| message.id == id))
    }

    async fn slice(
        &self,
        line: Line,
        slice: Slice,
        limit: u32,
        viewer: UserId,
    ) -> Result<(Vec<Message>, i64), StoreError> {
        let state = self.state();
        let empty = Vec::new();
        let keys = match line {
            Line::Main(channel) => state.channels.get(&channel).map_or(&empty, |row| &row.main),
            Line::Thread(channel, root) => {
                state.channels.get(&channel).and_then(|row| row.threads.get(&root)).unwrap_or(&empty)
            }
        };
        let total = keys.len();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let at = |position: i64| usize::try_from(position).unwrap_or(0).min(total);
        let (from, to) = match slice {
            Slice::Latest => (total.saturating_sub(limit), total),
            Slice::Before(position) => (at(position).saturating_sub(limit), at(position)),
            Slice::After(position) => {
                let from = at(position.saturating_add(1));
                (from, from.saturating_add(limit))
            }
            Slice::Around(position) => around(at(position), limit / 2, limit),
            Slice::Date(time) => {
                let older = |key: &i64| state.messages.get(key).is_some_and(|row| row.new.created_at < time);
                around(keys.iter().position(|key| !older(key)).unwrap_or(total), limit / 4, limit)
            }
        };
        let keys = &keys[from..to.min(total)];
        let items = keys.iter().filter_map(|key| state.shown(*key, Some(viewer))).collect();
        Ok((items, i64::try_from(total).unwrap_or(i64::MAX)))
    }

    async fn edit(&self, id: MessageId, edit: &Edit) -> Result<ChannelEvent, StoreError> {
        let mut state = self.change()?;
        let row = state.live(id)?;
        if edit.expected.is_some_and(|expected| expected != row.edited_at) {
            return Err(StoreError::Conflict("changed"));
        }
        let former = std::mem::replace(&mut row.new.text, edit.text.clone());
        row.history.insert(0, Revision { text: former, at: edit.at });
        row.edited_at = Some(edit.at);
        let mut named = std::mem::replace(&mut row.new.mentions, edit.mentions.clone());
        row.new.mentions_all = edit.mentions_all;
        row.new.has_link = edit.has_link;
        row.tokens = edit.index.split(' ').map(str::to_owned).collect();
        let (channel, thread, position) = (row.new.channel_id, row.new.thread_id, row.position);
        if let Some(root) = thread {
            for user in &edit.mentions {
                let fresh = || Follower { channel, seen: position, named: None };
                state.followers.entry((*user, root)).or_insert_with(fresh);
            }
            named.extend(&edit.mentions);
            state.name_anew(channel, root, &named);
        }
        append(&mut state, channel, edit.at, LogBody::Edited(id.key().0))
    }

    async fn delete(&self, id: MessageId, at: Timestamp) -> Result<Option<ChannelEvent>, StoreError> {
        let mut state = self.change()?;
        let row = state.messages.get_mut(&id.key().0).filter(|row| row.new.id == id);
        let row = row.ok_or(StoreError::Missing("message"))?;
        if row.deleted {
            return Ok(None);
        }
        row.deleted = true;
        row.new.text.clear();
        let named = std::mem::take(&mut row.new.mentions);
        row.new.mentions_all = false;
        row.new.has_link = false;
        row.tokens = HashSet::new();
        row.history.clear();
        row.reactions.clear();
        row.pinned = None;
        let (channel, thread_id) = (row.new.channel_id, row.new.thread_id);
        if let Some(root) = thread_id {
            state.name_anew(channel, root, &named);
        }
        let body = LogBody::Other(EventBody::MessageDeleted { message_id: id, thread_id });
        append(&mut state, channel, at, body).map(Some)
    }

    async fn history(&self, id: MessageId) -> Result<Vec<Revision>, StoreError> {
        let state = self.state();
        let row = state.messages.get(&id.key().0).filter(|row| row.new.id == id);
        Ok(row.map(|row| row.history.iter().take(MOST_REVISIONS).cloned().collect()).unwrap_or_default())
    }

    async fn react(
        &self,
        id: MessageId,
        user: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError> {
        let mut state = self.change()?;
        let row = state.live(id)?;
        if row.reactions.iter().any(|(known, who, _)| known == emoji && *who == user) {
            return Ok(None);
        }
        let known: HashSet<&str> = row.reactions.iter().map(|(known, _, _)| known.as_str()).collect();
        if known.len() >= MOST_EMOJI && !known.contains(emoji) {
            return Err(StoreError::Conflict("reactions"));
        }
        row.reactions.push((emoji.to_owned(), user, at));
        let count = count(&row.reactions, emoji);
        let channel = row.new.channel_id;
        let event =
            EventBody::ReactionAdded { message_id: id, emoji: emoji.to_owned(), user_id: user, count };
        append(&mut state, channel, at, LogBody::Other(event)).map(Some)
    }

    async fn unreact(
        &self,
        id: MessageId,
        user: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError> {
        let mut state = self.change()?;
        let row = state.live(id)?;
        let before = row.reactions.len();
        row.reactions.retain(|(known, who, _)| !(known == emoji && *who == user));
        if row.reactions.len() == before {
            return Ok(None);
        }
        let count = count(&row.reactions, emoji);
        let channel = row.new.channel_id;
        let event =
            EventBody::ReactionRemoved { message_id: id, emoji: emoji.to_owned(), user_id: user, count };
        append(&mut state, channel, at, LogBody::Other(event)).map(Some)
    }

    async fn set_pinned(
        &self,
        id: MessageId,
        user: UserId,
        pinned: bool,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError> {
        let mut state = self.change()?;
        let row = state.live(id)?;
        let channel = row.new.channel_id;
        if row.pinned.is_some() == pinned {
            return Ok(None);
        }
        if pinned && pinned_in(&state, channel).count() >= MOST_PINS {
            return Err(StoreError::Conflict("pins"));
        }
        state.pins += 1;
        let order = state.pins;
        state.live(id)?.pinned = pinned.then_some((order, user, at));
        let event = if pinned {
            EventBody::MessagePinned { message_id: id, user_id: user }
        } else {
            EventBody::MessageUnpinned { message_id: id, user_id: user }
        };
        append(&mut state, channel, at, LogBody::Other(event)).map(Some)
    }

    async fn pins(&self, channel: ChannelId, viewer: UserId) -> Result<Vec<Message>, StoreError> {
        let state = self.state();
        let mut pinned: Vec<(u64, i64)> = pinned_in(&state, channel).collect();
        pinned.sort_unstable_by(|a, b| b.cmp(a));
        Ok(pinned.into_iter().filter_map(|(_, key)| state.shown(key, Some(viewer))).collect())
    }

    async fn events_after(
        &self,
        channel: ChannelId,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<ChannelEvent>, StoreError> {
        let state = self.state();
        let Some(row) = state.channels.get(&channel) else { return Ok(Vec::new()) };
        let seqs =
            (seq.max(0).saturating_add(1)..=row.head()).take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(seqs.filter_map(|seq| state.event(row, seq)).collect())
    }
}

fn post_one(state: &mut State, new: &NewMessage) -> Result<Posted, StoreError> {
    if let Some(client_id) = &new.client_id {
        let same = |known: &NewMessage| {
            known.author_id == new.author_id
                && known.channel_id == new.channel_id
                && known.client_id.as_ref() == Some(client_id)
        };
        let known = state.messages.iter().find(|(_, row)| same(&row.new)).map(|(key, _)| *key);
        if let Some(message) = known.and_then(|key| state.shown(key, Some(new.author_id))) {
            return Ok(Posted { message, duplicate: true, event: None });
        }
    }
    state.check(new)?;
    let gone = || StoreError::Missing("channel");
    let key = state.insert(new.clone()).ok_or_else(gone)?;
    state.follow(new);
    let channel = state.channels.get(&new.channel_id).ok_or_else(gone)?;
    let event = state.event(channel, channel.head());
    let message = state.shown(key, Some(new.author_id)).ok_or_else(gone)?;
    Ok(Posted { message, duplicate: false, event })
}

fn append(
    state: &mut State,
    channel: ChannelId,
    at: Timestamp,
    body: LogBody,
) -> Result<ChannelEvent, StoreError> {
    state.channel_mut(channel)?.log.push((at, body));
    let row = state.channels.get(&channel).ok_or(StoreError::Missing("channel"))?;
    state.event(row, row.head()).ok_or(StoreError::Missing("message"))
}

/// `limit` places, `before` of them before `at`, or more of them when nothing comes after.
fn around(at: usize, before: usize, limit: usize) -> (usize, usize) {
    let from = at.saturating_sub(before);
    (from, from.saturating_add(limit))
}

fn count(reactions: &[(String, UserId, Timestamp)], emoji: &str) -> u32 {
    u32::try_from(reactions.iter().filter(|(known, _, _)| known == emoji).count()).unwrap_or(u32::MAX)
}

fn pinned_in(state: &State, channel: ChannelId) -> impl Iterator<Item = (u64, i64)> {
    let rows = state.messages.iter().filter(move |(_, row)| row.new.channel_id == channel);
    rows.filter_map(|(key, row)| row.pinned.map(|(order, _, _)| (order, *key)))
}
