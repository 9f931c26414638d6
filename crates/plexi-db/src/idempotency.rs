use plexi_core::{Timestamp, UserId};

use crate::database::{Database, DbError, transaction};
use crate::fault::{Fault, Kind};
use crate::sql::{Cells, Conn, params};

/// The most bytes of an answer that are kept: 256 KiB.
pub const MAX_ANSWER_BYTES: usize = 256 * 1_024;

/// The answer to a request, kept so that the same request gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Who asked.
    pub user: UserId,
    /// The key of the request, 1 to 64 characters.
    pub key: String,
    /// SHA-256 of the request.
    pub request: [u8; 32],
    /// The HTTP status of the answer.
    pub status: u16,
    /// Headers and body of the answer, in the caller's own form; at most [`MAX_ANSWER_BYTES`].
    pub answer: Vec<u8>,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

/// What keeping an answer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdempotencyPut {
    /// It is kept.
    Stored,
    /// Another one was there and stays; the caller answers with it when the digests agree.
    Present(IdempotencyRecord),
    /// It is larger than [`MAX_ANSWER_BYTES`] and was not kept.
    TooLarge,
}

async fn find(
    conn: Conn<'_>,
    user: UserId,
    key: &str,
    now: Timestamp,
) -> Result<Option<IdempotencyRecord>, Fault> {
    let sql = "SELECT request_digest, status, answer, expires_at FROM idempotency \
               WHERE user_id = ? AND request_key = ? AND expires_at > ?";
    let Some(row) = conn.one(sql, params![user, key, now]).await? else { return Ok(None) };
    let mut cells = Cells::new(&row);
    Ok(Some(IdempotencyRecord {
        user,
        key: key.to_owned(),
        request: cells.take()?,
        status: u16::try_from(cells.take::<i64>()?).unwrap_or(500),
        answer: cells.take()?,
        expires_at: cells.take()?,
    }))
}

impl Database {
    /// The answer kept for this key of this user, unless it is past its time.
    pub async fn idempotency_get(
        &self,
        user: UserId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, DbError> {
        find(self.read(), user, key, now).await.map_err(|fault| failed(&fault))
    }

    /// Keeps an answer if none is kept for its key; one past its time gives way.
    pub async fn idempotency_put(
        &self,
        record: &IdempotencyRecord,
        now: Timestamp,
    ) -> Result<IdempotencyPut, DbError> {
        if record.answer.len() > MAX_ANSWER_BYTES {
            return Ok(IdempotencyPut::TooLarge);
        }
        let done = self.put(record, now).await;
        match done {
            Ok(put) => Ok(put),
            // Another one was faster, between the look and the write.
            Err(fault) if fault.kind() == Kind::Unique => {
                let present = self.idempotency_get(record.user, &record.key, now).await?;
                Ok(present.map_or(IdempotencyPut::Stored, IdempotencyPut::Present))
            }
            Err(fault) => Err(failed(&fault)),
        }
    }

    async fn put(&self, record: &IdempotencyRecord, now: Timestamp) -> Result<IdempotencyPut, Fault> {
        transaction!(self, conn, {
            if let Some(present) = find(conn, record.user, &record.key, now).await? {
                return Ok(IdempotencyPut::Present(present));
            }
            conn.run(
                "DELETE FROM idempotency WHERE user_id = ? AND request_key = ? AND expires_at <= ?",
                params![record.user, &record.key, now],
            )
            .await?;
            conn.run(
                "INSERT INTO idempotency (user_id, request_key, request_digest, status, answer, expires_at) \
                 VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    record.user,
                    &record.key,
                    &record.request,
                    i64::from(record.status),
                    record.answer.as_slice(),
                    record.expires_at,
                ],
            )
            .await?;
            Ok(IdempotencyPut::Stored)
        })
    }

    /// Removes the answers past their time; how many.
    pub async fn idempotency_purge(&self, now: Timestamp) -> Result<u64, DbError> {
        self.write()
            .run("DELETE FROM idempotency WHERE expires_at <= ?", params![now])
            .await
            .map_err(|fault| failed(&fault))
    }
}

fn failed(fault: &Fault) -> DbError {
    let text = format!("{fault:?}");
    if fault.kind() == Kind::Full { DbError::Full(text) } else { DbError::Unavailable(text) }
}
