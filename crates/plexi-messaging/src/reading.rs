use plexi_core::{Actor, ChannelId, MessageId, Permission};

use crate::error::MessagingError;
use crate::hub::{OutFrame, ServerFrame};
use crate::messaging::{Messaging, account, invalid};
use crate::model::{Draft, ReadState};

impl Messaging {
    /// Notes how far the actor has read; never back unless `force`, never past the last event. All connections of the
    /// actor are told: tabs of one browser share a session. Members only.
    pub async fn mark_read(
        &self,
        actor: &Actor,
        channel: ChannelId,
        seq: i64,
        force: bool,
    ) -> Result<ReadState, MessagingError> {
        let user = account(actor)?;
        if seq < 0 {
            return Err(invalid("seq", "must not be negative"));
        }
        self.allow(actor, channel, Permission::ChannelRead).await?;
        let state = self.0.store.mark_read(channel, user, seq, force).await?;
        let frame = ServerFrame::Read {
            channel_id: channel,
            last_read_seq: state.last_read_seq,
            unread: state.unread,
            mentions: state.mentions,
        };
        if let Some(frame) = OutFrame::encode(&frame) {
            self.0.hub.to_user(user, &frame, None);
        }
        Ok(state)
    }

    /// Keeps what the actor has written and not sent; `None` or an empty text removes it. The actor's other devices are
    /// told. At most 500 drafts.
    pub async fn set_draft(
        &self,
        actor: &Actor,
        channel: ChannelId,
        thread: Option<MessageId>,
        text: Option<&str>,
    ) -> Result<(), MessagingError> {
        let user = account(actor)?;
        self.see(actor, channel).await?;
        let text = text.filter(|text| !text.is_empty());
        let most = usize::try_from(self.0.config.get().max_message_length).unwrap_or(usize::MAX);
        if text
            .is_some_and(|text| text.len() / 4 > most || text.chars().count() > most || text.contains('\0'))
        {
            return Err(invalid("text", format!("must be at most {most} characters, without NUL")));
        }
        if let Some(thread) = thread {
            let (message, _) = self.allow_message(actor, thread, Permission::ChannelRead).await?;
            if message.channel_id != channel {
                return Err(invalid("thread_id", "is no message of this channel"));
            }
        }
        self.0.store.set_draft(user, channel, thread, text, self.now()).await?;
        if let Some(frame) =
            OutFrame::encode(&ServerFrame::Draft { channel_id: channel, thread_id: thread, text })
        {
            self.0.hub.to_user(user, &frame, actor.session);
        }
        Ok(())
    }

    /// The actor's drafts, last changed first; at most 500.
    pub async fn drafts(&self, actor: &Actor) -> Result<Vec<Draft>, MessagingError> {
        Ok(self.0.store.drafts(account(actor)?).await?)
    }
}
