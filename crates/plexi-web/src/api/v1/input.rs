//! Inputs that several operations share. An absent field leaves as it is; null is refused where it would mean nothing.

use plexi_auth::model::{Role, User};
use plexi_core::{ChannelId, InvitationId, MessageId, RoleId, SessionId, SpaceId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Entries of a page when no limit is given.
pub(crate) const PAGE: u32 = 50;

pub(crate) const fn page_limit() -> u32 {
    PAGE
}

macro_rules! paths {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name { $(pub $field: $type),* }
    )*};
}

paths! {
    UserPath { user_id: UserId }
    RolePath { role_id: RoleId }
    SpacePath { space_id: SpaceId }
    SpaceMemberPath { space_id: SpaceId, user_id: UserId }
    ChannelPath { channel_id: ChannelId }
    ChannelMemberPath { channel_id: ChannelId, user_id: UserId }
    MessagePath { message_id: MessageId }
    SessionPath { session_id: SessionId }
    InvitationPath { invitation_id: InvitationId }
}

/// A way to sign in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MethodPath {
    #[schemars(length(min = 1, max = 32), regex(pattern = "^[a-z0-9_-]+$"))]
    pub method: String,
}

/// A page of a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 512), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    pub cursor: Option<String>,
    /// How many entries.
    #[serde(default = "page_limit")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: u32,
}

/// A page of a list that can be filtered by the beginning of a name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedPageQuery {
    /// How the name or display name begins.
    #[serde(default)]
    #[schemars(with = "String", length(max = 64))]
    pub q: Option<String>,
    /// The `next` of the page before.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 512), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    pub cursor: Option<String>,
    /// How many entries.
    #[serde(default = "page_limit")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: u32,
}

/// A list that is never paged.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Items<T> {
    /// All of them.
    pub items: Vec<T>,
}

/// The users of a lookup, or all roles.
pub(crate) type Users = Items<User>;
pub(crate) type Roles = Items<Role>;

/// A role by its name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleInput {
    /// The name of a role of that scope.
    #[schemars(length(min = 1, max = 32))]
    pub role: String,
}
