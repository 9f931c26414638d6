//! The stores of `PlexiChat` on `SQLite`, `PostgreSQL` and `MariaDB`.
//!
//! [`Database`] implements every store trait of the domain crates: `plexi_auth::ports` (accounts, roles, sessions,
//! invitations) and `plexi_messaging::ports` (spaces, channels, messages, read state, search, transfer, directory).
//! It also keeps the answers to repeated requests ([`IdempotencyRecord`]).
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use plexi_db::{Database, DatabaseConfig};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let database = Database::connect(&DatabaseConfig::default(), folder.path()).await.unwrap();
//! database.health().await.unwrap();
//! database.close().await;
//! # });
//! ```

mod chat;
mod config;
mod connect;
mod database;
mod fault;
#[cfg(test)]
mod faults;
mod former;
mod idempotency;
mod identity;
mod schema_lock;
mod sql;
mod transfer;
mod writer;

pub use config::DatabaseConfig;
pub use database::{Counts, Database, DbError, Engine};
pub use idempotency::{IdempotencyPut, IdempotencyRecord, MAX_ANSWER_BYTES};
