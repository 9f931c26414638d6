/// Why a tree cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A name is empty, longer than 100 bytes, or has other characters than ASCII letters, digits, `-`, `_` and `.`.
    #[error("`{0}` is no name: 1 to 100 ASCII letters, digits, `-`, `_`, `.`")]
    Name(String),
    /// Two children of one supervisor have the same name.
    #[error("{supervisor} has two children with the name `{child}`")]
    Twice {
        /// The supervisor.
        supervisor: String,
        /// The name.
        child: String,
    },
}

/// A supervisor gave up: too many restarts in too short a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{supervisor} gave up: {child} failed too often, at last: {reason}")]
pub struct Escalated {
    /// The path of the supervisor that gave up, from the root.
    pub supervisor: String,
    /// The child whose failure was one too many.
    pub child: String,
    /// How it failed; for logs, not for clients.
    pub reason: String,
    /// How many tasks could not be ended, since they never yield.
    pub left: usize,
}

/// Why a child cannot be controlled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// No child has this path.
    #[error("there is no `{0}`")]
    Unknown(String),
    /// Its supervisor does not run.
    #[error("the supervisor of `{0}` does not run")]
    NotRunning(String),
    /// Its supervisor has too many orders waiting: try again.
    #[error("the supervisor of `{0}` is busy, try again")]
    Busy(String),
}
