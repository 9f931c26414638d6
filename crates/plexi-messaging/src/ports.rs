//! What messaging needs of others: its store, the directory of users, the screens of the pipeline.
//!
//! Every method that changes a channel writes the change and its event in one transaction and returns the
//! event with its `seq`; when it returns an error, nothing was changed. An implementation serialises the
//! changes of one channel, so that `seq` has no gaps. The contract suite in `ports::contract` (feature
//! `test-util`) says what is expected, and runs against the in-memory store and every database.

#[cfg(any(test, feature = "test-util"))]
pub mod contract;
mod store;
mod transfer;

use async_trait::async_trait;
use plexi_core::{Actor, PermissionSet, RoleScope, UserId};

pub use store::*;
pub use transfer::*;

use crate::error::{MessagingError, StoreError};

/// Who has which name. Implemented on the accounts.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// The ids of the accounts with these (folded) names; unknown ones are left out. At most 50 names.
    async fn resolve(&self, names: &[String]) -> Result<Vec<(String, UserId)>, StoreError>;

    /// Which of these accounts exist and are not disabled. At most 200.
    async fn existing(&self, users: &[UserId]) -> Result<Vec<UserId>, StoreError>;

    /// Which of these accounts (at most 500) exist and are in a channel or conversation with `user`; `user` is.
    async fn acquainted(&self, user: UserId, among: &[UserId]) -> Result<Vec<UserId>, StoreError>;

    /// What the role of this scope and name grants; `None` when there is no such role. Needed so that nobody
    /// gives a role that grants more than they have.
    async fn role_grants(&self, scope: RoleScope, name: &str) -> Result<Option<PermissionSet>, StoreError>;
}

/// What a screen says of a message before it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Pass,
    /// Do not store it.
    Refuse,
}

/// A named step of the pipeline between authorisation and storage: content rules, AI, plugins, scans.
#[async_trait]
pub trait Screen: Send + Sync + 'static {
    /// The name of the step, for timings, logs and answers.
    fn name(&self) -> &'static str;

    /// Whether a message passes when this step fails or misses its deadline.
    fn fails_open(&self) -> bool;

    /// Looks at a message, and may change its text. The pipeline gives it a deadline of one second.
    async fn check(&self, actor: &Actor, text: &mut String) -> Result<Verdict, MessagingError>;
}
