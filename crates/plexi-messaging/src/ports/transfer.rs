use async_trait::async_trait;
use plexi_core::{ChannelId, MessageId, SpaceId, Timestamp, UserId};

use super::store::NewMessage;
use crate::error::StoreError;
use crate::model::{ChannelKind, Message, Revision, Space};

/// A user that an import brings. The account has no credentials until an administrator gives it some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedUser {
    /// Made from the source and its id there: the same in every run.
    pub id: UserId,
    /// The folded name; the store appends `-2`, `-3` ... when an account of another origin has it.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// A bot.
    pub bot: bool,
    /// Deactivated at the source.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A channel that an import brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedChannel {
    /// Made from the source and its id there: the same in every run.
    pub id: ChannelId,
    /// Its space; none for direct conversations.
    pub space_id: Option<SpaceId>,
    /// Its kind.
    pub kind: ChannelKind,
    /// Its name; the store appends `-2` ... when a channel of another origin has it.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// Archived at the source.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its members and the names of their channel roles (an unknown name counts as `member`); any number.
    pub members: Vec<(UserId, String)>,
    /// For direct conversations: as in `NewChannel`; an existing one is used.
    pub direct_key: Option<String>,
}

/// A message that an import brings, with all that belongs to it.
#[derive(Clone, Debug)]
pub struct ImportedMessage {
    /// The message. Its id is made from the source and its id there ([`MessageId::imported`]): the same in every run.
    pub message: NewMessage,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// It is deleted (only from our own export).
    pub deleted: bool,
    /// It is pinned, by whom and when.
    pub pinned: Option<(UserId, Timestamp)>,
    /// Reactions: emoji, who, when.
    pub reactions: Vec<(String, UserId, Timestamp)>,
    /// Former texts, newest first.
    pub history: Vec<Revision>,
}

/// What a batch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// New ones stored.
    pub added: u64,
    /// Those that were there from an earlier run.
    pub present: u64,
}

/// A line of an export of one channel: a message with what is not part of [`Message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedMessage {
    /// The message; `client_id` filled, `me` false.
    pub message: Message,
    /// Former texts, newest first.
    pub history: Vec<Revision>,
    /// All reactions: emoji, who, when.
    pub reactions: Vec<(String, UserId, Timestamp)>,
    /// Who pinned it and when.
    pub pinned: Option<(UserId, Timestamp)>,
}

/// Whole workspaces in and out. Each call is one transaction; running an import again changes nothing.
#[async_trait]
pub trait TransferStore: Send + Sync + 'static {
    /// Adds users that are not there; returns which ids were new. At most 1,000 a call.
    async fn import_users(&self, users: &[ImportedUser]) -> Result<Imported, StoreError>;
    /// Adds a space when none has its id or name; returns the id of the one to use.
    async fn import_space(&self, space: &Space) -> Result<SpaceId, StoreError>;
    /// Makes users members of a space with the named space roles (an unknown name counts as `member`), unless they are
    /// members. At most 1,000 a call.
    async fn import_space_members(
        &self,
        space: SpaceId,
        users: &[(UserId, String)],
        at: Timestamp,
    ) -> Result<Imported, StoreError>;
    /// Adds a channel when none has its id (or, in the same space, its name and origin); returns the id of the one to use.
    async fn import_channel(&self, channel: &ImportedChannel) -> Result<ChannelId, StoreError>;
    /// Adds messages of one channel that are not there, in the order given (which is that of time), each with its event;
    /// roots of threads come before their replies. At most 2,000 a call, one transaction. A message whose id is there counts as
    /// present. `Conflict("id")`, with nothing stored, when a key is taken by another id, in the store or in the batch: the
    /// importer then takes another id for that message.
    async fn import_messages(
        &self,
        channel: ChannelId,
        messages: &[ImportedMessage],
    ) -> Result<Imported, StoreError>;
    /// To be called once after the last message of a channel: puts positions in order of time when live messages were
    /// posted before the import, marks everything read for imported members.
    async fn finish_channel(&self, channel: ChannelId) -> Result<(), StoreError>;
    /// All users after `after` by id, at most `limit`.
    async fn export_users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<ImportedUser>, StoreError>;
    /// All spaces.
    async fn export_spaces(&self) -> Result<Vec<Space>, StoreError>;
    /// Space members after `after` by user id, with role names, at most `limit`.
    async fn export_space_members(
        &self,
        space: SpaceId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<(UserId, String)>, StoreError>;
    /// All channels after `after` by id, at most `limit`, with all their members.
    async fn export_channels(
        &self,
        after: Option<ChannelId>,
        limit: u32,
    ) -> Result<Vec<ImportedChannel>, StoreError>;
    /// Messages of a channel with a key above `after`, oldest first, at most `limit`.
    async fn export_messages(
        &self,
        channel: ChannelId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<ExportedMessage>, StoreError>;
}
