//! The lines of an archive.

use plexi_core::{ChannelId, MessageId, SpaceId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::model::{ChannelKind, MessageKind, Revision, SystemNote};
use crate::ports::{ExportedMessage, ImportedChannel, ImportedMessage, ImportedUser, NewMessage};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: String,
    pub version: u32,
    pub created_at: Timestamp,
    pub users: u64,
    pub spaces: u64,
    pub channels: u64,
    pub messages: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserLine {
    id: UserId,
    name: String,
    display_name: String,
    bot: bool,
    disabled: bool,
    created_at: Timestamp,
}

impl UserLine {
    pub fn from_user(user: ImportedUser) -> Self {
        let ImportedUser { id, name, display_name, bot, disabled, created_at } = user;
        Self { id, name, display_name, bot, disabled, created_at }
    }

    pub fn into_user(self) -> ImportedUser {
        let Self { id, name, display_name, bot, disabled, created_at } = self;
        ImportedUser { id, name, display_name, bot, disabled, created_at }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SpaceLine {
    pub id: SpaceId,
    pub name: String,
    pub archived: bool,
    pub created_at: Timestamp,
    pub members: Vec<(UserId, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChannelLine {
    pub id: ChannelId,
    space_id: Option<SpaceId>,
    kind: ChannelKind,
    name: String,
    topic: String,
    archived: bool,
    created_at: Timestamp,
    members: Vec<(UserId, String)>,
}

impl ChannelLine {
    pub fn from_channel(channel: ImportedChannel) -> Self {
        let ImportedChannel { id, space_id, kind, name, topic, archived, created_at, mut members, .. } =
            channel;
        members.sort_unstable();
        Self { id, space_id, kind, name, topic, archived, created_at, members }
    }

    pub fn into_channel(self) -> ImportedChannel {
        let Self { id, space_id, kind, name, topic, archived, created_at, mut members } = self;
        members.sort_unstable();
        let key = || members.iter().map(|(user, _)| user.to_string()).collect::<Vec<_>>().join("+");
        let direct_key = kind.is_direct().then(key);
        ImportedChannel { id, space_id, kind, name, topic, archived, created_at, members, direct_key }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MessageLine {
    id: MessageId,
    author_id: UserId,
    kind: MessageKind,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<SystemNote>,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread_id: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<UserId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mentions_all: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pinned: Option<(UserId, Timestamp)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<(String, UserId, Timestamp)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<Revision>,
}

impl MessageLine {
    pub fn from_message(exported: ExportedMessage) -> Self {
        let ExportedMessage { message, history, mut reactions, pinned } = exported;
        reactions.sort_by(|a, b| (a.2, &a.0, a.1).cmp(&(b.2, &b.0, b.1)));
        let mut mentions = message.mentions;
        mentions.sort_unstable();
        Self {
            id: message.id,
            author_id: message.author_id,
            kind: message.kind,
            text: message.text,
            system: message.system,
            created_at: message.created_at,
            edited_at: message.edited_at,
            deleted: message.deleted,
            client_id: message.client_id,
            thread_id: message.thread_id,
            reply_to: message.reply_to,
            mentions,
            mentions_all: message.mentions_all,
            pinned,
            reactions,
            history,
        }
    }

    pub fn into_message(self, channel_id: ChannelId, index: String, has_link: bool) -> ImportedMessage {
        ImportedMessage {
            message: NewMessage {
                id: self.id,
                channel_id,
                author_id: self.author_id,
                kind: self.kind,
                text: self.text,
                system: self.system,
                created_at: self.created_at,
                client_id: self.client_id,
                thread_id: self.thread_id,
                reply_to: self.reply_to,
                mentions: self.mentions,
                mentions_all: self.mentions_all,
                index,
                has_link,
            },
            edited_at: self.edited_at,
            deleted: self.deleted,
            pinned: self.pinned,
            reactions: self.reactions,
            history: self.history,
        }
    }
}
