//! Version 1 of the REST interface (`docs/API.md`).

pub(crate) mod auth;
pub(crate) mod cache;
pub(crate) mod channels;
pub(crate) mod config;
pub(crate) mod diagnostics;
pub(crate) mod input;
pub(crate) mod invitations;
pub(crate) mod logs;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod metrics;
pub(crate) mod roles;
pub(crate) mod search;
pub(crate) mod secrets;
pub(crate) mod spaces;
pub(crate) mod supervisor;
pub(crate) mod sync;
pub(crate) mod system;
pub(crate) mod transfers;
pub(crate) mod users;
