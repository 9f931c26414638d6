//! The objects of messaging, as the API shows them (`docs/API.md`, section Objects).

pub use plexi_core::Page;
use plexi_core::{ChannelId, MessageId, PermissionSet, SpaceId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A team's room of channels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Space {
    /// Its id.
    pub id: SpaceId,
    /// Its name, 1 to 64 characters.
    pub name: String,
    /// Nothing in an archived space can be changed.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// My role in it.
    pub role: Option<String>,
}

/// What kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Every member of the space can find and join it.
    Public,
    /// Only its members know it.
    Private,
    /// Two people.
    Direct,
    /// Three to nine people.
    Group,
}

impl ChannelKind {
    /// The name used in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Direct => "direct",
            Self::Group => "group",
        }
    }

    /// Reads the name used in stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Public, Self::Private, Self::Direct, Self::Group]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// Whether it is a conversation of fixed people, outside any space.
    pub const fn is_direct(self) -> bool {
        matches!(self, Self::Direct | Self::Group)
    }
}

/// My place in a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Membership {
    /// My channel role.
    pub role: String,
    /// Up to which event I have read.
    pub last_read_seq: i64,
    /// Main-line messages of others after that, counted to 1,000.
    pub unread: u32,
    /// Messages of others after that, replies in threads among them, that name me, counted to 1,000.
    pub mentions: u32,
    /// No unread mark, no notification.
    pub muted: bool,
    /// Shown on top.
    pub favourite: bool,
    /// When I joined.
    pub joined_at: Timestamp,
}

/// A channel or direct conversation, as one actor sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its space; none for direct conversations.
    pub space_id: Option<SpaceId>,
    /// Public, private, direct or group.
    pub kind: ChannelKind,
    /// Its name; empty for direct conversations.
    pub name: String,
    /// What it is about, at most 250 characters.
    pub topic: String,
    /// An archived channel can be read and not changed.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The number of its last event; 0 when there is none.
    pub last_seq: i64,
    /// When its last message was posted.
    pub last_message_at: Option<Timestamp>,
    /// How many members it has.
    pub member_count: u32,
    /// All its members, for direct and group conversations only.
    pub user_ids: Vec<UserId>,
    /// My place in it; none when I am not a member.
    pub membership: Option<Membership>,
    /// What I may do in it.
    pub permissions: PermissionSet,
}

/// A member of a space or channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberEntry {
    /// Who.
    pub user_id: UserId,
    /// The role there.
    pub role: String,
    /// Since when.
    pub joined_at: Timestamp,
}

/// Whether people wrote it or the system notes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Written by its author.
    Text,
    /// A note of something that happened; see [`SystemNote`].
    System,
}

/// What a system message notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SystemEvent {
    /// The author joined.
    Joined,
    /// The author left.
    Left,
    /// The author added `user_id`.
    Added,
    /// The author removed `user_id`.
    Removed,
    /// The channel was renamed to `text`.
    Renamed,
    /// The topic was set to `text`.
    Topic,
    /// The channel was archived.
    Archived,
    /// The channel was restored.
    Restored,
    /// The channel was made.
    Created,
    /// Something an import brought; `text` says what.
    Other,
}

/// The content of a system message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemNote {
    /// What happened.
    pub event: SystemEvent,
    /// To whom, if not the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The new name or topic, or an import's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The reactions with one emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reaction {
    /// The emoji, or a name such as `:shipit:`; 1 to 32 characters without spaces.
    pub emoji: String,
    /// How many.
    pub count: u32,
    /// The first 20 who reacted, in order.
    pub user_ids: Vec<UserId>,
    /// Whether I did. Always false in events, which are the same for everybody.
    pub me: bool,
}

/// The thread below a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadSummary {
    /// Replies that are not deleted.
    pub reply_count: u32,
    /// When the last one was posted.
    pub last_reply_at: Option<Timestamp>,
    /// The first five who replied, in order.
    pub participant_ids: Vec<UserId>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The number of the event that posted it.
    pub seq: i64,
    /// Its place among the channel's main-line messages, or among its thread's replies, from 0.
    pub position: i64,
    /// Who posted it.
    pub author_id: UserId,
    /// Text or system note.
    pub kind: MessageKind,
    /// `CommonMark`; empty when deleted.
    pub text: String,
    /// What a system message notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemNote>,
    /// When it was posted.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// The text is gone; only the mark stays.
    pub deleted: bool,
    /// The author's own key of it; shown only to the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The thread it replies in: the id of the thread's first message.
    pub thread_id: Option<MessageId>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Users it names, at most 50.
    pub mentions: Vec<UserId>,
    /// It names everybody (`@channel`, `@here`).
    pub mentions_all: bool,
    /// It is pinned.
    pub pinned: bool,
    /// Reactions, oldest emoji first, at most 50 emoji.
    pub reactions: Vec<Reaction>,
    /// The thread below it, if there is one.
    pub thread: Option<ThreadSummary>,
}

/// A stretch of messages, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageWindow {
    /// The messages.
    pub items: Vec<Message>,
    /// The first message of the thread, for threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<Message>,
    /// There are older ones.
    pub has_before: bool,
    /// There are newer ones.
    pub has_after: bool,
    /// How many messages the channel's main line (or the thread) has.
    pub total: i64,
    /// The position of the first of `items`.
    pub first_position: Option<i64>,
}

/// A former text of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// The text before the edit.
    pub text: String,
    /// When it was replaced.
    pub at: Timestamp,
}

/// Text that was written and not yet sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Draft {
    /// For which channel.
    pub channel_id: ChannelId,
    /// For which thread in it.
    pub thread_id: Option<MessageId>,
    /// The text.
    pub text: String,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How far a user has read a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadState {
    /// Up to which event.
    pub last_read_seq: i64,
    /// See [`Membership::unread`].
    pub unread: u32,
    /// See [`Membership::mentions`].
    pub mentions: u32,
}

/// A group of channels in my sidebar. Their order is that of the list they are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// 1 to 64 characters; none of mine has the same name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// Only what is unread is shown of it.
    #[serde(default)]
    pub collapsed: bool,
    /// The channels in it; each is in one category at most. I may have left some.
    #[serde(default)]
    #[schemars(length(max = 2_000))]
    pub channel_ids: Vec<ChannelId>,
}

/// How a thread that I take part in stands: I wrote its first message, replied, or was named in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadState {
    /// Its channel.
    pub channel_id: ChannelId,
    /// Its first message.
    pub thread_id: MessageId,
    /// Replies since I last looked, counted to 1,000. My own reply reads what is before it.
    pub unread: u32,
    /// One of the unread replies names me.
    pub mentioned: bool,
}

/// A thread that I take part in, for a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThreadEntry {
    /// How it stands.
    #[serde(flatten)]
    pub state: ThreadState,
    /// Its first message.
    pub root: Message,
}

/// A message that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SearchHit {
    /// The message.
    pub message: Message,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Where the words stand in `message.text`, as `[start, end)` in UTF-16 code units.
    pub highlights: Vec<(u32, u32)>,
}
