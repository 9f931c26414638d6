//! Accounts, passwords, sessions, access tokens, roles: who somebody is and what the system lets them do.
//!
//! [`Auth`] is the service. It takes a store ([`ports::IdentityStore`]), the key that signs access tokens ([`TokenKeys`]) and the
//! sources of ids, time and randomness, and is cheap to clone. Nothing here knows HTTP or a database.
//!
//! - Signing in goes through [`provider::AuthProvider`], of which [`Auth::builder`] takes more; every way ends in a new session, shown by a cookie or by tokens.
//! - Passwords are hashed with Argon2id in a bounded queue; an unknown name costs what a wrong password costs.
//! - Access tokens are biscuits that holders can narrow offline; refresh tokens work once.
//! - Only digests of secrets are stored.
//! - What ends a session or changes an account is told at once by [`Auth::ended`] and [`Auth::changed`].
//!
//! `examples/identity.rs` shows all of it at work on the in-memory store of the feature `test-util`.

mod builder;
mod config;
pub mod error;
mod grants;
mod invitations;
mod live;
#[cfg(any(test, feature = "test-util"))]
pub mod memory;
pub mod model;
mod pages;
mod password;
mod people;
pub mod ports;
pub mod profile;
pub mod provider;
mod refresh;
pub mod roles;
mod secrets;
mod service;
mod sessions;
mod setup;
mod sign_in;
mod tokens;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use builder::AuthBuilder;
pub use config::AuthConfig;
pub use error::{AuthError, StoreError};
pub use grants::RoleChange;
pub use password::{BreachedList, BreachedListError};
pub use people::{MeChange, UserChange};
pub use refresh::RETRY as REFRESH_RETRY;
pub use service::{AccountChanged, Auth, Ended, SessionsEnded};
pub use sessions::{Caller, NewCookie};
pub use setup::SetupToken;
pub use sign_in::{NewPerson, SignedIn, Tokens, Transport};
pub use tokens::{FormerKeys, KeyFileError, MAX_TEXT as MAX_TOKEN_TEXT, Narrowing, Purpose, TokenKeys};
