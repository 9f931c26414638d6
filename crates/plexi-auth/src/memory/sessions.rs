use async_trait::async_trait;
use plexi_core::{SessionId, Timestamp, UserId};

use super::{Former, MemoryStore, State};
use crate::error::StoreError;
use crate::ports::{Digest, RefreshOutcome, SessionRecord, SessionStore};

/// The most sessions of a user.
const MAX_SESSIONS: usize = 100;
const MAX_PURGED: usize = 1_000;

#[async_trait]
impl SessionStore for MemoryStore {
    async fn create_session(&self, session: &SessionRecord) -> Result<(), StoreError> {
        let mut state = self.lock();
        let mut others = of(&state, session.user_id);
        while others.len() >= MAX_SESSIONS {
            if let Some(unseen) = others.pop() {
                end(&mut state, unseen.id);
            }
        }
        state.sessions.insert(session.id, session.clone());
        Ok(())
    }

    async fn session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.reach()?;
        Ok(self.lock().sessions.get(&id).cloned())
    }

    async fn session_by_cookie(&self, cookie: &Digest) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.lock().sessions.values().find(|session| session.cookie.as_ref() == Some(cookie)).cloned())
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionRecord>, StoreError> {
        Ok(of(&self.lock(), user))
    }

    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        if let Some(session) = self.lock().sessions.get_mut(&id) {
            session.last_seen_at = at;
        }
        Ok(())
    }

    async fn replace_cookie(&self, id: SessionId, cookie: &Digest) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let present = state.sessions.get_mut(&id).and_then(|session| session.cookie.as_mut());
        Ok(present.map(|present| *present = *cookie).is_some())
    }

    async fn rotate_refresh(
        &self,
        old: &Digest,
        new: &Digest,
        sealed_next: &[u8],
        at: Timestamp,
    ) -> Result<RefreshOutcome, StoreError> {
        let mut state = self.lock();
        if let Some(session) =
            state.sessions.values_mut().find(|session| session.refresh.as_ref() == Some(old))
        {
            session.refresh = Some(*new);
            let session = session.clone();
            let former =
                Former { session: session.id, used_at: at, sealed_next: sealed_next.to_vec(), next: *new };
            state.former.insert(*old, former);
            return Ok(RefreshOutcome::Rotated(session));
        }
        let Some(former) = state.former.get(old) else { return Ok(RefreshOutcome::Unknown) };
        let Some(session) = state.sessions.get(&former.session).cloned() else {
            return Ok(RefreshOutcome::Unknown);
        };
        Ok(if session.refresh == Some(former.next) {
            RefreshOutcome::Replayed {
                session,
                used_at: former.used_at,
                sealed_next: former.sealed_next.clone(),
            }
        } else {
            RefreshOutcome::Reused(session)
        })
    }

    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError> {
        Ok(end(&mut self.lock(), id))
    }

    async fn end_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut state = self.lock();
        let ids: Vec<SessionId> =
            of(&state, user).into_iter().map(|session| session.id).filter(|id| Some(*id) != keep).collect();
        for id in &ids {
            end(&mut state, *id);
        }
        Ok(ids)
    }

    async fn purge_sessions(&self, at: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let over = state.sessions.values().filter(|session| session.expires_at < at).take(MAX_PURGED);
        let ids: Vec<SessionId> = over.map(|session| session.id).collect();
        Ok(ids.into_iter().map(|id| u64::from(end(&mut state, id))).sum())
    }
}

/// The sessions of a user, last seen first.
fn of(state: &State, user: UserId) -> Vec<SessionRecord> {
    let mut sessions: Vec<_> =
        state.sessions.values().filter(|session| session.user_id == user).cloned().collect();
    sessions.sort_by_key(|session| std::cmp::Reverse((session.last_seen_at, session.id)));
    sessions
}

fn end(state: &mut State, id: SessionId) -> bool {
    state.former.retain(|_, former| former.session != id);
    state.sessions.remove(&id).is_some()
}
