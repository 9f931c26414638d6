//! What an administrator sees and sets of the running server: ports to what this crate does not know.

use std::collections::BTreeMap;

use async_trait::async_trait;
use plexi_core::{Coded, ErrorCode, FieldError};

/// The operator's side could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// The text is no log level or filter.
    #[error("no log level")]
    Level,
    /// Something failed; the text is for the log.
    #[error("operator port failed: {0}")]
    Failed(String),
}

impl Coded for OperatorError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Level => ErrorCode::ValidationInvalid,
            Self::Failed(_) => ErrorCode::SystemInternal,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Level => vec![FieldError::new("level", "must be trace, debug, info, warn or error")],
            Self::Failed(_) => Vec::new(),
        }
    }
}

/// What an administrator may ask of the running server.
#[async_trait]
pub trait Operator: Send + Sync + 'static {
    /// Figures by name: `users`, `spaces`, `channels`, `messages`.
    async fn counts(&self) -> Result<BTreeMap<String, u64>, OperatorError>;

    /// Sets the level of the log until the next start.
    fn set_log_level(&self, level: &str) -> Result<(), OperatorError>;
}

/// Knows nothing and sets nothing. For tests and examples.
pub struct NoOperator;

#[async_trait]
impl Operator for NoOperator {
    async fn counts(&self) -> Result<BTreeMap<String, u64>, OperatorError> {
        Ok(BTreeMap::new())
    }

    fn set_log_level(&self, level: &str) -> Result<(), OperatorError> {
        let known = ["trace", "debug", "info", "warn", "error"].contains(&level);
        if known { Ok(()) } else { Err(OperatorError::Level) }
    }
}
