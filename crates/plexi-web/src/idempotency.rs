//! `Idempotency-Key`: the same creating request gives the first answer again for 24 hours.
//!
//! Kept are answers of success only: a request that failed made nothing and may be tried again. Two at once with the
//! same key: the second is told to wait. The claim on a key ends when its request does, also when it is given up.
//!
//! Of a message is kept which one it was: the text is nowhere but in the message, and is gone when that is deleted.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use plexi_core::{Actor, Coded, ErrorCode, MessageId, Timestamp, UserId};

use crate::answer::json;
use crate::error::ApiError;
use crate::state::WebState;

/// How long an answer is kept.
pub const KEPT_FOR: Duration = Duration::from_hours(24);

/// Says that an answer was given before.
pub const REPLAYED: &str = "idempotency-replayed";

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// SHA-256 of method, path, query and body of the request.
    pub request: [u8; 32],
    /// The HTTP status.
    pub status: u16,
    /// What it said.
    pub kept: Kept,
    /// When it was given.
    pub at: Timestamp,
}

/// What is kept of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    Body {
        /// The content type of the body.
        content_type: String,
        /// The body, at most 1 MiB.
        body: Vec<u8>,
    },
    /// The message that it showed, which is read again.
    Message(MessageId),
}

/// Goes with an answer that shows a message.
#[derive(Clone, Copy)]
pub(crate) struct Shown(pub MessageId);

/// The store of answers failed; the text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("idempotency store failed: {0}")]
pub struct IdempotencyError(pub String);

impl Coded for IdempotencyError {
    fn code(&self) -> ErrorCode {
        ErrorCode::StorageUnavailable
    }
}

/// Where answers are kept. A key belongs to a user.
#[async_trait]
pub trait IdempotencyStore: Send + Sync + 'static {
    /// The answer kept under a key. Those older than [`KEPT_FOR`] may be forgotten at any time.
    async fn get(&self, user: UserId, key: &str) -> Result<Option<StoredAnswer>, IdempotencyError>;

    /// Keeps an answer, replacing an older one of the same key.
    async fn put(&self, user: UserId, key: &str, answer: &StoredAnswer) -> Result<(), IdempotencyError>;
}

/// Keys whose requests are at work.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<HashSet<(UserId, String)>>>);

/// A key that is at work until this is dropped.
pub(crate) struct Held {
    all: InFlight,
    key: (UserId, String),
    request: [u8; 32],
}

impl InFlight {
    fn hold(&self, key: (UserId, String), request: [u8; 32]) -> Option<Held> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        fresh.then(|| Held { all: self.clone(), key, request })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// What is known of a request's key.
pub(crate) enum Claim {
    /// It has none.
    None,
    /// It is new; its answer is to be kept.
    Fresh(Held),
    /// It was answered before.
    Replay(Response),
}

/// Claims the key of a request.
pub(crate) async fn claim(
    web: &WebState,
    actor: &Actor,
    parts: &Parts,
    body: &Bytes,
) -> Result<Claim, ApiError> {
    let Some(key) = parts.headers.get("idempotency-key") else { return Ok(Claim::None) };
    let key = key.to_str().ok().filter(|key| is_key(key)).ok_or_else(|| {
        ApiError::invalid(Vec::new())
            .field("Idempotency-Key", "must be 1 to 64 characters of A-Z a-z 0-9 . _ -")
    })?;
    let (user, request) = (actor.user, digest(parts, body));
    let Some(held) = web.in_flight_keys.hold((user, key.to_owned()), request) else {
        return Err(ApiError::new(ErrorCode::ValidationConflict)
            .field("Idempotency-Key", "the first request with this key is still at work")
            .after(1));
    };
    let oldest = web.clock.now().minus(KEPT_FOR);
    match web.idempotency.get(user, key).await?.filter(|stored| stored.at > oldest) {
        None => Ok(Claim::Fresh(held)),
        Some(stored) if stored.request == request => Ok(Claim::Replay(replay(web, actor, stored).await?)),
        Some(_) => Err(ApiError::new(ErrorCode::ValidationIdempotencyMismatch)),
    }
}

/// Keeps the answer of a fresh request. When keeping fails, what was made stays made, so the client gets its answer
/// and the log the failure.
pub(crate) async fn keep(web: &WebState, claim: Claim, response: Response) -> Result<Response, ApiError> {
    let Claim::Fresh(held) = claim else { return Ok(response) };
    if !response.status().is_success() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let collected = body.collect().await;
    let bytes = collected
        .map_err(|error| ApiError::new(ErrorCode::SystemInternal).because(error.to_string()))?
        .to_bytes();
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kept = match parts.extensions.get::<Shown>() {
        Some(Shown(message)) => Kept::Message(*message),
        None => {
            Kept::Body { content_type: content_type.unwrap_or_default().to_owned(), body: bytes.to_vec() }
        }
    };
    let status = parts.status.as_u16();
    let stored = StoredAnswer { request: held.request, status, kept, at: web.clock.now() };
    if let Err(error) = web.idempotency.put(held.key.0, &held.key.1, &stored).await {
        tracing::warn!(%error, "answer of an idempotent request not kept");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

async fn replay(web: &WebState, actor: &Actor, stored: StoredAnswer) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK);
    let mut response = match stored.kept {
        Kept::Message(id) => json(status, &web.messaging.message(actor, id).await?),
        Kept::Body { content_type, body } => {
            let mut response = (status, body).into_response();
            response.headers_mut().remove(header::CONTENT_TYPE);
            if let Ok(content_type) = HeaderValue::from_str(&content_type)
                && !content_type.is_empty()
            {
                response.headers_mut().insert(header::CONTENT_TYPE, content_type);
            }
            response
        }
    };
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn is_key(key: &str) -> bool {
    (1..=64).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn digest(parts: &Parts, body: &[u8]) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [parts.method.as_str().as_bytes(), parts.uri.path().as_bytes()] {
        context.update(part);
        context.update(b"\n");
    }
    context.update(parts.uri.query().unwrap_or_default().as_bytes());
    context.update(b"\n");
    context.update(body);
    let mut out = [0_u8; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Keeps answers in memory, for tests.
#[cfg(any(test, feature = "test-util"))]
#[derive(Default)]
pub struct MemoryIdempotency(Mutex<std::collections::HashMap<(UserId, String), StoredAnswer>>);

#[cfg(any(test, feature = "test-util"))]
#[async_trait]
impl IdempotencyStore for MemoryIdempotency {
    async fn get(&self, user: UserId, key: &str) -> Result<Option<StoredAnswer>, IdempotencyError> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(all.get(&(user, key.to_owned())).cloned())
    }

    async fn put(&self, user: UserId, key: &str, answer: &StoredAnswer) -> Result<(), IdempotencyError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((user, key.to_owned()), answer.clone());
        Ok(())
    }
}
