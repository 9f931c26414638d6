//! What was read of sessions and accounts a moment ago, so that knowing a caller again costs no read of the store.
//!
//! Every change this process makes clears what it touches before the change is answered. A change by another process (the
//! command line, another node) is seen within [`KEPT`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use plexi_core::{SessionId, Timestamp, UserId};

use crate::error::AuthError;
use crate::ports::{Account, Digest, IdentityStore, SessionRecord};

/// How long anything is believed without asking the store again.
const KEPT: Duration = Duration::from_mins(1);
/// The most entries of each kind.
const CAPACITY: u64 = 100_000;
/// How often at most a session's last use is written down.
pub(crate) const TOUCHED_EVERY: Duration = Duration::from_mins(1);

/// A session that was alive when it was read.
pub(crate) struct LiveSession {
    pub record: SessionRecord,
    /// When it was last seen, as the store knows it.
    seen: AtomicI64,
}

impl LiveSession {
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

/// The three caches. What is read while something is cleared is not kept.
pub(crate) struct Recent {
    sessions: Cache<SessionId, Arc<LiveSession>>,
    cookies: Cache<Digest, SessionId>,
    accounts: Cache<UserId, Arc<Account>>,
    clearings: AtomicU64,
}

impl Recent {
    pub fn new() -> Self {
        Self { sessions: cache(), cookies: cache(), accounts: cache(), clearings: AtomicU64::new(0) }
    }

    /// A session by id.
    pub async fn session(
        &self,
        store: &dyn IdentityStore,
        id: SessionId,
    ) -> Result<Option<Arc<LiveSession>>, AuthError> {
        if let Some(session) = self.sessions.get(&id) {
            return Ok(Some(session));
        }
        let before = self.clearings.load(Ordering::SeqCst);
        let record = store.session(id).await?;
        Ok(record.map(|record| self.keep_session(record, before)))
    }

    /// A session by the digest of its cookie.
    pub async fn by_cookie(
        &self,
        store: &dyn IdentityStore,
        cookie: &Digest,
    ) -> Result<Option<Arc<LiveSession>>, AuthError> {
        if let Some(session) = self.cookies.get(cookie).and_then(|id| self.sessions.get(&id)) {
            return Ok(Some(session));
        }
        let before = self.clearings.load(Ordering::SeqCst);
        let Some(record) = store.session_by_cookie(cookie).await? else { return Ok(None) };
        self.cookies.insert(*cookie, record.id);
        Ok(Some(self.keep_session(record, before)))
    }

    /// An account by id.
    pub async fn account(
        &self,
        store: &dyn IdentityStore,
        id: UserId,
    ) -> Result<Option<Arc<Account>>, AuthError> {
        if let Some(account) = self.accounts.get(&id) {
            return Ok(Some(account));
        }
        let before = self.clearings.load(Ordering::SeqCst);
        let Some(account) = store.account(id).await?.map(Arc::new) else { return Ok(None) };
        self.accounts.insert(id, account.clone());
        if self.clearings.load(Ordering::SeqCst) != before {
            self.accounts.invalidate(&id);
        }
        Ok(Some(account))
    }

    /// Forgets sessions that ended.
    pub fn forget_sessions(&self, ids: &[SessionId]) {
        self.clearings.fetch_add(1, Ordering::SeqCst);
        for id in ids {
            self.sessions.invalidate(id);
        }
    }

    /// Forgets an account that changed.
    pub fn forget_account(&self, id: UserId) {
        self.clearings.fetch_add(1, Ordering::SeqCst);
        self.accounts.invalidate(&id);
    }

    /// Forgets all accounts, after a role changed.
    pub fn forget_accounts(&self) {
        self.clearings.fetch_add(1, Ordering::SeqCst);
        self.accounts.invalidate_all();
    }

    /// Keeps what was read, unless something was cleared since: then it may be older than that.
    fn keep_session(&self, record: SessionRecord, before: u64) -> Arc<LiveSession> {
        let id = record.id;
        let seen = AtomicI64::new(record.last_seen_at.as_micros());
        let session = Arc::new(LiveSession { record, seen });
        self.sessions.insert(id, session.clone());
        if self.clearings.load(Ordering::SeqCst) != before {
            self.sessions.invalidate(&id);
        }
        session
    }
}

fn cache<K, V>() -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(CAPACITY).time_to_live(KEPT).build()
}
