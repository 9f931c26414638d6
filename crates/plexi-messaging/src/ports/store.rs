use async_trait::async_trait;
use plexi_core::{ChannelId, MessageId, PermissionSet, SpaceId, Timestamp, UserId};

use crate::error::StoreError;
use crate::event::ChannelEvent;
use crate::model::{
    Category, Channel, ChannelKind, Draft, MemberEntry, Message, MessageKind, ReadState, Revision, Space,
    SystemNote, ThreadState,
};

/// Everything messaging stores.
pub trait ChatStore: SpaceStore + ChannelStore + MessageStore + ReadStore + SearchStore {}
impl<T: SpaceStore + ChannelStore + MessageStore + ReadStore + SearchStore> ChatStore for T {}

/// A page request of a store: entries whose key is after `after`, at most `limit`.
#[derive(Clone, Debug)]
pub struct StorePage {
    /// The key of the last entry of the page before; the store says of each list what the key is.
    pub after: Option<String>,
    /// How many, 1 to 200.
    pub limit: u32,
}

/// What a user's roles grant in a space; none when not a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceAccess {
    /// The space is archived.
    pub archived: bool,
    /// What the space role grants; none when not a member.
    pub granted: Option<PermissionSet>,
}

/// What is needed to decide what a user may do in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelAccess {
    /// The channel.
    pub channel_id: ChannelId,
    /// Its space.
    pub space_id: Option<SpaceId>,
    /// Its kind.
    pub kind: ChannelKind,
    /// It is archived.
    pub archived: bool,
    /// Its space is archived.
    pub space_archived: bool,
    /// What the user's space role grants; none when not a member of the space.
    pub space: Option<PermissionSet>,
    /// What the user's channel role grants; none when not a member of the channel.
    pub member: Option<PermissionSet>,
    /// The user's system role grants `channel.read`.
    pub system_reads: bool,
}

/// Spaces and who is in them.
#[async_trait]
pub trait SpaceStore: Send + Sync + 'static {
    /// Makes a space; `owner` becomes a member with the role `admin`. `Conflict("name")` when the name (without
    /// regard to case) is taken.
    async fn create_space(&self, space: &Space, owner: UserId) -> Result<(), StoreError>;
    /// A space, `role` filled for `viewer`.
    async fn space(&self, id: SpaceId, viewer: UserId) -> Result<Option<Space>, StoreError>;
    /// Whether a space has this name, without regard to case.
    async fn has_space_named(&self, name: &str) -> Result<bool, StoreError>;
    /// The spaces a user is in, by name; the page's key is the id.
    async fn spaces_of(&self, user: UserId, page: StorePage) -> Result<Vec<Space>, StoreError>;
    /// Every space, by name; the page's key is the id. `role` is filled for `viewer`.
    async fn spaces(&self, viewer: UserId, page: StorePage) -> Result<Vec<Space>, StoreError>;
    /// Renames, archives or restores. `Missing("space")`, `Conflict("name")`, `Conflict("changed")`.
    async fn update_space(&self, id: SpaceId, change: &SpaceChange) -> Result<(), StoreError>;
    /// What `user` is granted in the space; `None` when there is no such space.
    async fn space_access(&self, id: SpaceId, user: UserId) -> Result<Option<SpaceAccess>, StoreError>;
    /// Members in order of user id (the page key is the id); `prefix` filters on the folded start of name or display name.
    async fn space_members(
        &self,
        id: SpaceId,
        prefix: Option<&str>,
        page: StorePage,
    ) -> Result<Vec<MemberEntry>, StoreError>;
    /// Adds a member or changes the role. `Missing("role")` when no space role has the name, `Missing("user")`.
    async fn set_space_member(
        &self,
        id: SpaceId,
        user: UserId,
        role: &str,
        at: Timestamp,
    ) -> Result<MemberEntry, StoreError>;
    /// Removes a member from the space and from all its channels, in one transaction, with the `member_left` events; private
    /// channels get heirs as in [`ChannelStore::remove_channel_member`].
    async fn remove_space_member(
        &self,
        id: SpaceId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Vec<Removal>, StoreError>;
}

/// What to change of a space. `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct SpaceChange {
    /// A new name.
    pub name: Option<String>,
    /// Archive or restore.
    pub archived: Option<bool>,
    /// Refuse with `Conflict("changed")` when the name or whether it is archived is not as here; `None` to not check.
    pub expected: Option<Space>,
}

impl SpaceChange {
    /// Whether the change was made for a space that is as `name` and `archived` say.
    pub fn is_for(&self, name: &str, archived: bool) -> bool {
        self.expected.as_ref().is_none_or(|space| space.name == name && space.archived == archived)
    }
}

/// A channel to be made.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// Its id.
    pub id: ChannelId,
    /// Its space; none for direct conversations.
    pub space_id: Option<SpaceId>,
    /// Its kind.
    pub kind: ChannelKind,
    /// Its name; empty for direct conversations.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// When.
    pub created_at: Timestamp,
    /// Its first members and their channel roles.
    pub members: Vec<(UserId, String)>,
    /// For direct conversations: the sorted user ids joined with `+`; unique.
    pub direct_key: Option<String>,
}

/// A membership that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The `member_left` event.
    pub event: ChannelEvent,
    /// Who administers the channel from now on, since nobody was left who did.
    pub heir: Option<UserId>,
}

/// Which channels of a space to list.
#[derive(Clone, Debug, Default)]
pub struct ChannelFilter {
    /// Part of the name, folded.
    pub query: Option<String>,
    /// Only those I am in (true) or not in (false).
    pub joined: Option<bool>,
    /// Archived ones too.
    pub archived: bool,
    /// Public channels are listed too; false for guests, who see only their own.
    pub public: bool,
    /// Private channels of others are listed too; for the operator at the data folder only.
    pub private: bool,
}

/// Channels and who is in them.
#[async_trait]
pub trait ChannelStore: Send + Sync + 'static {
    /// Makes a channel. `Conflict("name")` when the space has a channel of that name; for a direct conversation that
    /// exists, returns the id of the existing one. No events are written; `last_seq` is 0.
    async fn create_channel(&self, channel: &NewChannel) -> Result<ChannelId, StoreError>;
    /// A channel as `viewer` sees it: membership filled when a member, with read state; `permissions` left empty.
    async fn channel(&self, id: ChannelId, viewer: UserId) -> Result<Option<Channel>, StoreError>;
    /// All channels `user` is a member of that are not archived, as [`ChannelStore::channel`]; at most 2,000.
    async fn channels_of(&self, user: UserId) -> Result<Vec<Channel>, StoreError>;
    /// The ids and heads of all channels `user` is a member of and whose channel or space role grants `channel.read`; at most
    /// 5,000. Cheap: used at each connection.
    async fn heads_of(&self, user: UserId) -> Result<Vec<(ChannelId, i64)>, StoreError>;
    /// Channels of a space in order of name (the page key is the name).
    async fn space_channels(
        &self,
        space: SpaceId,
        viewer: UserId,
        filter: &ChannelFilter,
        page: StorePage,
    ) -> Result<Vec<Channel>, StoreError>;
    /// What is needed to decide what `user` may do; `None` when there is no such channel. Cheap.
    async fn channel_access(&self, id: ChannelId, user: UserId) -> Result<Option<ChannelAccess>, StoreError>;
    /// Changes name, topic, archived; appends `channel_updated`. `None` when all is so already. `Missing("channel")`,
    /// `Conflict("name")`, `Conflict("changed")`.
    async fn update_channel(
        &self,
        id: ChannelId,
        change: &ChannelChange,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError>;
    /// Members in order of user id (the page key is the id); `prefix` as in [`SpaceStore::space_members`].
    async fn channel_members(
        &self,
        id: ChannelId,
        prefix: Option<&str>,
        page: StorePage,
    ) -> Result<Vec<MemberEntry>, StoreError>;
    /// Adds a member (`member_joined`, `last_read_seq` at the head) or changes the role (no event). `Missing("role")`, `Missing("user")`, `Missing("channel")`;
    /// `Conflict("administrator")` when it would take the role from the only one who administers a private channel.
    async fn set_channel_member(
        &self,
        id: ChannelId,
        user: UserId,
        role: &str,
        at: Timestamp,
    ) -> Result<(MemberEntry, Option<ChannelEvent>), StoreError>;
    /// Removes a member; none when it was none. When a private channel is left without a member whose account is not disabled and
    /// whose role grants `channel.members.manage`, the one who has been there longest gets the role `admin`. `Conflict("last_member")` for
    /// the only member of a private channel that is not archived.
    async fn remove_channel_member(
        &self,
        id: ChannelId,
        user: UserId,
        at: Timestamp,
    ) -> Result<Option<Removal>, StoreError>;
    /// After the account of `user` was disabled: gives the private channels that nobody else administers an heir each, as when a
    /// member leaves. Says which and who.
    async fn hand_over(&self, user: UserId) -> Result<Vec<(ChannelId, UserId)>, StoreError>;
    /// Mutes, unmutes, favours. `Missing("member")`.
    async fn set_channel_settings(
        &self,
        id: ChannelId,
        user: UserId,
        muted: Option<bool>,
        favourite: Option<bool>,
    ) -> Result<(), StoreError>;
}

/// What to change of a channel. `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct ChannelChange {
    /// A new name.
    pub name: Option<String>,
    /// A new topic.
    pub topic: Option<String>,
    /// Archive or restore.
    pub archived: Option<bool>,
    /// Refuse with `Conflict("changed")` when the channel's last event is not the one of this number; `None` to not check.
    pub expected: Option<i64>,
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its id; its [`MessageId::key`] is the primary key.
    pub id: MessageId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// Its author.
    pub author_id: UserId,
    /// Text or system.
    pub kind: MessageKind,
    /// The text.
    pub text: String,
    /// The note of a system message.
    pub system: Option<SystemNote>,
    /// When.
    pub created_at: Timestamp,
    /// The author's key of it, unique for (author, channel).
    pub client_id: Option<String>,
    /// The thread's first message: a main-line message of the same channel.
    pub thread_id: Option<MessageId>,
    /// The message it answers, of the same channel.
    pub reply_to: Option<MessageId>,
    /// Users it names.
    pub mentions: Vec<UserId>,
    /// It names everybody.
    pub mentions_all: bool,
    /// What the full-text index holds of it (`search::index_text`): tokens of ASCII letters and digits, separated by spaces.
    pub index: String,
    /// Whether the text contains a link (for `has:link`).
    pub has_link: bool,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The message; `client_id` filled.
    pub message: Message,
    /// It was there already: same author, channel and `client_id`. Then `event` is none.
    pub duplicate: bool,
    /// The event.
    pub event: Option<ChannelEvent>,
}

/// A stretch of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slice {
    /// The newest `limit`.
    Latest,
    /// Those before this position.
    Before(i64),
    /// Those after this position.
    After(i64),
    /// Half before and half from this position on.
    Around(i64),
    /// From the first message at or after this time on, a few before it.
    Date(Timestamp),
}

/// The main line of a channel, or a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Messages that are no replies in a thread.
    Main(ChannelId),
    /// The replies in a thread of a channel.
    Thread(ChannelId, MessageId),
}

/// Messages.
#[async_trait]
pub trait MessageStore: Send + Sync + 'static {
    /// Stores messages in one transaction and one sync to disk. The outer error means that nothing was stored; an
    /// inner one that this message was not (`Missing("channel")`, `Missing("thread")`, `Missing("reply_to")`) while the others were.
    /// Within the batch the order is kept. `Conflict("id")` when a key collides: the caller takes a new id. A `client_id`
    /// repeated in the batch or in the store gives `duplicate`.
    async fn post(&self, batch: &[NewMessage]) -> Result<Vec<Result<Posted, StoreError>>, StoreError>;
    /// A message as `viewer` sees it (`reactions.me`, `client_id` to its author).
    async fn message(&self, id: MessageId, viewer: UserId) -> Result<Option<Message>, StoreError>;
    /// A stretch of a line, oldest first, with the total of the line. At most 200.
    async fn slice(
        &self,
        line: Line,
        slice: Slice,
        limit: u32,
        viewer: UserId,
    ) -> Result<(Vec<Message>, i64), StoreError>;
    /// Replaces the text; the former one goes to the history. `Missing("message")` also when deleted.
    async fn edit(&self, id: MessageId, edit: &Edit) -> Result<ChannelEvent, StoreError>;
    /// Deletes text, history, mentions, reactions, the pin and index entries; keeps the mark, its place and the thread
    /// below. `None` when it was deleted already.
    async fn delete(&self, id: MessageId, at: Timestamp) -> Result<Option<ChannelEvent>, StoreError>;
    /// Former texts, newest first, at most 100.
    async fn history(&self, id: MessageId) -> Result<Vec<Revision>, StoreError>;
    /// Adds a reaction; `None` when it was there. `Conflict("reactions")` past 50 emoji. `Missing("message")`.
    async fn react(
        &self,
        id: MessageId,
        user: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError>;
    /// Takes a reaction back; `None` when there was none.
    async fn unreact(
        &self,
        id: MessageId,
        user: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError>;
    /// Pins or unpins; `None` when nothing changed. `Conflict("pins")` past 100 pins of a channel.
    async fn set_pinned(
        &self,
        id: MessageId,
        user: UserId,
        pinned: bool,
        at: Timestamp,
    ) -> Result<Option<ChannelEvent>, StoreError>;
    /// Pinned messages, last pinned first, at most 100.
    async fn pins(&self, channel: ChannelId, viewer: UserId) -> Result<Vec<Message>, StoreError>;
    /// Events after `seq` in order, at most `limit`. Messages as they are now, `me` false, no `client_id`.
    async fn events_after(
        &self,
        channel: ChannelId,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<ChannelEvent>, StoreError>;
}

/// A change of a message's text.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The new text.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Users it names now.
    pub mentions: Vec<UserId>,
    /// It names everybody now.
    pub mentions_all: bool,
    /// As [`NewMessage::index`].
    pub index: String,
    /// As [`NewMessage::has_link`].
    pub has_link: bool,
    /// Refuse with `Conflict("changed")` when the message's last change is not this one; `None` to not check.
    pub expected: Option<Option<Timestamp>>,
}

/// What each user has read and written.
#[async_trait]
pub trait ReadStore: Send + Sync + 'static {
    /// Moves the mark; never back unless `force`, never past the head. Returns the state after. `Missing("member")`.
    async fn mark_read(
        &self,
        channel: ChannelId,
        user: UserId,
        seq: i64,
        force: bool,
    ) -> Result<ReadState, StoreError>;
    /// The threads that `user` takes part in (wrote the first message, replied, or was named), in channels that `user` is a member
    /// of: of the 1,000 begun last those with the latest replies first, at most `limit`; with `unread` only those with unread replies.
    async fn threads_of(
        &self,
        user: UserId,
        unread: bool,
        limit: u32,
    ) -> Result<Vec<ThreadState>, StoreError>;
    /// How a thread stands for each who takes part in it, at most 1,000 people.
    async fn thread_states(&self, root: MessageId) -> Result<Vec<(UserId, ThreadState)>, StoreError>;
    /// Notes that `user` has read the first `seen` replies of a thread; never back. None when `user` does not take part in it.
    async fn mark_thread_read(
        &self,
        root: MessageId,
        user: UserId,
        seen: i64,
    ) -> Result<Option<ThreadState>, StoreError>;
    /// The categories of a user's sidebar, in the user's order.
    async fn categories(&self, user: UserId) -> Result<Vec<Category>, StoreError>;
    /// Replaces them all.
    async fn set_categories(&self, user: UserId, categories: &[Category]) -> Result<(), StoreError>;
    /// Writes or (with `None`) removes a draft. `Conflict("drafts")` past 500 drafts of a user.
    async fn set_draft(
        &self,
        user: UserId,
        channel: ChannelId,
        thread: Option<MessageId>,
        text: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// All drafts of a user, last changed first, at most 500.
    async fn drafts(&self, user: UserId) -> Result<Vec<Draft>, StoreError>;
}

/// A term of a search, as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexTerm {
    /// Tokens that must all be there.
    pub tokens: Vec<String>,
    /// A token that must be there as a prefix (for terms of one or two characters).
    pub prefix: Option<String>,
}

/// What a message must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trait {
    /// A link in its text.
    Link,
    /// A reaction.
    Reaction,
    /// It is pinned.
    Pinned,
    /// It has a thread below it or is a reply in one.
    Thread,
    /// It was edited.
    Edited,
    /// It is in a direct or group conversation.
    Direct,
    /// A file; no message has one before files exist.
    File,
}

/// A search, ready for a store.
#[derive(Clone, Debug, Default)]
pub struct SearchPlan {
    /// Terms that must all match in the index. The index may find too many: the caller verifies the text.
    pub terms: Vec<IndexTerm>,
    /// Only by these authors (any of them); empty: by anybody.
    pub authors: Vec<UserId>,
    /// Only in these channels (any of them); empty: in all that the reader may read.
    pub channels: Vec<ChannelId>,
    /// Only posted before.
    pub before: Option<Timestamp>,
    /// Only posted at or after.
    pub after: Option<Timestamp>,
    /// What it must have, all of them.
    pub traits: Vec<Trait>,
}

/// Full-text search.
#[async_trait]
pub trait SearchStore: Send + Sync + 'static {
    /// Text messages that are not deleted, match the plan, and that `reader` may read (a member of the channel by a role
    /// that has `channel.read`, or the reader's role in the space has it and the channel is public or has the reader as a
    /// member), newest first by key, with a key below `below`. At most `limit` (1 to 500).
    async fn find(
        &self,
        plan: &SearchPlan,
        reader: UserId,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;
    /// Channels `reader` may read whose folded name is `name`; at most 50.
    async fn channels_named(&self, name: &str, reader: UserId) -> Result<Vec<ChannelId>, StoreError>;
}
