//! Accounts, passwords, sessions, access tokens, roles: who somebody is and what the system lets them do.

pub mod error;
pub mod model;
pub mod ports;

pub use error::{AuthError, StoreError};
