use std::sync::Arc;

use async_trait::async_trait;
use plexi_core::{Clock, UserId};
use plexi_db::{Database, IdempotencyPut, IdempotencyRecord};
use plexi_web::{IdempotencyError, IdempotencyStore, KEPT_FOR, Kept, StoredAnswer};

/// Answers to repeated requests, kept in the database: the content type, a line break, the body; of a message its id.
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

/// Stands where the content type of a body would: no media type is called so.
const MESSAGE: &str = "message";

fn write(user: UserId, key: &str, answer: &StoredAnswer) -> IdempotencyRecord {
    let bytes = match &answer.kept {
        Kept::Body { content_type, body } => [content_type.as_bytes(), b"\n", body].concat(),
        Kept::Message(id) => format!("{MESSAGE}\n{id}").into_bytes(),
    };
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
    let (content_type, body) = (String::from_utf8_lossy(content_type), body.get(1..).unwrap_or_default());
    let message = (content_type == MESSAGE).then(|| std::str::from_utf8(body).ok()?.parse().ok()).flatten();
    let kept = message.map_or_else(
        || Kept::Body { content_type: content_type.into_owned(), body: body.to_vec() },
        Kept::Message,
    );
    StoredAnswer {
        request: record.request,
        status: record.status,
        kept,
        at: record.expires_at.minus(KEPT_FOR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plexi_core::Timestamp;

    #[test]
    fn an_answer_reads_back_as_it_was_also_with_line_breaks_in_its_body() {
        let user = "0198c0de-0000-7000-8000-000000000001".parse().unwrap();
        let body = |body: &str| Kept::Body { content_type: "application/json".into(), body: body.into() };
        let message = Kept::Message("0198c0de-0000-7000-8000-000000000002".parse().unwrap());
        for kept in [body(""), body("{}"), body("a\nb\n"), message] {
            let answer = StoredAnswer {
                request: [7; 32],
                status: 201,
                kept,
                at: Timestamp::from_seconds(1_800_000_000),
            };
            assert_eq!(read(&write(user, "k", &answer)), answer);
        }
    }
}
