//! The lines of an archive.

use plexi_core::{ChannelId, MessageId, Permission, RoleId, RoleScope, SpaceId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::model::{ChannelKind, MessageKind, Revision, Space, SystemNote};
use crate::ports::{
    AccountKind, ExportedMessage, ImportedChannel, ImportedMember, ImportedMessage, ImportedRole,
    ImportedSeat, ImportedUser, NewMessage, ReadTo,
};
use crate::transfer::accept::{self, MOST_STATUS, MOST_TOPIC};
use crate::transfer::{Outlet, TransferError};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: String,
    pub version: u32,
    pub created_at: Timestamp,
    #[serde(default)]
    pub roles: u64,
    pub users: u64,
    pub spaces: u64,
    pub channels: u64,
    pub messages: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RoleLine {
    id: RoleId,
    scope: RoleScope,
    pub name: String,
    /// By name, so that an archive of a later server can be read.
    permissions: Vec<String>,
    built_in: bool,
}

impl RoleLine {
    pub fn from_role(role: ImportedRole) -> Self {
        let ImportedRole { id, scope, name, permissions, built_in } = role;
        let permissions = permissions.iter().map(|permission| permission.as_str().to_owned()).collect();
        Self { id, scope, name, permissions, built_in }
    }

    /// The role, without permissions that this server does not know or that mean nothing where the role counts.
    pub fn into_role(self, outlet: &Outlet) -> Result<ImportedRole, TransferError> {
        let Self { id, scope, name, permissions, built_in } = self;
        let known: Vec<Permission> = permissions.iter().filter_map(|name| name.parse().ok()).collect();
        if known.len() < permissions.len() {
            outlet.note("role grants what this server does not know", id.to_string())?;
        }
        let (fitting, wider): (Vec<Permission>, Vec<Permission>) =
            known.into_iter().partition(|permission| permission.scope() >= scope);
        if !wider.is_empty() {
            outlet.note("role grants what belongs to a wider scope: it was left out", id.to_string())?;
        }
        Ok(ImportedRole { id, scope, name, permissions: fitting.into_iter().collect(), built_in })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserLine {
    id: UserId,
    name: String,
    display_name: String,
    /// Absent in archives of version 1, which have `bot`.
    kind: Option<AccountKind>,
    #[serde(default, skip_serializing)]
    bot: bool,
    disabled: bool,
    created_at: Timestamp,
    #[serde(default = "member")]
    role: String,
    #[serde(default)]
    status_text: String,
    #[serde(default = "english")]
    locale: String,
    #[serde(default = "system")]
    theme: String,
}

fn member() -> String {
    "member".to_owned()
}

fn english() -> String {
    "en".to_owned()
}

fn system() -> String {
    "system".to_owned()
}

impl UserLine {
    pub fn from_user(user: ImportedUser) -> Self {
        let ImportedUser {
            id,
            name,
            display_name,
            status_text,
            kind,
            disabled,
            created_at,
            role,
            locale,
            theme,
        } = user;
        let kind = Some(kind);
        Self {
            id,
            name,
            display_name,
            kind,
            bot: false,
            disabled,
            created_at,
            role,
            status_text,
            locale,
            theme,
        }
    }

    pub fn into_user(self, outlet: &Outlet) -> Result<ImportedUser, TransferError> {
        let Self {
            id,
            name,
            display_name,
            kind,
            bot,
            disabled,
            created_at,
            role,
            status_text,
            locale,
            theme,
        } = self;
        let known = if bot { AccountKind::Bot } else { AccountKind::Imported };
        let kind = kind.unwrap_or(known);
        let place = id.to_string();
        let name = accept::account_name(&name, &place, outlet)?;
        let display_name = accept::display_name([display_name.as_str()], &name, &place, outlet)?;
        let status_text = accept::line(status_text, MOST_STATUS, &place, outlet)?;
        let locale = accept::word(locale, english);
        let theme = accept::word(theme, system);
        Ok(ImportedUser {
            id,
            name,
            display_name,
            status_text,
            kind,
            disabled,
            created_at,
            role,
            locale,
            theme,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SpaceLine {
    pub id: SpaceId,
    pub name: String,
    pub archived: bool,
    pub created_at: Timestamp,
    pub members: Vec<MemberLine>,
}

impl SpaceLine {
    pub fn into_space(self, outlet: &Outlet) -> Result<(Space, Vec<ImportedMember>), TransferError> {
        let Self { id, name, archived, created_at, members } = self;
        let name = accept::space_name(name, &id.to_string(), outlet)?;
        let members = members.into_iter().map(|member| member.into_member(created_at)).collect();
        Ok((Space { id, name, archived, created_at, role: None }, members))
    }
}

/// A member of a space.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum MemberLine {
    Whole {
        user_id: UserId,
        role: String,
        joined_at: Timestamp,
    },
    /// As archives of version 1 have it.
    Short(UserId, String),
}

impl MemberLine {
    pub fn from_member(member: ImportedMember) -> Self {
        let ImportedMember { user, role, joined_at } = member;
        Self::Whole { user_id: user, role, joined_at }
    }

    fn into_member(self, made: Timestamp) -> ImportedMember {
        match self {
            Self::Whole { user_id, role, joined_at } => ImportedMember { user: user_id, role, joined_at },
            Self::Short(user, role) => ImportedMember { user, role, joined_at: made },
        }
    }
}

/// A member of a channel.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum SeatLine {
    Whole {
        user_id: UserId,
        role: String,
        joined_at: Timestamp,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        muted: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        favourite: bool,
        /// Absent: nothing is read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read_to: Option<MessageId>,
    },
    /// As archives of version 1 have it.
    Short(UserId, String),
}

impl SeatLine {
    fn from_seat(seat: ImportedSeat) -> Self {
        let ImportedSeat { user, role, joined_at, muted, favourite, read } = seat;
        let read_to = if let ReadTo::Message(id) = read { Some(id) } else { None };
        Self::Whole { user_id: user, role, joined_at, muted, favourite, read_to }
    }

    fn into_seat(self, made: Timestamp) -> ImportedSeat {
        match self {
            Self::Whole { user_id, role, joined_at, muted, favourite, read_to } => {
                let read = read_to.map_or(ReadTo::Nothing, ReadTo::Message);
                ImportedSeat { user: user_id, role, joined_at, muted, favourite, read }
            }
            Self::Short(user, role) => ImportedSeat::new(user, &role, made),
        }
    }
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
    members: Vec<SeatLine>,
}

impl ChannelLine {
    pub fn from_channel(channel: ImportedChannel) -> Self {
        let ImportedChannel { id, space_id, kind, name, topic, archived, created_at, mut members, .. } =
            channel;
        members.sort_unstable_by_key(|member| member.user);
        let members = members.into_iter().map(SeatLine::from_seat).collect();
        Self { id, space_id, kind, name, topic, archived, created_at, members }
    }

    pub fn into_channel(self, outlet: &Outlet) -> Result<ImportedChannel, TransferError> {
        let Self { id, space_id, kind, name, topic, archived, created_at, members } = self;
        let place = id.to_string();
        let name =
            if kind.is_direct() { String::new() } else { accept::channel_name(&name, &place, outlet)? };
        let topic = accept::line(topic, MOST_TOPIC, &place, outlet)?;
        let mut members: Vec<ImportedSeat> =
            members.into_iter().map(|member| member.into_seat(created_at)).collect();
        members.sort_unstable_by_key(|member| member.user);
        let key = || members.iter().map(|member| member.user.to_string()).collect::<Vec<_>>().join("+");
        let direct_key = kind.is_direct().then(key);
        Ok(ImportedChannel { id, space_id, kind, name, topic, archived, created_at, members, direct_key })
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

    pub fn into_message(
        mut self,
        channel_id: ChannelId,
        place: &str,
        outlet: &Outlet,
    ) -> Result<ImportedMessage, TransferError> {
        if self.deleted && !(self.text.is_empty() && self.history.is_empty()) {
            outlet.note("text of a deleted message was left out", place)?;
            self.text.clear();
            self.history.clear();
        }
        for former in &mut self.history {
            accept::text(&mut former.text, place, outlet)?;
        }
        let all = self.reactions.len();
        self.reactions.retain(|(emoji, ..)| crate::text::accept_emoji(emoji).is_ok());
        if self.reactions.len() < all {
            outlet.note("reaction is no emoji and was left out", place)?;
        }
        self.client_id = self.client_id.filter(|id| crate::messages::accept_client_id(id).is_ok());
        Ok(ImportedMessage {
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
                index: String::new(),
                has_link: false,
            },
            edited_at: self.edited_at,
            deleted: self.deleted,
            pinned: self.pinned,
            reactions: self.reactions,
            history: self.history,
        })
    }
}
