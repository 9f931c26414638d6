use plexi_core::{Coded, ErrorCode, FieldError};

/// A rule that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule}: {problem}")]
pub struct RuleError {
    /// Its name.
    pub rule: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A limiter could not be made, or changed; then it is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// A rule cannot be.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// There are more than 64 rules, or more than 12 hold in one scope at once.
    #[error("too many rules: {0}")]
    TooMany(String),
    /// No rule has that name.
    #[error("there is no rule {0}")]
    NoRule(String),
    /// The machine gives no random numbers.
    #[error(transparent)]
    Entropy(#[from] plexi_core::EntropyError),
}

impl Coded for LimitError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Rule(_) | Self::TooMany(_) => ErrorCode::ValidationInvalid,
            Self::NoRule(_) => ErrorCode::ValidationNotFound,
            Self::Entropy(_) => ErrorCode::SystemInternal,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Rule(error) => vec![FieldError::new("rule", error.to_string())],
            _ => Vec::new(),
        }
    }
}
