//! Whole workspaces in and out of the running server: the port to what moves them.

use async_trait::async_trait;
use bytes::Bytes;
use plexi_core::{ErrorCode, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ApiError;

/// The most bytes of a file that one request brings or takes.
pub const CHUNK: usize = 4 * 1024 * 1024;

/// Into which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// A file comes in.
    Import,
    /// Everything goes out into an archive.
    Export,
}

/// What wrote the file that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferSource {
    /// A Slack workspace export.
    Slack,
    /// A Mattermost bulk file.
    Mattermost,
    /// An archive of our own.
    Plexichat,
}

/// What is wanted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferWish {
    /// Into which direction.
    pub kind: TransferKind,
    /// For an import: what wrote the file.
    #[serde(default)]
    pub source: Option<TransferSource>,
    /// For an import: the name of the file, which names what has no other name.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub file_name: Option<String>,
    /// For an import: the length of the file in bytes.
    #[serde(default)]
    pub size: Option<u64>,
    /// For an import: read everything, report, write nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// For an import: add also to what is here and did not come with an import of the same source, as a backup is restored.
    #[serde(default)]
    pub restore: bool,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// The file is on its way.
    Uploading,
    /// At work.
    Running,
    /// Done; the report says what was done, and the archive of an export can be taken.
    Done,
    /// Given up; `error` says why. What an import wrote before stays, and another run goes on from there.
    Failed,
}

/// A transfer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Transfer {
    /// Its id.
    pub id: String,
    /// Into which direction.
    pub kind: TransferKind,
    /// How far it is.
    pub state: TransferState,
    /// Nothing is written.
    pub dry_run: bool,
    /// It adds also to what is here and did not come with an import of the same source.
    pub restore: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// The length of the file in bytes; of an export once it is done.
    pub size: u64,
    /// So many bytes of it have arrived.
    pub received: u64,
    /// Messages done.
    pub messages: u64,
    /// Parts done (days, channels).
    pub parts_done: u64,
    /// Parts known of.
    pub parts: u64,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Value>,
    /// Why it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Moves whole workspaces, one at a time. Whoever calls has asked whether the actor may.
#[async_trait]
pub trait Transfers: Send + Sync + 'static {
    /// The transfer of now, or the last one.
    fn current(&self) -> Option<Transfer>;

    /// Begins one. `VALIDATION_CONFLICT` while another is under way.
    async fn begin(&self, wish: TransferWish) -> Result<Transfer, ApiError>;

    /// Takes a piece of the file, which begins at `offset`. What was there already is passed over; a gap is
    /// `VALIDATION_CONFLICT`. With the last piece the work begins.
    async fn receive(&self, id: &str, offset: u64, piece: Bytes) -> Result<Transfer, ApiError>;

    /// A piece of the archive from `offset` on, at most [`CHUNK`]; empty at its end.
    async fn read(&self, id: &str, offset: u64) -> Result<Bytes, ApiError>;

    /// Stops it and throws its file away.
    async fn cancel(&self, id: &str) -> Result<(), ApiError>;
}

/// Moves nothing. For tests and examples.
pub struct NoTransfers;

#[async_trait]
impl Transfers for NoTransfers {
    fn current(&self) -> Option<Transfer> {
        None
    }

    async fn begin(&self, _: TransferWish) -> Result<Transfer, ApiError> {
        Err(ApiError::new(ErrorCode::SystemUnsupported))
    }

    async fn receive(&self, _: &str, _: u64, _: Bytes) -> Result<Transfer, ApiError> {
        Err(ApiError::new(ErrorCode::ValidationNotFound))
    }

    async fn read(&self, _: &str, _: u64) -> Result<Bytes, ApiError> {
        Err(ApiError::new(ErrorCode::ValidationNotFound))
    }

    async fn cancel(&self, _: &str) -> Result<(), ApiError> {
        Err(ApiError::new(ErrorCode::ValidationNotFound))
    }
}
