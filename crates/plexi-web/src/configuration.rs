//! The configuration of the running server: a port to whoever holds it.

use std::path::PathBuf;

use async_trait::async_trait;
use plexi_config::{Change, Edited, Edits, KeyFacts};
use plexi_core::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::operator::OperatorError;

/// The configuration as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Configured {
    /// Its number in the history.
    pub version: u64,
    /// The file that changes are written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Every key, section by section.
    pub items: Vec<KeyFacts>,
}

/// A configuration that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Applied {
    /// Its number.
    pub number: u64,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// The files that it came from.
    pub files: Vec<PathBuf>,
}

/// A configuration that was applied, beside a later one.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Compared {
    /// Its number.
    pub number: u64,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// What differs: before is that one, after the later one.
    pub changes: Vec<Change>,
}

/// What somebody who signed in may ask of the configuration. `seen` is the version that they looked at: when it is another one by now,
/// they are refused.
#[async_trait]
pub trait Configuration: Send + Sync + 'static {
    /// Every key, without secrets.
    async fn look(&self) -> Result<Configured, OperatorError>;

    /// What a change would do; changes nothing.
    async fn check(&self, edits: Edits, seen: u64) -> Result<Edited, OperatorError>;

    /// Writes a change into the file and applies it, all or nothing.
    async fn edit(&self, edits: Edits, seen: u64) -> Result<Edited, OperatorError>;

    /// The configurations that were applied, the newest first.
    async fn history(&self) -> Result<Vec<Applied>, OperatorError>;

    /// One of them, compared with `to`, or with the present one.
    async fn compare(&self, number: u64, to: Option<u64>) -> Result<Compared, OperatorError>;

    /// Puts one of them back and applies it, all or nothing.
    async fn roll_back(&self, number: u64, seen: u64) -> Result<Edited, OperatorError>;
}

/// Has no key, so that all its configurations are the same, and changes nothing. For tests and examples.
pub struct NoConfiguration;

#[async_trait]
impl Configuration for NoConfiguration {
    async fn look(&self) -> Result<Configured, OperatorError> {
        Ok(Configured::default())
    }

    async fn check(&self, _: Edits, _: u64) -> Result<Edited, OperatorError> {
        Ok(Edited::default())
    }

    async fn edit(&self, _: Edits, _: u64) -> Result<Edited, OperatorError> {
        Ok(Edited::default())
    }

    async fn history(&self) -> Result<Vec<Applied>, OperatorError> {
        Ok(Vec::new())
    }

    async fn compare(&self, number: u64, _: Option<u64>) -> Result<Compared, OperatorError> {
        Ok(Compared { number, applied_at: Timestamp::from_seconds(0), changes: Vec::new() })
    }

    async fn roll_back(&self, number: u64, _: u64) -> Result<Edited, OperatorError> {
        Err(plexi_config::ConfigError::NoVersion(number).into())
    }
}
