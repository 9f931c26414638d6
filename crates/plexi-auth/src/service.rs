//! The service itself: what it is made of, and what its parts share.

use std::sync::Arc;

use plexi_cache::{Cache, CacheError};
use plexi_core::{Clock, Current, Entropy, IdSource, SessionId, Timestamp, UserId};
use tokio::sync::broadcast;

use crate::config::AuthConfig;
use crate::error::AuthError;
use crate::live::Recent;
use crate::model::User;
use crate::password::Passwords;
use crate::ports::IdentityStore;
use crate::provider::AuthProvider;
use crate::setup::SetupGate;
use crate::tokens::{AccessTokens, TokenKeys};

/// How many notices a slow reader of [`Auth::ended`] or [`Auth::changed`] may be behind.
pub(crate) const NOTICES: usize = 1_024;

/// Which sessions of a user ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// These.
    Sessions(Vec<SessionId>),
    /// All of them.
    All,
}

/// Sessions ended: by their owner, an administrator, a reused refresh token, or because their time was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionsEnded {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub which: Ended,
}

impl SessionsEnded {
    /// Whether a session of a user is among them.
    pub fn covers(&self, user: UserId, session: SessionId) -> bool {
        self.user == user
            && match &self.which {
                Ended::All => true,
                Ended::Sessions(ids) => ids.contains(&session),
            }
    }
}

/// An account was made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChanged {
    /// As others see it now.
    pub user: User,
    /// What its system role grants may have changed, too: whoever keeps an [`Actor`](plexi_core::Actor) asks
    /// [`Auth::recheck`] again.
    pub rights: bool,
}

/// Identity: who somebody is and what the system lets them do. Cheap to clone.
#[derive(Clone)]
pub struct Auth {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub store: Arc<dyn IdentityStore>,
    pub ids: IdSource,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub config: Current<AuthConfig>,
    pub passwords: Passwords,
    pub providers: Vec<Arc<dyn AuthProvider>>,
    pub tokens: AccessTokens,
    pub recent: Recent,
    pub setup: SetupGate,
    pub ended: broadcast::Sender<SessionsEnded>,
    pub changed: broadcast::Sender<AccountChanged>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth")
    }
}

impl Auth {
    /// Joins identity with its store, keys, and the sources of ids, time and randomness. Name and password are the way to
    /// sign in; [`Auth::builder`] takes others. As [`AuthBuilder::build`](crate::AuthBuilder::build).
    pub fn new(
        store: Arc<dyn IdentityStore>,
        keys: TokenKeys,
        ids: IdSource,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        config: AuthConfig,
    ) -> Result<Self, AuthError> {
        Self::builder(store, keys, ids, clock, entropy, config).build()
    }

    /// Remembers sessions and accounts in `cache` for a minute from now on, and forgets them with every change that this service makes.
    /// Without it, knowing a caller reads the store each time.
    pub fn remember_in(&self, cache: &Cache) -> Result<(), CacheError> {
        self.inner.recent.remember_in(cache)
    }

    /// Takes over what may change while running: how long sessions and access tokens that begin from now on live, after how
    /// many days unseen any session ends, and how long new passwords are at least. The rest takes effect at the next start.
    /// [`AuthError::Invalid`] when it is outside its bounds; then nothing changes.
    pub fn reconfigure(&self, config: AuthConfig) -> Result<(), AuthError> {
        config.check().map_err(AuthError::Invalid)?;
        self.inner.passwords.set_min_length(config.password_min_length as usize);
        self.inner.config.set(config);
        Ok(())
    }

    /// Signs access tokens with other keys from now on ([`TokenKeys::rotate`]). Tokens of former keys that `keys` names stay
    /// valid until they expire.
    pub fn replace_keys(&self, keys: TokenKeys) {
        self.inner.tokens.replace_keys(keys);
    }

    /// Tells the key that signs access tokens from another one: 16 hexadecimal digits, made from its public half.
    pub fn key_fingerprint(&self) -> String {
        self.inner.tokens.fingerprint()
    }

    /// Notices of sessions that ended, sent before the call that ended them returns. A reader that lagged behind
    /// (`RecvError::Lagged`) asks [`Auth::recheck`] for every session it serves.
    pub fn ended(&self) -> broadcast::Receiver<SessionsEnded> {
        self.inner.ended.subscribe()
    }

    /// Notices of accounts that were made or changed.
    pub fn changed(&self) -> broadcast::Receiver<AccountChanged> {
        self.inner.changed.subscribe()
    }
}

impl Inner {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Forgets ended sessions, then tells everybody.
    pub fn sessions_ended(&self, user: UserId, ids: Vec<SessionId>, all: bool) {
        self.recent.forget_sessions(&ids);
        let which = if all { Ended::All } else { Ended::Sessions(ids) };
        // An error only says that nobody listens.
        let _ = self.ended.send(SessionsEnded { user, which });
    }

    /// Forgets a changed account, then tells everybody.
    pub fn account_changed(&self, user: &User, rights: bool) {
        self.recent.forget_account(user.id);
        let _ = self.changed.send(AccountChanged { user: user.clone(), rights });
    }
}
