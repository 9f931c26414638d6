//! What was read of sessions and accounts a moment ago, so that knowing a caller again costs no read of the store.
//!
//! Every change this process makes clears what it touches before the change is answered. A change by another process (the
//! command line, another node) is seen within [`KEPT`].

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use plexi_cache::{Cache, CacheError, Codec, Keep, Namespace, SecurityLevel};
use plexi_core::{SessionId, StoreError, Timestamp, UserId};

use crate::error::AuthError;
use crate::ports::{Account, Digest, IdentityStore, SessionRecord};

/// How long anything is believed without asking the store again.
const KEPT: Duration = Duration::from_mins(1);
/// How long it is remembered whose cookie it is.
const COOKIES_KEPT: Duration = Duration::from_hours(1);
/// About what names and the like take beside a record.
const TEXTS: usize = 200;
/// How often at most a session's last use is written down.
pub(crate) const TOUCHED_EVERY: Duration = Duration::from_mins(1);

/// A session that was alive when it was read.
pub(crate) struct LiveSession {
    pub record: SessionRecord,
    /// When it was last seen, as the store knows it.
    seen: AtomicI64,
}

impl LiveSession {
    fn new(record: SessionRecord) -> Arc<Self> {
        let seen = AtomicI64::new(record.last_seen_at.as_micros());
        Arc::new(Self { record, seen })
    }

    /// When it was last seen, to the minute.
    pub fn last_seen(&self) -> Timestamp {
        Timestamp::from_micros(self.seen.load(Ordering::Relaxed))
    }

    /// Whether its use now is to be written down; of many at once one is told yes.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let seen = self.seen.load(Ordering::Relaxed);
        now.since(Timestamp::from_micros(seen)) >= TOUCHED_EVERY
            && self.seen.compare_exchange(seen, now.as_micros(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Sessions and accounts read a moment ago, once there is a place for them; without one the store is asked each time.
#[derive(Default)]
pub(crate) struct Recent(OnceLock<Kept>);

struct Kept {
    sessions: Namespace<SessionId, Arc<LiveSession>>,
    /// Whose cookie it is, which never changes; whether that session lives is asked above.
    cookies: Namespace<Digest, SessionId>,
    accounts: Namespace<UserId, Arc<Account>>,
}

impl Recent {
    /// Remembers in `cache` from now on.
    pub fn remember_in(&self, cache: &Cache) -> Result<(), CacheError> {
        let described =
            |name, share| cache.namespace(name).level(SecurityLevel::Public).share(share).time_to_live(KEPT);
        let kept = Kept {
            sessions: described("sessions", 20)
                .build(Codec::in_memory(|_| size_of::<LiveSession>() + TEXTS))?,
            cookies: described("session-cookies", 8)
                .time_to_live(COOKIES_KEPT)
                .build(Codec::in_memory(|_| 0))?,
            accounts: described("accounts", 20).build(Codec::in_memory(|_| size_of::<Account>() + TEXTS))?,
        };
        // Set already: then the first place stays.
        let _ = self.0.set(kept);
        Ok(())
    }

    /// A session by id.
    pub async fn session(
        &self,
        store: &dyn IdentityStore,
        id: SessionId,
    ) -> Result<Option<Arc<LiveSession>>, AuthError> {
        let read = async || store.session(id).await.map(|record| record.map(LiveSession::new));
        let Some(kept) = self.0.get() else { return Ok(read().await?) };
        kept.sessions.get_or_try_load(&id, &Keep::new(), read).await.map_err(shared)
    }

    /// A session by the digest of its cookie.
    pub async fn by_cookie(
        &self,
        store: &dyn IdentityStore,
        cookie: &Digest,
    ) -> Result<Option<Arc<LiveSession>>, AuthError> {
        let Some(kept) = self.0.get() else {
            return Ok(store.session_by_cookie(cookie).await?.map(LiveSession::new));
        };
        let read =
            async || store.session_by_cookie(cookie).await.map(|record| record.map(|record| record.id));
        let id = kept.cookies.get_or_try_load(cookie, &Keep::new(), read).await.map_err(shared)?;
        let Some(id) = id else { return Ok(None) };
        self.session(store, id).await
    }

    /// An account by id.
    pub async fn account(
        &self,
        store: &dyn IdentityStore,
        id: UserId,
    ) -> Result<Option<Arc<Account>>, AuthError> {
        let read = async || store.account(id).await.map(|account| account.map(Arc::new));
        let Some(kept) = self.0.get() else { return Ok(read().await?) };
        kept.accounts.get_or_try_load(&id, &Keep::new(), read).await.map_err(shared)
    }

    /// Forgets sessions that ended.
    pub fn forget_sessions(&self, ids: &[SessionId]) {
        if let Some(kept) = self.0.get() {
            for id in ids {
                kept.sessions.invalidate_local(id);
            }
        }
    }

    /// Forgets an account that changed.
    pub fn forget_account(&self, id: UserId) {
        if let Some(kept) = self.0.get() {
            kept.accounts.invalidate_local(&id);
        }
    }

    /// Forgets all accounts, after a role changed.
    pub fn forget_accounts(&self) {
        if let Some(kept) = self.0.get() {
            kept.accounts.invalidate_all_local();
        }
    }
}

/// The failure of a read that several waited for.
fn shared(error: Arc<StoreError>) -> AuthError {
    Arc::unwrap_or_clone(error).into()
}
