use plexi_core::access::Denied;
use plexi_core::{Actor, ChannelId, MessageId, Permission};

use crate::error::MessagingError;
use crate::messaging::{Messaging, account};
use crate::model::Message;
use crate::text;

impl Messaging {
    /// Reacts to a message with an emoji of 1 to 32 characters. Needs `message.react`. No change when it is there.
    pub async fn react(&self, actor: &Actor, id: MessageId, emoji: &str) -> Result<(), MessagingError> {
        let user = account(actor)?;
        text::accept_emoji(emoji)?;
        let message = self.allow_message_change(actor, id, Permission::MessageReact).await?;
        let at = self.now();
        self.change(message.channel_id, self.0.store.react(id, user, emoji, at), Option::as_ref)
            .await
            .map(drop)
    }

    /// Takes a reaction back. Needs `message.react`. No change when there is none.
    pub async fn unreact(&self, actor: &Actor, id: MessageId, emoji: &str) -> Result<(), MessagingError> {
        let user = account(actor)?;
        text::accept_emoji(emoji)?;
        let message = self.allow_message_change(actor, id, Permission::MessageReact).await?;
        let at = self.now();
        self.change(message.channel_id, self.0.store.unreact(id, user, emoji, at), Option::as_ref)
            .await
            .map(drop)
    }

    /// Pins a message. Needs `message.pin`. At most 100 in a channel.
    pub async fn pin(&self, actor: &Actor, id: MessageId) -> Result<(), MessagingError> {
        self.set_pinned(actor, id, true).await
    }

    /// Unpins a message. Needs `message.pin`.
    pub async fn unpin(&self, actor: &Actor, id: MessageId) -> Result<(), MessagingError> {
        self.set_pinned(actor, id, false).await
    }

    async fn set_pinned(&self, actor: &Actor, id: MessageId, pinned: bool) -> Result<(), MessagingError> {
        let user = account(actor)?;
        let message = self.allow_message_change(actor, id, Permission::MessagePin).await?;
        let at = self.now();
        let change = self.0.store.set_pinned(id, user, pinned, at);
        self.change(message.channel_id, change, Option::as_ref).await.map(drop)
    }

    /// Pinned messages, last pinned first; at most 100. Needs `channel.read`.
    pub async fn pins(&self, actor: &Actor, channel: ChannelId) -> Result<Vec<Message>, MessagingError> {
        self.allow(actor, channel, Permission::ChannelRead).await?;
        Ok(self.0.store.pins(channel, actor.user).await?)
    }

    async fn allow_message_change(
        &self,
        actor: &Actor,
        id: MessageId,
        permission: Permission,
    ) -> Result<Message, MessagingError> {
        let (message, seen) = self.allow_message(actor, id, permission).await?;
        seen.writable()?;
        if message.deleted {
            return Err(Denied::Unseen.into());
        }
        Ok(message)
    }
}
