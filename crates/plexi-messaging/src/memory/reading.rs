use async_trait::async_trait;
use plexi_core::{ChannelId, MessageId, Timestamp, UserId};

use super::MemoryStore;
use crate::error::StoreError;
use crate::model::{Category, Draft, ReadState, ThreadState};
use crate::ports::ReadStore;

/// Drafts of one user.
const MOST_DRAFTS: usize = 500;

#[async_trait]
impl ReadStore for MemoryStore {
    async fn mark_read(
        &self,
        channel: ChannelId,
        user: UserId,
        seq: i64,
        force: bool,
    ) -> Result<ReadState, StoreError> {
        let mut state = self.change()?;
        let row = state.channel_mut(channel)?;
        let head = row.head();
        let member = row.members.get_mut(&user).ok_or(StoreError::Missing("member"))?;
        let wanted = seq.clamp(0, head);
        member.last_read = if force { wanted } else { wanted.max(member.last_read) };
        let last_read = member.last_read;
        let row = state.channels.get(&channel).ok_or(StoreError::Missing("channel"))?;
        Ok(state.read_state(row, user, last_read))
    }

    async fn threads_of(
        &self,
        user: UserId,
        unread: bool,
        limit: u32,
    ) -> Result<Vec<ThreadState>, StoreError> {
        let state = self.state();
        let last_reply = |root: MessageId, channel: ChannelId| {
            let keys = state.channels.get(&channel).and_then(|row| row.threads.get(&root));
            keys.and_then(|keys| keys.last().copied())
        };
        let mut mine: Vec<_> = state
            .followers
            .iter()
            .filter(|((who, _), _)| *who == user)
            .filter(|(_, follower)| {
                state.channels.get(&follower.channel).is_some_and(|row| row.members.contains_key(&user))
            })
            .map(|((_, root), follower)| {
                (last_reply(*root, follower.channel), state.thread_state(*root, follower))
            })
            .filter(|(_, thread)| !unread || thread.unread > 0)
            .collect();
        mine.sort_by_key(|(last, _)| std::cmp::Reverse(*last));
        mine.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(mine.into_iter().map(|(_, thread)| thread).collect())
    }

    async fn thread_states(&self, root: MessageId) -> Result<Vec<(UserId, ThreadState)>, StoreError> {
        let state = self.state();
        let all = state.followers.iter().filter(|((_, thread), _)| *thread == root);
        Ok(all.map(|((user, _), follower)| (*user, state.thread_state(root, follower))).collect())
    }

    async fn mark_thread_read(
        &self,
        root: MessageId,
        user: UserId,
        seen: i64,
    ) -> Result<Option<ThreadState>, StoreError> {
        let mut state = self.change()?;
        let Some(follower) = state.followers.get(&(user, root)) else { return Ok(None) };
        let keys = state.channels.get(&follower.channel).and_then(|row| row.threads.get(&root));
        let total = i64::try_from(keys.map_or(0, Vec::len)).unwrap_or(i64::MAX);
        let seen = seen.clamp(follower.seen, total.max(follower.seen));
        if let Some(follower) = state.followers.get_mut(&(user, root)) {
            follower.seen = seen;
        }
        Ok(state.followers.get(&(user, root)).map(|follower| state.thread_state(root, follower)))
    }

    async fn categories(&self, user: UserId) -> Result<Vec<Category>, StoreError> {
        Ok(self.state().categories.get(&user).cloned().unwrap_or_default())
    }

    async fn set_categories(&self, user: UserId, categories: &[Category]) -> Result<(), StoreError> {
        self.change()?.categories.insert(user, categories.to_vec());
        Ok(())
    }

    async fn set_draft(
        &self,
        user: UserId,
        channel: ChannelId,
        thread: Option<MessageId>,
        text: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.change()?;
        let key = (user, channel, thread);
        let Some(text) = text else {
            state.drafts.remove(&key);
            return Ok(());
        };
        let others = state.drafts.keys().filter(|known| known.0 == user && **known != key).count();
        if others >= MOST_DRAFTS {
            return Err(StoreError::Conflict("drafts"));
        }
        let draft = Draft { channel_id: channel, thread_id: thread, text: text.to_owned(), updated_at: at };
        state.drafts.insert(key, draft);
        Ok(())
    }

    async fn drafts(&self, user: UserId) -> Result<Vec<Draft>, StoreError> {
        let state = self.state();
        let mut drafts: Vec<Draft> =
            state.drafts.iter().filter(|(key, _)| key.0 == user).map(|(_, draft)| draft.clone()).collect();
        drafts.sort_by_key(|draft| std::cmp::Reverse(draft.updated_at));
        Ok(drafts)
    }
}
