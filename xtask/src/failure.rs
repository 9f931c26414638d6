//! What a chore answers when it cannot be done: one sentence that says what to do.

use std::fmt;

/// Why a chore stopped, in words for the person at the terminal.
#[derive(Debug)]
pub struct Failure(String);

/// The result of a chore; `T` is `()` for most.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure that says `words`.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds what was being done to an error of the standard library.
pub trait Doing<T> {
    /// Turns the error into a [`Failure`] that begins with `what`.
    fn doing(self, what: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{what}: {error}")))
    }
}
