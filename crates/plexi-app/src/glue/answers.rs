use std::sync::Arc;

use async_trait::async_trait;
use plexi_core::{Clock, UserId};
use plexi_db::{Database, IdempotencyPut, IdempotencyRecord};
use plexi_web::{IdempotencyError, IdempotencyStore, KEPT_FOR, StoredAnswer};

/// Answers to repeated requests, kept in the database: the content type, a line break, the body.
pub(crate) struct KeptAnswers {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl IdempotencyStore for KeptAnswers {
    async fn get(&self, user: UserId, key: &str) -> Result<Option<StoredAnswer>, IdempotencyError> {
        let now = self.clock.now();
        let found = self.database.idempotency_get(user, key, now).await;
        Ok(found.map_err(|error| IdempotencyError(error.to_string()))?.as_ref().map(read))
    }

    async fn put(&self, user: UserId, key: &str, answer: &StoredAnswer) -> Result<(), IdempotencyError> {
        let record = write(user, key, answer);
        match self.database.idempotency_put(&record, self.clock.now()).await {
            // one that was there stays: it is the first answer
            Ok(IdempotencyPut::Stored | IdempotencyPut::Present(_)) => Ok(()),
            Ok(IdempotencyPut::TooLarge) => Err(IdempotencyError("the answer is too large".into())),
            Err(error) => Err(IdempotencyError(error.to_string())),
        }
    }
}

fn write(user: UserId, key: &str, answer: &StoredAnswer) -> IdempotencyRecord {
    let mut bytes = Vec::with_capacity(answer.content_type.len() + 1 + answer.body.len());
    bytes.extend_from_slice(answer.content_type.as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(&answer.body);
    IdempotencyRecord {
        user,
        key: key.to_owned(),
        request: answer.request,
        status: answer.status,
        answer: bytes,
        expires_at: answer.at.plus(KEPT_FOR),
    }
}

fn read(record: &IdempotencyRecord) -> StoredAnswer {
    // a header value holds no line break, so the first one ends the content type
    let end = record.answer.iter().position(|byte| *byte == b'\n');
    let (content_type, body) = record.answer.split_at(end.unwrap_or(0));
    StoredAnswer {
        request: record.request,
        status: record.status,
        content_type: String::from_utf8_lossy(content_type).into_owned(),
        body: body.get(1..).unwrap_or_default().to_vec(),
        at: record.expires_at.minus(KEPT_FOR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plexi_core::Timestamp;

    #[test]
    fn an_answer_reads_back_as_it_was_also_with_line_breaks_in_its_body() {
        for body in ["", "{}", "a\nb\n"] {
            let answer = StoredAnswer {
                request: [7; 32],
                status: 201,
                content_type: "application/json".into(),
                body: body.into(),
                at: Timestamp::from_seconds(1_800_000_000),
            };
            let user = "0198c0de-0000-7000-8000-000000000001".parse().unwrap();
            assert_eq!(read(&write(user, "k", &answer)), answer);
        }
    }
}
