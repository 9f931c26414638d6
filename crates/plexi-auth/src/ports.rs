//! What identity needs of a store. The contract suite (feature `test-util`) runs against the in-memory store and
//! every database. Digests are SHA-256: no token or code is stored as it was handed out.

#[cfg(any(test, feature = "test-util"))]
pub mod contract;

use async_trait::async_trait;
use plexi_core::{InvitationId, PermissionSet, RoleId, RoleScope, SessionId, SpaceId, Timestamp, UserId};

use crate::error::StoreError;
use crate::model::{Invitation, Me, Role, Theme, User};

/// SHA-256 of a secret that was handed out.
pub type Digest = [u8; 32];

/// An account with everything the service needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What others see.
    pub user: User,
    /// The system role's name.
    pub role: String,
    /// What the system role grants.
    pub permissions: PermissionSet,
    /// Language tag.
    pub locale: String,
    /// Colours.
    pub theme: Theme,
    /// Increases with each change of credentials, role or `disabled`.
    pub epoch: i64,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The user; `name` is folded.
    pub user: User,
    /// The skeleton of the name (confusables folded together); unique like the name.
    pub skeleton: String,
    /// The system role's name.
    pub role: String,
    /// The password's PHC string; none for accounts that cannot sign in.
    pub password_hash: Option<String>,
}

/// What to change of an account. `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The name shown.
    pub display_name: Option<String>,
    /// What they are doing.
    pub status_text: Option<String>,
    /// Language tag.
    pub locale: Option<String>,
    /// Colours.
    pub theme: Option<Theme>,
    /// Disable or enable; raises the epoch.
    pub disabled: Option<bool>,
    /// The system role's name; raises the epoch. `Missing("role")`.
    pub role: Option<String>,
    /// Refuse with `Conflict("changed")` when the account is not as it was seen; `None` to not check.
    pub expected: Option<Seen>,
}

/// An account as whoever changes it saw it before.
#[derive(Clone, Debug)]
pub enum Seen {
    /// As others see it.
    User(User),
    /// As its owner sees it.
    Me(Me),
}

impl AccountChange {
    /// Whether the change was made for an account that is as `account`.
    pub fn is_for(&self, account: &Account) -> bool {
        match &self.expected {
            Some(Seen::User(user)) => *user == account.user,
            Some(Seen::Me(me)) => *me == Me::from(account),
            None => true,
        }
    }
}

impl From<&Account> for Me {
    fn from(account: &Account) -> Self {
        Self {
            user: account.user.clone(),
            role: account.role.clone(),
            permissions: account.permissions,
            locale: account.locale.clone(),
            theme: account.theme,
        }
    }
}

/// The store of accounts.
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Makes an account. `Conflict("name")` when name or skeleton is taken, `Missing("role")`.
    async fn create_account(&self, account: &NewAccount) -> Result<(), StoreError>;
    /// An account by id.
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;
    /// An account by folded name, with its password hash.
    async fn account_by_name(&self, name: &str) -> Result<Option<(Account, Option<String>)>, StoreError>;
    /// The password hash of an account.
    async fn password_hash(&self, id: UserId) -> Result<Option<String>, StoreError>;
    /// Replaces the password hash; with `former` only that one, in one step: `Conflict("changed")` when it is another.
    /// `raise_epoch` is false for a rehash of the same password.
    async fn set_password_hash(
        &self,
        id: UserId,
        former: Option<&str>,
        hash: &str,
        raise_epoch: bool,
    ) -> Result<(), StoreError>;
    /// Changes an account. `Conflict("changed")`; `Conflict("last_admin")` when no enabled account with the role `admin` that can sign in would be left.
    async fn update_account(&self, id: UserId, change: &AccountChange) -> Result<Account, StoreError>;
    /// Accounts in order of name (the page key is the name) whose folded name or display name starts with `prefix`; all without one.
    /// With `seen_by` only those that are [acquaintances](AccountStore::acquaintances) of that account.
    async fn accounts(
        &self,
        seen_by: Option<UserId>,
        prefix: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;
    /// Accounts by id, at most 200; unknown ones are left out.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;
    /// Which of these accounts (at most 500) are in a channel or conversation with `user`, in no order; `user` is one of its own.
    async fn acquaintances(&self, user: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError>;
    /// Whether any account with the role `admin` exists.
    async fn has_admin(&self) -> Result<bool, StoreError>;
}

/// The store of roles. The built-in ones (`roles::built_in`) are written at start by [`RoleStore::ensure_roles`].
#[async_trait]
pub trait RoleStore: Send + Sync + 'static {
    /// Adds the built-in roles that are missing and brings their permissions up to date.
    async fn ensure_roles(&self, roles: &[Role]) -> Result<(), StoreError>;
    /// All roles, by scope and name; at most 500.
    async fn roles(&self, scope: Option<RoleScope>) -> Result<Vec<Role>, StoreError>;
    /// A role by id.
    async fn role(&self, id: RoleId) -> Result<Option<Role>, StoreError>;
    /// Makes a role. `Conflict("name")`.
    async fn create_role(&self, role: &Role) -> Result<(), StoreError>;
    /// Changes a role that is not built in. `Missing("role")`, `Conflict("name")`.
    async fn update_role(
        &self,
        id: RoleId,
        name: Option<&str>,
        permissions: Option<PermissionSet>,
    ) -> Result<Role, StoreError>;
    /// Deletes a role that is not built in. `Conflict("in_use")` when somebody has it.
    async fn delete_role(&self, id: RoleId) -> Result<(), StoreError>;
}

/// A session as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The name of the device.
    pub device: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last seen.
    pub last_seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Digest of the cookie, for browsers.
    pub cookie: Option<Digest>,
    /// Digest of the present refresh token, for everything else.
    pub refresh: Option<Digest>,
}

/// What exchanging a refresh token found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// It was the present one; it has been replaced by the new one.
    Rotated(SessionRecord),
    /// It was the one before, used at this time; nothing was changed. `sealed_next` is what was kept with it.
    Replayed {
        /// The session.
        session: SessionRecord,
        /// When it was used.
        used_at: Timestamp,
        /// The next token, sealed under a key derived from the old one, so that only its holder can read it.
        sealed_next: Vec<u8>,
    },
    /// It was an older one of this session.
    Reused(SessionRecord),
    /// No session knows it.
    Unknown,
}

/// The store of sessions.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Begins a session. At most 100 a user: the longest unseen ends.
    async fn create_session(&self, session: &SessionRecord) -> Result<(), StoreError>;
    /// A session by id.
    async fn session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError>;
    /// A session by the digest of its cookie.
    async fn session_by_cookie(&self, cookie: &Digest) -> Result<Option<SessionRecord>, StoreError>;
    /// The sessions of a user, last seen first; at most 100.
    async fn sessions(&self, user: UserId) -> Result<Vec<SessionRecord>, StoreError>;
    /// Notes that a session was seen. Called at most once a minute for each.
    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError>;
    /// Replaces the cookie of a session that has one; whether it did. The former one is no session's from then on.
    async fn replace_cookie(&self, id: SessionId, cookie: &Digest) -> Result<bool, StoreError>;
    /// Exchanges a refresh token, atomically: of many at once with the same token exactly one gets `Rotated`. `sealed_next` is kept with
    /// the old digest. The digests of all former tokens of a session are kept while it lasts (at most 10,000, oldest forgotten).
    /// The session in the outcome has the new digest and is else as it was before, so that a session unseen for too long is still known as such.
    async fn rotate_refresh(
        &self,
        old: &Digest,
        new: &Digest,
        sealed_next: &[u8],
        at: Timestamp,
    ) -> Result<RefreshOutcome, StoreError>;
    /// Ends a session; whether there was one.
    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError>;
    /// Ends the sessions of a user but `keep`; the ids that ended.
    async fn end_sessions(&self, user: UserId, keep: Option<SessionId>)
    -> Result<Vec<SessionId>, StoreError>;
    /// Removes sessions that ended before `at`; how many, at most 1,000 a call.
    async fn purge_sessions(&self, at: Timestamp) -> Result<u64, StoreError>;
}

/// The store of invitations and of the set-up state.
#[async_trait]
pub trait InvitationStore: Send + Sync + 'static {
    /// Keeps an invitation under the digest of its code.
    async fn create_invitation(&self, invitation: &Invitation, code: &Digest) -> Result<(), StoreError>;
    /// An invitation by its code.
    async fn invitation_by_code(&self, code: &Digest) -> Result<Option<Invitation>, StoreError>;
    /// Invitations to a space (or all), newest first (the page key is the id); at most `limit`.
    async fn invitations(
        &self,
        space: Option<SpaceId>,
        after: Option<InvitationId>,
        limit: u32,
    ) -> Result<Vec<Invitation>, StoreError>;
    /// An invitation by id.
    async fn invitation(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError>;
    /// Removes an invitation; whether there was one.
    async fn delete_invitation(&self, id: InvitationId) -> Result<bool, StoreError>;
    /// Makes the account and its membership of the space and counts the use, in one transaction. `Missing("invitation")` when it is
    /// used up, too old or gone, `Conflict("name")`. The space role is the invitation's role.
    async fn redeem_invitation(
        &self,
        code: &Digest,
        account: &NewAccount,
        at: Timestamp,
    ) -> Result<Invitation, StoreError>;
    /// Makes the first administrator, in one transaction, if none exists: `Conflict("setup")` otherwise, also for many at once.
    async fn create_first_admin(&self, account: &NewAccount) -> Result<(), StoreError>;
}

/// Everything identity stores.
pub trait IdentityStore: AccountStore + RoleStore + SessionStore + InvitationStore {}
impl<T: AccountStore + RoleStore + SessionStore + InvitationStore> IdentityStore for T {}
