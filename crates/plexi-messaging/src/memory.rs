//! A store in memory, for tests and trials: it keeps the contract of [`crate::ports`], and forgets all when dropped.

mod channels;
mod messages;
mod reading;
mod search;
mod spaces;
mod state;
mod transfer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use plexi_core::{Permission, PermissionSet, RoleId, RoleScope, Timestamp, UserId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::ports::{Directory, ImportedUser};
use crate::search::fold::fold;
use state::{ChannelRow, RoleRow, State};

/// The store. Shared behind an `Arc`.
pub struct MemoryStore {
    state: Mutex<State>,
    /// Every change fails with what this makes, while it is set.
    fault: Mutex<Option<fn() -> StoreError>>,
    posts: tokio::sync::Mutex<()>,
    commits: AtomicU64,
}

impl MemoryStore {
    /// An empty store with the built-in roles.
    pub fn new() -> Self {
        let store = Self {
            state: Mutex::default(),
            fault: Mutex::default(),
            posts: tokio::sync::Mutex::default(),
            commits: AtomicU64::new(0),
        };
        for (scope, name, grants) in built_in() {
            store.put_role(scope, name, grants.iter().copied().collect(), true);
        }
        store
    }

    /// Adds or replaces a role.
    pub fn add_role(&self, scope: RoleScope, name: &str, grants: PermissionSet) {
        self.put_role(scope, name, grants, false);
    }

    fn put_role(&self, scope: RoleScope, name: &str, permissions: PermissionSet, built_in: bool) {
        let mut state = self.state();
        let number = state.roles.len() as u128 + 1;
        let key = (scope.into(), name.to_owned());
        let id =
            state.roles.get(&key).map_or_else(|| RoleId::from_uuid(Uuid::from_u128(number)), |role| role.id);
        state.roles.insert(key, RoleRow { id, scope, permissions, built_in });
    }

    /// Adds an account. The name counts as folded.
    pub fn add_user(&self, id: UserId, name: &str, display_name: &str) {
        let account = ImportedUser::new(id, &fold(name), display_name, Timestamp::default());
        self.state().users.insert(id, account);
    }

    /// Whether an account's system role grants `channel.read` from now on.
    pub fn set_system_reads(&self, id: UserId, reads: bool) {
        let readers = &mut self.state().system_readers;
        if reads {
            readers.insert(id)
        } else {
            readers.remove(&id)
        };
    }

    /// From now on every change fails with what `fault` makes, as on a full disk; `None`: works again.
    pub fn set_fault(&self, fault: Option<fn() -> StoreError>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// While the guard is held, posts wait, as for a slow disk.
    pub async fn hold_posts(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.posts.lock().await
    }

    /// How many transactions posted messages.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, for a change.
    fn change(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let fault = *self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => Err(fault()),
            None => Ok(self.state()),
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryStore")
    }
}

fn built_in() -> [(RoleScope, &'static str, &'static [Permission]); 10] {
    use Permission::{
        ChannelJoin, ChannelManage, ChannelMembersManage, ChannelRead, ChannelsCreate, DirectCreate,
        InvitationsCreate, MentionAll, MessageModerate, MessagePin, MessagePost, MessageReact,
        PrivateChannelsCreate, SpaceManage, SpaceRead,
    };
    use RoleScope::{Channel, Space, System};
    [
        (System, "admin", Permission::ALL),
        (System, "member", &[DirectCreate]),
        (System, "guest", &[]),
        (
            Space,
            "admin",
            &[
                SpaceRead,
                SpaceManage,
                ChannelsCreate,
                PrivateChannelsCreate,
                ChannelJoin,
                ChannelRead,
                ChannelManage,
                ChannelMembersManage,
                MessageModerate,
                MessagePin,
                MentionAll,
                InvitationsCreate,
            ],
        ),
        (Space, "member", &[SpaceRead, ChannelsCreate, PrivateChannelsCreate, ChannelJoin, ChannelRead]),
        (Space, "guest", &[]),
        (
            Channel,
            "admin",
            &[
                ChannelRead,
                MessagePost,
                MessageReact,
                MessagePin,
                MessageModerate,
                MentionAll,
                ChannelManage,
                ChannelMembersManage,
            ],
        ),
        (Channel, "member", &[ChannelRead, MessagePost, MessageReact, MessagePin, MentionAll]),
        (Channel, "guest", &[ChannelRead, MessagePost, MessageReact]),
        (Channel, "reader", &[ChannelRead, MessageReact]),
    ]
}

#[async_trait]
impl Directory for MemoryStore {
    async fn resolve(&self, names: &[String]) -> Result<Vec<(String, UserId)>, StoreError> {
        let state = self.state();
        let found = state.users.iter().filter(|(_, account)| names.contains(&account.name));
        Ok(found.map(|(id, account)| (account.name.clone(), *id)).collect())
    }

    async fn existing(&self, users: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let state = self.state();
        let exists = |user: &&UserId| state.users.get(*user).is_some_and(|account| !account.disabled);
        Ok(users.iter().filter(exists).copied().collect())
    }

    async fn acquainted(&self, user: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let state = self.state();
        let together = |other: &UserId| {
            let in_both =
                |row: &ChannelRow| row.members.contains_key(&user) && row.members.contains_key(other);
            state.users.contains_key(other) && (user == *other || state.channels.values().any(in_both))
        };
        Ok(among.iter().filter(|other| together(other)).copied().collect())
    }

    async fn role_grants(&self, scope: RoleScope, name: &str) -> Result<Option<PermissionSet>, StoreError> {
        Ok(self.state().grants(scope, name))
    }
}
