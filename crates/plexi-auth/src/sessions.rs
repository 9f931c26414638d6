//! Sessions: signed-in devices. Knowing a caller by cookie or access token, listing and ending.

use std::cmp::Reverse;
use std::time::Duration;

use plexi_core::access::Denied;
use plexi_core::{
    Actor, ActorKind, CursorError, Cursors, Page, Permission, Secret, SessionId, Timestamp, UserId,
};

use crate::error::AuthError;
use crate::live::LiveSession;
use crate::model::Session;
use crate::pages;
use crate::ports::{Account, SessionRecord};
use crate::secrets;
use crate::service::{Auth, Inner};
use crate::tokens::{Narrowing, Purpose, Signer};

const DAY: Duration = Duration::from_hours(24);

/// Somebody who is signed in, as a request shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who asks, for every decision.
    pub actor: Actor,
    /// The account.
    pub account: Account,
    /// The device.
    pub session: SessionId,
    /// What the holder of the access token added to it; none by cookie.
    pub narrowing: Narrowing,
    /// The key that signed the access token; none by cookie.
    pub(crate) signer: Option<Signer>,
}

/// The cookie that shows a session from now on; its former one does not.
#[derive(Clone, Debug)]
pub struct NewCookie {
    /// The value of the cookie.
    pub value: Secret<String>,
    /// When the session ends, and the cookie with it.
    pub expires_at: Timestamp,
}

impl Auth {
    /// Knows a caller by a session cookie. [`AuthError::SessionEnded`] when no living session has it.
    pub async fn authenticate_cookie(&self, cookie: &str) -> Result<Caller, AuthError> {
        if cookie.len() > secrets::MAX_TEXT {
            return Err(AuthError::SessionEnded);
        }
        let inner = &*self.inner;
        let digest = secrets::digest_of(cookie);
        let session = inner.recent.by_cookie(&*inner.store, &digest).await?.ok_or(AuthError::SessionEnded)?;
        match &session.record.cookie {
            Some(known) if secrets::same(known, &digest) => inner.admit(&session, None).await,
            _ => Err(AuthError::SessionEnded),
        }
    }

    /// Knows a caller by an access token. [`AuthError::TokenExpired`] when a new one is to be had with the refresh token.
    /// A token that its holder narrowed to operations is refused; [`Auth::authenticate_bearer_for`] names one.
    pub async fn authenticate_bearer(&self, token: &str) -> Result<Caller, AuthError> {
        self.inner.by_token(token, None).await
    }

    /// Knows a caller by an access token that is used for `purpose`. Holders narrow tokens by a check such as
    /// `check if operation("read")`; [`AuthError::Restricted`] when one does not hold.
    pub async fn authenticate_bearer_for(&self, token: &str, purpose: Purpose) -> Result<Caller, AuthError> {
        self.inner.by_token(token, Some(purpose)).await
    }

    /// Whether what a holder added to a token lets it be used for `purpose` now, for connections that stay open: beside
    /// [`Auth::recheck`], for each thing that is asked. [`AuthError::Restricted`] or [`AuthError::TokenExpired`] when not. Costs
    /// nothing for a token that nobody narrowed.
    pub fn permits(&self, narrowing: &Narrowing, purpose: Purpose) -> Result<(), AuthError> {
        if narrowing.is_none() {
            return Ok(());
        }
        narrowing.permits(self.inner.now(), Some(purpose))
    }

    /// Whether the key that signed the token of a caller still counts: it may have been revoked since the caller was known. For who
    /// begins something long with a caller that was known a moment before.
    pub fn trusts(&self, caller: &Caller) -> bool {
        caller.signer.is_none_or(|signer| self.inner.tokens.trusts(signer, self.inner.now()))
    }

    /// Looks again at a caller that was known before, for connections that stay open: whether the session still lives, and
    /// what the account is and may now. [`AuthError::SessionEnded`] when not. Usually costs no read of the store. What narrows the
    /// token of the connection is not known here: [`Auth::permits`].
    pub async fn recheck(&self, user: UserId, session: SessionId) -> Result<Caller, AuthError> {
        let inner = &*self.inner;
        let session = inner.recent.session(&*inner.store, session).await?.ok_or(AuthError::SessionEnded)?;
        if session.record.user_id != user {
            return Err(AuthError::SessionEnded);
        }
        inner.admit(&session, None).await
    }

    /// Ends the caller's session.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), AuthError> {
        self.inner.end(caller.actor.user, caller.session).await
    }

    /// The caller's living sessions, at most 100, last seen first: one that is seen between two pages is before them.
    pub async fn sessions(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Session>, AuthError> {
        let limit = pages::limit(limit)?;
        let list = Cursors::of("sessions");
        let after = list.read(cursor)?.map(|key| place_of(&key).ok_or(CursorError)).transpose()?;
        let now = self.inner.now();
        let mut records = self.inner.store.sessions(caller.actor.user).await?;
        records.retain(|record| self.inner.lives(record, record.last_seen_at, now));
        records.retain(|record| after.is_none_or(|after| place(record) < after));
        records.sort_unstable_by_key(|record| Reverse(place(record)));
        let Page { items, next } = list.page(records, limit as usize, |last| {
            let (seen, id) = place(last);
            format!("{}.{id}", seen.as_micros())
        });
        let items = items.iter().map(|record| shown(record, record.id == caller.session)).collect();
        Ok(Page { items, next })
    }

    /// Ends one of the caller's sessions. [`Denied::Unseen`] when it is not theirs.
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<(), AuthError> {
        match self.inner.store.session(id).await? {
            Some(record) if record.user_id == caller.actor.user => self.inner.end(record.user_id, id).await,
            _ => Err(Denied::Unseen.into()),
        }
    }

    /// Ends all of the caller's sessions but this one.
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<(), AuthError> {
        self.inner.end_all(caller.actor.user, Some(caller.session)).await
    }

    /// Ends all sessions of a user. Needs `users.manage` unless it is the actor's own account.
    pub async fn end_user_sessions(&self, actor: &Actor, user: UserId) -> Result<(), AuthError> {
        if actor.user != user {
            actor.require(Permission::UsersManage)?;
        }
        if self.inner.store.account(user).await?.is_none() {
            return Err(Denied::Unseen.into());
        }
        self.inner.end_all(user, None).await
    }

    /// Removes sessions whose time is over from the store; how many, at most 1,000 a call. For a task that runs now and then.
    pub async fn purge_sessions(&self) -> Result<u64, AuthError> {
        Ok(self.inner.store.purge_sessions(self.inner.now()).await?)
    }
}

impl Inner {
    async fn by_token(&self, token: &str, purpose: Option<Purpose>) -> Result<Caller, AuthError> {
        let now = self.now();
        let (claims, narrowing, signer) = self.tokens.verify(token, now)?;
        let session =
            self.recent.session(&*self.store, claims.session).await?.ok_or(AuthError::SessionEnded)?;
        if session.record.user_id != claims.user {
            return Err(AuthError::TokenInvalid);
        }
        let caller = self.admit(&session, Some(claims.epoch)).await?;
        // Last, so that only who is somebody learns that the token does not reach so far.
        narrowing.permits(now, purpose)?;
        Ok(Caller { narrowing, signer: Some(signer), ..caller })
    }

    /// Lets a living session of an enabled account in.
    async fn admit(&self, session: &LiveSession, epoch: Option<i64>) -> Result<Caller, AuthError> {
        let record = &session.record;
        let now = self.now();
        if !self.lives(record, session.last_seen(), now) {
            self.end(record.user_id, record.id).await?;
            return Err(AuthError::SessionEnded);
        }
        let mut account =
            self.recent.account(&*self.store, record.user_id).await?.ok_or(AuthError::SessionEnded)?;
        if epoch.is_some_and(|epoch| epoch > account.epoch) {
            // Another process changed the account and issued the token since it was read.
            self.recent.forget_account(record.user_id);
            account =
                self.recent.account(&*self.store, record.user_id).await?.ok_or(AuthError::SessionEnded)?;
        }
        if account.user.disabled {
            return Err(AuthError::SessionEnded);
        }
        if epoch.is_some_and(|epoch| epoch != account.epoch) {
            return Err(AuthError::TokenExpired);
        }
        if session.is_due(now)
            && let Err(error) = self.store.touch_session(record.id, now).await
        {
            // Reading must go on when writing cannot.
            tracing::warn!(session = %record.id, %error, "session use not noted");
        }
        let actor = Actor {
            user: record.user_id,
            session: Some(record.id),
            kind: ActorKind::User,
            system: account.permissions,
        };
        Ok(Caller {
            actor,
            account: (*account).clone(),
            session: record.id,
            narrowing: Narrowing::default(),
            signer: None,
        })
    }

    /// Whether a session's time is not over, neither in all nor unseen.
    pub fn lives(&self, record: &SessionRecord, seen: Timestamp, now: Timestamp) -> bool {
        now < record.expires_at && now < seen.plus(DAY * self.config.get().idle_days)
    }

    /// When a session that begins now ends whatever happens.
    pub fn session_end(&self, now: Timestamp) -> Timestamp {
        now.plus(DAY * self.config.get().session_days)
    }

    /// Gives a session that is shown by a cookie another one; the former is nobody's at once. `None` for other sessions.
    pub async fn renew_cookie(&self, id: SessionId) -> Result<Option<NewCookie>, AuthError> {
        let Some(record) = self.store.session(id).await?.filter(|record| record.cookie.is_some()) else {
            return Ok(None);
        };
        let value = secrets::generate::<32>(&*self.entropy)?;
        let replaced = self.store.replace_cookie(id, &secrets::digest_of(value.expose())).await?;
        self.recent.forget_sessions(&[id]);
        Ok(replaced.then_some(NewCookie { value, expires_at: record.expires_at }))
    }

    /// Ends a session.
    pub async fn end(&self, user: UserId, id: SessionId) -> Result<(), AuthError> {
        self.store.end_session(id).await?;
        self.sessions_ended(user, vec![id], false);
        Ok(())
    }

    /// Ends the sessions of a user but `keep`.
    pub async fn end_all(&self, user: UserId, keep: Option<SessionId>) -> Result<(), AuthError> {
        let ids = self.store.end_sessions(user, keep).await?;
        self.sessions_ended(user, ids, keep.is_none());
        Ok(())
    }
}

/// The place of a session in the list; the greatest comes first.
fn place(record: &SessionRecord) -> (Timestamp, SessionId) {
    (record.last_seen_at, record.id)
}

/// The place that the key of a cursor names.
fn place_of(key: &str) -> Option<(Timestamp, SessionId)> {
    let (seen, id) = key.split_once('.')?;
    Some((Timestamp::from_micros(seen.parse().ok()?), id.parse().ok()?))
}

/// A session as its owner sees it.
pub(crate) fn shown(record: &SessionRecord, current: bool) -> Session {
    Session {
        id: record.id,
        device: record.device.clone(),
        created_at: record.created_at,
        last_seen_at: record.last_seen_at,
        expires_at: record.expires_at,
        current,
    }
}
