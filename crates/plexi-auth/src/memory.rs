//! An in-memory store for tests: every operation is one step under one lock, so it is atomic as a database's transaction is.

mod accounts;
mod invitations;
mod roles;
mod sessions;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use plexi_core::{InvitationId, PermissionSet, RoleId, RoleScope, SessionId, SpaceId, Timestamp, UserId};

use crate::error::StoreError;
use crate::model::{Invitation, Role, Theme};
use crate::ports::{Account, Digest, NewAccount, SessionRecord};
use crate::roles::ADMIN;

/// Keeps everything in memory and forgets it when dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    operations: AtomicU64,
    away: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    accounts: HashMap<UserId, Stored>,
    /// In order of name.
    names: BTreeMap<String, UserId>,
    roles: HashMap<RoleId, Role>,
    sessions: HashMap<SessionId, SessionRecord>,
    former: HashMap<Digest, Former>,
    invitations: BTreeMap<InvitationId, (Invitation, Digest)>,
    memberships: Vec<(SpaceId, UserId, String)>,
    acquainted: HashSet<(UserId, UserId)>,
}

#[derive(Debug)]
struct Stored {
    account: Account,
    skeleton: String,
    hash: Option<String>,
}

/// A refresh token that was exchanged.
#[derive(Debug)]
struct Former {
    session: SessionId,
    used_at: Timestamp,
    sealed_next: Vec<u8>,
    /// The token it was exchanged for.
    next: Digest,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The members that accepted invitations made, in order: space, user, space role.
    pub fn memberships(&self) -> Vec<(SpaceId, UserId, String)> {
        self.lock().memberships.clone()
    }

    /// From now on two accounts count as in a channel together; this store has no channels.
    pub fn acquaint(&self, one: UserId, other: UserId) {
        self.lock().acquainted.extend([(one, other), (other, one)]);
    }

    /// Everything that is stored, as text, to look for what must not be there.
    pub fn dump(&self) -> String {
        format!("{:?}", *self.lock())
    }

    /// How many operations were asked of the store.
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::SeqCst)
    }

    /// From now on accounts and sessions cannot be read by their id, as while a database restarts; false: they can again.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn reach(&self) -> Result<(), StoreError> {
        if self.away.load(Ordering::SeqCst) {
            Err(StoreError::Unavailable("away".to_owned()))
        } else {
            Ok(())
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.operations.fetch_add(1, Ordering::SeqCst);
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn role_named(&self, scope: RoleScope, name: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.scope == scope && role.name == name)
    }

    /// An account with what its role grants now.
    fn account(&self, id: UserId) -> Option<Account> {
        let mut account = self.accounts.get(&id)?.account.clone();
        account.permissions = self
            .role_named(RoleScope::System, &account.role)
            .map_or(PermissionSet::EMPTY, |role| role.permissions);
        Some(account)
    }

    fn insert(&mut self, new: &NewAccount) -> Result<(), StoreError> {
        let taken =
            |stored: &Stored| stored.skeleton == new.skeleton || stored.account.user.name == new.user.name;
        if self.accounts.contains_key(&new.user.id) || self.accounts.values().any(taken) {
            return Err(StoreError::Conflict("name"));
        }
        let role = self.role_named(RoleScope::System, &new.role).ok_or(StoreError::Missing("role"))?;
        let account = Account {
            user: new.user.clone(),
            role: new.role.clone(),
            permissions: role.permissions,
            locale: "en".to_owned(),
            theme: Theme::System,
            epoch: 0,
        };
        self.names.insert(new.user.name.clone(), new.user.id);
        let stored = Stored { account, skeleton: new.skeleton.clone(), hash: new.password_hash.clone() };
        self.accounts.insert(new.user.id, stored);
        Ok(())
    }

    fn are_acquainted(&self, one: UserId, other: UserId) -> bool {
        one == other || self.acquainted.contains(&(one, other))
    }

    fn has_admin(&self) -> bool {
        self.accounts.values().any(|stored| stored.account.role == ADMIN)
    }

    /// Whether an enabled administrator that can sign in is left without `id`.
    fn has_other_admin(&self, id: UserId) -> bool {
        self.accounts.values().any(|stored| {
            let account = &stored.account;
            account.user.id != id && account.role == ADMIN && !account.user.disabled && stored.hash.is_some()
        })
    }
}
