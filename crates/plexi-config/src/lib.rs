//! Layered, typed, validated, hot-reloadable configuration that names the origin of every value.
//!
//! An application brings one settings type ([`Settings`]); [`load`] fills it from [`Sources`] and reports all
//! that is wrong at once ([`Problem`]). [`Reloader`] changes it while the server runs, all or nothing, and
//! keeps a [`History`]. [`SecretSource`] says where a secret is kept and never shows it. [`reference`](reference()) and
//! [`example_toml`] write the documentation from the same [`ConfigSchema`].
//!
//! ```
//! use plexi_config::{Sources, Validate, load};
//! use plexi_core::FieldError;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
//! #[serde(default, deny_unknown_fields)]
//! struct Shop {
//!     /// How many customers at once.
//!     seats: u16,
//! }
//!
//! impl Validate for Shop {
//!     fn validate(&self) -> Vec<FieldError> {
//!         Vec::new()
//!     }
//! }
//!
//! let shop = load::<Shop>(&Sources::new().file("shop.toml").with_text("shop.toml", "seats = 12")).unwrap();
//! assert_eq!(shop.settings.seats, 12);
//! assert_eq!(shop.origins["seats"].to_string(), "shop.toml:1:1");
//!
//! let wrong = load::<Shop>(&Sources::new().file("shop.toml").with_text("shop.toml", "seat = 12")).unwrap_err();
//! assert_eq!(wrong.to_string(), "shop.toml:1:1: seat: unknown key; did you mean seats?");
//! ```

mod document;
mod edit;
mod error;
mod facts;
mod history;
mod key;
mod layer;
mod live;
mod load;
mod origin;
mod put_back;
mod reference;
mod reload;
mod schema;
mod secret;
mod sources;
mod suggest;

pub use edit::{Edited, Editor, Edits, FileEdit};
pub use error::{ConfigError, Problem, Problems};
pub use facts::{KeyFacts, Lock};
pub use history::{Change, History, Version, VersionFile};
pub use live::Live;
pub use load::{Loaded, Settings, Validate, load};
pub use origin::{Origin, Place};
pub use reference::{example_toml, reference};
pub use reload::{Reloaded, Reloader};
pub use schema::{ConfigSchema, Form, FormKind};
pub use secret::{SecretContext, SecretSource};
pub use sources::{ENV_PREFIX, Sources, from_process_env};

/// The examples of the README, kept true by the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
