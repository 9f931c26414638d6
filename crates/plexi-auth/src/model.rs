//! The objects of identity, as the API shows them (`docs/API.md`, section Objects).

pub use plexi_core::Page;
use plexi_core::{InvitationId, PermissionSet, RoleId, RoleScope, SessionId, SpaceId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SignInMethod {
    /// Its name: `password`.
    pub method: String,
    /// The names of what its proof is made of: `name`, `password`.
    pub proof: Vec<String>,
}

/// What kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// Somebody who signs in.
    Person,
    /// A program.
    Bot,
    /// An author that an import brought; it has no credentials.
    Imported,
}

impl UserKind {
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

/// An account, as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The folded, unique name.
    pub name: String,
    /// The name shown, 1 to 64 characters.
    pub display_name: String,
    /// What they are doing, at most 100 characters.
    pub status_text: String,
    /// Person, bot or imported.
    pub kind: UserKind,
    /// It cannot sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An account, as those who manage accounts see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManagedUser {
    /// What everybody sees.
    #[serde(flatten)]
    pub user: User,
    /// The system role.
    pub role: String,
}

/// Which colours the client uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// What the device prefers.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// One's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    /// What others see.
    #[serde(flatten)]
    pub user: User,
    /// The system role.
    pub role: String,
    /// What the system role grants.
    pub permissions: PermissionSet,
    /// A BCP 47 language tag, `en` at first.
    pub locale: String,
    /// Colours.
    pub theme: Theme,
}

/// A role: a named set of permissions at a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name, unique at its scope, 1 to 32 of `a-z 0-9 _ -`.
    pub name: String,
    /// Where it counts.
    pub scope: RoleScope,
    /// What it grants.
    pub permissions: PermissionSet,
    /// It came with the server and cannot be changed.
    pub built_in: bool,
}

/// A signed-in device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The name of the device.
    pub device: String,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it was last seen, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// It is the one that asks.
    pub current: bool,
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// To which space.
    pub space_id: SpaceId,
    /// Whether who accepts becomes a member or a guest, of the server and of the space.
    pub role: String,
    /// How often it can be used.
    pub max_uses: u32,
    /// How often it was.
    pub uses: u32,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is valid.
    pub expires_at: Timestamp,
}
