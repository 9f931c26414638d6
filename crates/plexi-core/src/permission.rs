use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

// In this order: the wider scope is the lesser.
/// Where a role counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleScope {
    /// The whole server.
    System,
    /// One space and the channels in it.
    Space,
    /// One channel.
    Channel,
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// Something that an actor may be allowed to do. A system role grants it everywhere, a space role
        /// in its space, a channel role in its channel.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $text)] $name),*
        }

        impl Permission {
            /// Every permission, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name used in the API and in stores.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

permissions! {
    /// Read and change the server's configuration and read its internals.
    SystemManage = "system.manage",
    /// Create, change, disable users and end their sessions.
    UsersManage = "users.manage",
    /// Create and change roles; give and take them.
    RolesManage = "roles.manage",
    /// Invite people to the server.
    InvitationsCreate = "invitations.create",
    /// Bring in or take out whole workspaces.
    TransferManage = "transfer.manage",
    /// See where secrets are kept, rotate them, take up changed ones.
    SecretsManage = "secrets.manage",
    /// See how the parts of the server do, and start one anew.
    SupervisorManage = "supervisor.manage",
    /// See what is remembered in memory, and have it forgotten.
    CacheManage = "cache.manage",
    /// Read the logs of the server.
    LogsRead = "logs.read",
    /// Read the figures of the server and how they were of late.
    MetricsRead = "metrics.read",
    /// Create spaces.
    SpacesCreate = "spaces.create",
    /// Rename and archive a space; manage its members.
    SpaceManage = "space.manage",
    /// See a space and its public channels.
    SpaceRead = "space.read",
    /// Create public channels.
    ChannelsCreate = "channels.create",
    /// Create private channels.
    PrivateChannelsCreate = "private_channels.create",
    /// Open direct and group conversations.
    DirectCreate = "direct.create",
    /// Join public channels.
    ChannelJoin = "channel.join",
    /// Read a channel's messages.
    ChannelRead = "channel.read",
    /// Post messages and replies, edit and delete one's own.
    MessagePost = "message.post",
    /// React to messages.
    MessageReact = "message.react",
    /// Pin and unpin messages.
    MessagePin = "message.pin",
    /// Delete and pin other people's messages.
    MessageModerate = "message.moderate",
    /// Mention everyone of a channel at once.
    MentionAll = "mention.all",
    /// Rename and archive a channel, set its topic.
    ChannelManage = "channel.manage",
    /// Add and remove a channel's members and give them channel roles.
    ChannelMembersManage = "channel.members.manage",
    /// See all accounts of the server and who of them is there; without it, those one shares a channel or conversation with.
    UsersRead = "users.read",
}

impl Permission {
    /// The narrowest scope at which it means something: a role of a narrower one cannot have it.
    pub const fn scope(self) -> RoleScope {
        match self {
            Self::SystemManage
            | Self::UsersManage
            | Self::RolesManage
            | Self::TransferManage
            | Self::SecretsManage
            | Self::SupervisorManage
            | Self::CacheManage
            | Self::LogsRead
            | Self::MetricsRead
            | Self::SpacesCreate
            | Self::UsersRead
            | Self::DirectCreate => RoleScope::System,
            Self::InvitationsCreate
            | Self::SpaceManage
            | Self::SpaceRead
            | Self::ChannelsCreate
            | Self::PrivateChannelsCreate
            | Self::ChannelJoin => RoleScope::Space,
            Self::ChannelRead
            | Self::MessagePost
            | Self::MessageReact
            | Self::MessagePin
            | Self::MessageModerate
            | Self::MentionAll
            | Self::ChannelManage
            | Self::ChannelMembersManage => RoleScope::Channel,
        }
    }
}

impl fmt::Display for RoleScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Space => "space",
            Self::Channel => "channel",
        })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|p| p.as_str() == text).ok_or(())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// The set of nothing.
    pub const EMPTY: Self = Self(0);

    /// The set of everything.
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Whether `permission` is in the set.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// The set with `permission` added.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | (1 << permission as u8))
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether everything of `other` is in this set too.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The permissions of the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.has(*p))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Permission>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for PermissionSet {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PermissionSet".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<Permission>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_name_that_reads_back_and_a_bit_of_its_own() {
        assert!(Permission::ALL.len() <= 64);
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
            assert_eq!(PermissionSet::EMPTY.with(*permission).iter().collect::<Vec<_>>(), [*permission]);
        }
    }
}
