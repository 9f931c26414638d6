use async_trait::async_trait;
use plexi_auth::ports::{Digest, RefreshOutcome, SessionRecord, SessionStore};
use plexi_core::StoreError;
use plexi_core::{SessionId, Timestamp, UserId};
use sea_orm::{QueryResult, Value};

use crate::database::{Database, transaction};
use crate::fault::Fault;
use crate::sql::{Cells, Conn, Param, params, single};

const COLUMNS: &str = "id, user_id, device, created_at, last_seen_at, expires_at, cookie, refresh";
/// Sessions a user can have at once.
const MOST_SESSIONS: i64 = 100;
/// Former refresh tokens remembered of each session.
const MOST_REFRESHES: i64 = 10_000;
/// Sessions removed by one call.
const PURGE: u32 = 1_000;

fn session(row: &QueryResult) -> Result<SessionRecord, Fault> {
    let mut cells = Cells::new(row);
    Ok(SessionRecord {
        id: cells.take()?,
        user_id: cells.take()?,
        device: cells.take()?,
        created_at: cells.take()?,
        last_seen_at: cells.take()?,
        expires_at: cells.take()?,
        cookie: cells.take()?,
        refresh: cells.take()?,
    })
}

async fn find(
    conn: Conn<'_>,
    wanted: &str,
    value: Value,
    lock: bool,
) -> Result<Option<SessionRecord>, Fault> {
    let lock = if lock { conn.engine.for_update() } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE {wanted} = ?{lock}");
    conn.one(&sql, vec![value]).await?.as_ref().map(session).transpose()
}

/// Ends sessions by id. Their former tokens go with them.
async fn end(conn: Conn<'_>, ids: &[SessionId]) -> Result<u64, Fault> {
    conn.run_in("DELETE FROM sessions WHERE id IN {in}", &[], ids.iter().map(|id| id.param()).collect()).await
}

/// What a token that is no session's present one is.
async fn former(conn: Conn<'_>, old: &Digest) -> Result<RefreshOutcome, Fault> {
    let sql = "SELECT session_id, generation, used_at, sealed_next FROM refresh_tokens WHERE digest = ?";
    let Some(row) = conn.one(sql, params![old]).await? else { return Ok(RefreshOutcome::Unknown) };
    let mut cells = Cells::new(&row);
    let (id, generation): (SessionId, i64) = (cells.take()?, cells.take()?);
    let (used_at, sealed_next) = (cells.take()?, cells.take()?);
    let Some(session) = find(conn, "id", id.param(), false).await? else {
        return Ok(RefreshOutcome::Unknown);
    };
    if generation == last_generation(conn, id).await? {
        Ok(RefreshOutcome::Replayed { session, used_at, sealed_next })
    } else {
        Ok(RefreshOutcome::Reused(session))
    }
}

async fn last_generation(conn: Conn<'_>, id: SessionId) -> Result<i64, Fault> {
    let sql = "SELECT generation FROM refresh_tokens WHERE session_id = ? ORDER BY generation DESC LIMIT 1";
    conn.one(sql, params![id]).await?.as_ref().map_or(Ok(0), single)
}

#[async_trait]
impl SessionStore for Database {
    async fn create_session(&self, session: &SessionRecord) -> Result<(), StoreError> {
        Ok(transaction!(self, conn, {
            conn.run(
                "INSERT INTO sessions (id, user_id, device, created_at, last_seen_at, expires_at, cookie, refresh) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    session.id,
                    session.user_id,
                    &session.device,
                    session.created_at,
                    session.last_seen_at,
                    session.expires_at,
                    session.cookie.as_ref(),
                    session.refresh.as_ref(),
                ],
            )
            .await
            .map_err(|fault| fault.unique("session").foreign("user"))?;
            // The new one is never the one that ends, whatever the clock says.
            let sql = "SELECT id FROM sessions WHERE user_id = ? AND id <> ? ORDER BY last_seen_at DESC, id DESC LIMIT 1000 OFFSET ?";
            let rows = conn.all(sql, params![session.user_id, session.id, MOST_SESSIONS - 1]).await?;
            let over = rows.iter().map(single).collect::<Result<Vec<SessionId>, _>>()?;
            end(conn, &over).await?;
            Ok(())
        })?)
    }

    async fn session(&self, id: SessionId) -> Result<Option<SessionRecord>, StoreError> {
        Ok(find(self.read(), "id", id.param(), false).await?)
    }

    async fn session_by_cookie(&self, cookie: &Digest) -> Result<Option<SessionRecord>, StoreError> {
        Ok(find(self.read(), "cookie", cookie.param(), false).await?)
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionRecord>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE user_id = ? ORDER BY last_seen_at DESC, id DESC LIMIT {MOST_SESSIONS}"
        );
        let rows = self.read().all(&sql, params![user]).await?;
        Ok(rows.iter().map(session).collect::<Result<_, _>>()?)
    }

    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?";
        self.write().run(sql, params![at, id, at]).await?;
        Ok(())
    }

    async fn replace_cookie(&self, id: SessionId, cookie: &Digest) -> Result<bool, StoreError> {
        let sql = "UPDATE sessions SET cookie = ? WHERE id = ? AND cookie IS NOT NULL";
        Ok(self.write().run(sql, params![cookie, id]).await? > 0)
    }

    async fn rotate_refresh(
        &self,
        old: &Digest,
        new: &Digest,
        sealed_next: &[u8],
        at: Timestamp,
    ) -> Result<RefreshOutcome, StoreError> {
        Ok(transaction!(self, conn, {
            let Some(mut session) = find(conn, "refresh", old.param(), true).await? else {
                return former(conn, old).await;
            };
            let generation = last_generation(conn, session.id).await? + 1;
            conn.run(
                "INSERT INTO refresh_tokens (digest, session_id, generation, used_at, sealed_next) VALUES (?, ?, ?, ?, ?)",
                params![old, session.id, generation, at, sealed_next],
            )
            .await?;
            conn.run(
                "DELETE FROM refresh_tokens WHERE session_id = ? AND generation <= ?",
                params![session.id, generation - MOST_REFRESHES],
            )
            .await?;
            conn.run("UPDATE sessions SET refresh = ? WHERE id = ?", params![new, session.id]).await?;
            session.refresh = Some(*new);
            Ok(RefreshOutcome::Rotated(session))
        })?)
    }

    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError> {
        Ok(end(self.write(), &[id]).await? > 0)
    }

    async fn end_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        Ok(transaction!(self, conn, {
            let sql = format!("SELECT id FROM sessions WHERE user_id = ?{}", conn.engine.for_update());
            let rows = conn.all(&sql, params![user]).await?;
            let mut ids = rows.iter().map(single).collect::<Result<Vec<SessionId>, _>>()?;
            ids.retain(|id| Some(*id) != keep);
            end(conn, &ids).await?;
            Ok(ids)
        })?)
    }

    async fn purge_sessions(&self, at: Timestamp) -> Result<u64, StoreError> {
        Ok(transaction!(self, conn, {
            let sql = "SELECT id FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ?";
            let rows = conn.all(sql, params![at, PURGE]).await?;
            let ids = rows.iter().map(single).collect::<Result<Vec<SessionId>, _>>()?;
            end(conn, &ids).await
        })?)
    }
}
