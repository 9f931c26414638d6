use plexi_core::{Actor, ChannelId, MessageId, Permission};

use crate::error::MessagingError;
use crate::hub::{OutFrame, ServerFrame};
use crate::messaging::{Messaging, account, invalid};
use crate::model::{Message, ThreadEntry, ThreadState};

/// Threads in a list.
const MOST_LISTED: u32 = 100;

impl Messaging {
    /// The threads with unread replies that the actor takes part in, those with the latest replies first; at most 100.
    pub async fn unread_threads(&self, actor: &Actor) -> Result<Vec<ThreadState>, MessagingError> {
        self.threads_seen(actor, true).await
    }

    /// The threads that the actor takes part in, each with its first message, those with the latest replies first; at most
    /// 100.
    pub async fn threads(&self, actor: &Actor) -> Result<Vec<ThreadEntry>, MessagingError> {
        let mut entries = Vec::new();
        for state in self.threads_seen(actor, false).await? {
            if let Some(root) = self.0.store.message(state.thread_id, actor.user).await? {
                entries.push(ThreadEntry { state, root });
            }
        }
        Ok(entries)
    }

    /// Those in channels that the actor may read.
    async fn threads_seen(&self, actor: &Actor, unread: bool) -> Result<Vec<ThreadState>, MessagingError> {
        let user = account(actor)?;
        let mut seen = Vec::new();
        for state in self.0.store.threads_of(user, unread, MOST_LISTED).await? {
            match self.allow(actor, state.channel_id, Permission::ChannelRead).await {
                Ok(_) => seen.push(state),
                Err(MessagingError::Denied(_) | MessagingError::NotMember) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(seen)
    }

    /// Notes that the actor has read the replies of a thread up to `position`; never back. All connections of the actor are
    /// told. No change for those who do not take part in the thread. Needs `channel.read`.
    pub async fn mark_thread_read(
        &self,
        actor: &Actor,
        id: MessageId,
        position: i64,
    ) -> Result<ThreadState, MessagingError> {
        let user = account(actor)?;
        if position < 0 {
            return Err(invalid("position", "must not be negative"));
        }
        let (message, _) = self.allow_message(actor, id, Permission::ChannelRead).await?;
        let (channel_id, thread_id) = (message.channel_id, message.thread_id.unwrap_or(message.id));
        let Some(state) = self.0.store.mark_thread_read(thread_id, user, position.saturating_add(1)).await?
        else {
            return Ok(ThreadState { channel_id, thread_id, unread: 0, mentioned: false });
        };
        if let Some(frame) = OutFrame::encode(&ServerFrame::Thread(&state)) {
            self.0.hub.to_user(user, &frame, None);
        }
        Ok(state)
    }

    /// Tells those who take part in a thread and are connected how it stands, after one of its replies came, changed or went. Best
    /// effort: who misses it finds it in the next `sync`.
    pub(crate) async fn tell_thread(&self, reply: &Message) {
        let Some(thread) = reply.thread_id else { return };
        if let Err(error) = self.try_tell_thread(reply.channel_id, thread).await {
            tracing::warn!(channel = %reply.channel_id, %error, "a thread could not be told to who takes part");
        }
    }

    async fn try_tell_thread(&self, channel: ChannelId, thread: MessageId) -> Result<(), MessagingError> {
        let listeners = self.0.hub.listeners(channel);
        if listeners.is_empty() {
            return Ok(());
        }
        for (user, state) in self.0.store.thread_states(thread).await? {
            if listeners.contains(&user)
                && let Some(frame) = OutFrame::encode(&ServerFrame::Thread(&state))
            {
                self.0.hub.to_user(user, &frame, None);
            }
        }
        Ok(())
    }
}
