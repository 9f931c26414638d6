use async_trait::async_trait;
use plexi_core::{ChannelId, MessageId, PermissionSet, RoleId, RoleScope, SpaceId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::NewMessage;
use crate::error::StoreError;
use crate::model::{ChannelKind, Message, Revision, Space};

/// What kind of account an import brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Somebody who signs in.
    Person,
    /// A program.
    Bot,
    /// An author that an import of another program's workspace brought.
    #[default]
    Imported,
}

impl AccountKind {
    /// The name used in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
            Self::Imported => "imported",
        }
    }

    /// Reads the name used in stores.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Bot, Self::Imported].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A user that an import brings. The account has no credentials until an administrator gives it some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedUser {
    /// Made from the source and its id there: the same in every run.
    pub id: UserId,
    /// The folded name; the store appends `-2`, `-3` ... when another account has it.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// What they said they were doing.
    pub status_text: String,
    /// Person, bot or imported.
    pub kind: AccountKind,
    /// Deactivated at the source.
    pub disabled: bool,
    /// When it was made, or first heard of.
    pub created_at: Timestamp,
    /// The name of its system role.
    pub role: String,
    /// A BCP 47 language tag.
    pub locale: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
}

impl ImportedUser {
    /// An account as sources know most of them: of the kind `imported`, with the system role `member` and nothing chosen.
    pub fn new(id: UserId, name: &str, display_name: &str, created_at: Timestamp) -> Self {
        Self {
            id,
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            status_text: String::new(),
            kind: AccountKind::Imported,
            disabled: false,
            created_at,
            role: "member".to_owned(),
            locale: "en".to_owned(),
            theme: "system".to_owned(),
        }
    }
}

/// A role that an import brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedRole {
    /// The same in every run.
    pub id: RoleId,
    /// Where it counts.
    pub scope: RoleScope,
    /// Its name, unique at its scope.
    pub name: String,
    /// What it grants.
    pub permissions: PermissionSet,
    /// It came with the server.
    pub built_in: bool,
}

/// A member of a space that an import brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedMember {
    /// Who.
    pub user: UserId,
    /// The name of the space role.
    pub role: String,
    /// Since when.
    pub joined_at: Timestamp,
}

/// How far a member has read a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadTo {
    /// All there is: what a source that does not know counts as.
    Everything,
    /// Nothing yet.
    Nothing,
    /// Up to this message.
    Message(MessageId),
}

/// A member of a channel that an import brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSeat {
    /// Who.
    pub user: UserId,
    /// The name of the channel role.
    pub role: String,
    /// Since when.
    pub joined_at: Timestamp,
    /// No unread mark, no notification.
    pub muted: bool,
    /// Shown on top.
    pub favourite: bool,
    /// Up to where it is read.
    pub read: ReadTo,
}

impl ImportedSeat {
    /// A member who has read everything and set nothing.
    pub fn new(user: UserId, role: &str, joined_at: Timestamp) -> Self {
        let role = role.to_owned();
        Self { user, role, joined_at, muted: false, favourite: false, read: ReadTo::Everything }
    }
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
    /// Its name; the store appends `-2` ... when another channel of the space has it.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// Archived at the source.
    pub archived: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its members; any number.
    pub members: Vec<ImportedSeat>,
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
    /// New ones.
    pub added: u64,
    /// Those that were there.
    pub present: u64,
}

/// How an import writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportTerms {
    /// The source: what is made is noted as having come from it.
    pub origin: Uuid,
    /// Nothing is written; the answer is what it would be.
    pub dry_run: bool,
    /// What is here and did not come from this source is added to, too.
    pub restore: bool,
}

impl ImportTerms {
    /// Writes as this source, and into nothing that it did not bring.
    pub const fn of(origin: Uuid) -> Self {
        Self { origin, dry_run: false, restore: false }
    }

    /// The same, without writing.
    #[must_use]
    pub const fn dry(self) -> Self {
        Self { dry_run: true, ..self }
    }
}

/// What became of something that an import brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<I> {
    /// The id to use here.
    pub id: I,
    /// What it is called here.
    pub name: String,
    /// It was there already.
    pub present: bool,
    /// It is new, or came with an earlier import of the same source.
    pub own: bool,
}

/// One entry of an export of one channel: a message with what is not part of [`Message`].
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
///
/// Something is there already when its **id** is: what merely has the same name is another's, and nothing of it is touched. What an import
/// makes is noted with its source, so that [`Placed::own`] can be told.
#[async_trait]
pub trait TransferStore: Send + Sync + 'static {
    /// Adds users that are not there; what became of each, in their order. `Missing("role")` when a system role is not there, `Conflict("name")` when a name was taken at the same
    /// moment. At most 1,000 a call.
    async fn import_users(
        &self,
        users: &[ImportedUser],
        terms: ImportTerms,
    ) -> Result<Vec<Placed<UserId>>, StoreError>;
    /// Adds a role that is not there. `Conflict("name")`.
    async fn import_role(&self, role: &ImportedRole) -> Result<(), StoreError>;
    /// Adds a space when none has its id; ` 2`, ` 3` ... is appended when another has its name. `Conflict("name")` as for users.
    async fn import_space(&self, space: &Space, terms: ImportTerms) -> Result<Placed<SpaceId>, StoreError>;
    /// Makes users members of a space, unless they are members. `Missing("role")`. At most 1,000 a call. With `dry_run` the space is
    /// there, and nothing else needs to be.
    async fn import_space_members(
        &self,
        space: SpaceId,
        members: &[ImportedMember],
        dry_run: bool,
    ) -> Result<Imported, StoreError>;
    /// Adds a channel when none has its id, and those of its members that are none: how many were new. A direct conversation of the
    /// same people is the same one. Who is in a channel that is not the source's own is left as it is unless `restore` is set.
    /// `Conflict("name")` as for users. `Missing("role")`.
    async fn import_channel(
        &self,
        channel: &ImportedChannel,
        terms: ImportTerms,
    ) -> Result<(Placed<ChannelId>, Imported), StoreError>;
    /// Adds messages of one channel that are not there, in the order given (which is that of time), each with its event;
    /// roots of threads come before their replies. At most 2,000 a call, one transaction. A message whose id is there counts as
    /// present. `Conflict("id")`, with nothing stored, when a key is taken by another id, in the store or in the batch: the
    /// importer then takes another id for that message. `Conflict("channel")`, with nothing stored, when a message of another
    /// channel has the very id. `Missing("thread")`, `Missing("reply_to")`. With `dry_run` they are only counted, and the
    /// channel need not be there.
    async fn import_messages(
        &self,
        channel: ChannelId,
        messages: &[ImportedMessage],
        dry_run: bool,
    ) -> Result<Imported, StoreError>;
    /// To be called once after the last message of a channel: puts positions in order of time when live messages were
    /// posted before the import, and marks as read for the members that this import made as far as `read` says; who is not in
    /// it has read everything.
    async fn finish_channel(&self, channel: ChannelId, read: &[(UserId, ReadTo)]) -> Result<(), StoreError>;
    /// All roles by scope and name.
    async fn export_roles(&self) -> Result<Vec<ImportedRole>, StoreError>;
    /// All users after `after` by id, at most `limit`.
    async fn export_users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<ImportedUser>, StoreError>;
    /// All spaces.
    async fn export_spaces(&self) -> Result<Vec<Space>, StoreError>;
    /// Space members after `after` by user id, at most `limit`.
    async fn export_space_members(
        &self,
        space: SpaceId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<ImportedMember>, StoreError>;
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
