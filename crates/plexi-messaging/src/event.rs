//! The events of a channel: what its log holds and what its readers are sent.

use plexi_core::{ChannelId, MessageId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Message;

/// What happened in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    /// A message was posted. A replay shows it as it is now.
    MessagePosted {
        /// The message.
        message: Box<Message>,
    },
    /// A message was edited. A replay shows it as it is now.
    MessageEdited {
        /// The message.
        message: Box<Message>,
    },
    /// A message was deleted.
    MessageDeleted {
        /// Which.
        message_id: MessageId,
        /// The thread it was a reply in.
        thread_id: Option<MessageId>,
    },
    /// Somebody reacted.
    ReactionAdded {
        /// To which message.
        message_id: MessageId,
        /// With what.
        emoji: String,
        /// Who.
        user_id: UserId,
        /// How many have this emoji now.
        count: u32,
    },
    /// Somebody took a reaction back.
    ReactionRemoved {
        /// From which message.
        message_id: MessageId,
        /// Which emoji.
        emoji: String,
        /// Who.
        user_id: UserId,
        /// How many have this emoji now.
        count: u32,
    },
    /// A message was pinned.
    MessagePinned {
        /// Which.
        message_id: MessageId,
        /// By whom.
        user_id: UserId,
    },
    /// A message was unpinned.
    MessageUnpinned {
        /// Which.
        message_id: MessageId,
        /// By whom.
        user_id: UserId,
    },
    /// Somebody became a member.
    MemberJoined {
        /// Who.
        user_id: UserId,
    },
    /// Somebody is no longer a member.
    MemberLeft {
        /// Who.
        user_id: UserId,
    },
    /// The channel was renamed, got a topic, was archived or restored.
    ChannelUpdated {
        /// How it is now.
        channel: ChannelFacts,
    },
}

/// What everybody in a channel may know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelFacts {
    /// Its id.
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// Whether it is archived.
    pub archived: bool,
}

/// An entry of a channel's log. `seq` counts from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelEvent {
    /// Which channel.
    pub channel_id: ChannelId,
    /// The number of the event in its channel.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: EventBody,
}
