use async_trait::async_trait;
use plexi_core::{ChannelId, MessageId, Timestamp, UserId};

use super::MemoryStore;
use crate::error::StoreError;
use crate::model::{Draft, ReadState};
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
