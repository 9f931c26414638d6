//! Caches whose values are sealed.
//!
//! A [`Cache`] holds [`Namespace`]s: values of one type, found by keys of one type, each with its [`SecurityLevel`], its times and its
//! share of the memory. Values above `PUBLIC` lie in memory, and all values lie in a remote store, only as AES-256-GCM made of them under a
//! key of their level, bound to namespace, key and generation: what was flipped, cut or swapped is not there, and is counted.
//!
//! [`Namespace::get_or_try_load`] reads what is not known once, however many ask; it remembers that there is nothing, too. What
//! was invalidated, by key, by tag or altogether, while it was read is not kept.
//!
//! ```
//! use std::sync::Arc;
//! use plexi_cache::{Cache, CacheConfig, CacheParts, Codec, Keep, Keyring, SecurityLevel};
//! use plexi_core::{SystemClock, SystemEntropy};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let entropy = SystemEntropy::new();
//! let keys = Arc::new(Keyring::ephemeral(&entropy)?);
//! let cache = Cache::new(CacheParts::local(CacheConfig::default(), Arc::new(SystemClock), keys), &entropy)?;
//! let names = cache.namespace("names").level(SecurityLevel::Confidential).build(Codec::<String>::serde())?;
//!
//! let load = async || Ok::<_, std::io::Error>(Some("Ada".to_owned()));
//! let name = names.get_or_try_load(&7_u64, &Keep::new().tag("people"), load).await.unwrap();
//! assert_eq!(name.as_deref(), Some("Ada"));
//! assert_eq!(names.get(&7).await.value().as_deref(), Some("Ada"));
//! names.invalidate_tag("people").await;
//! assert_eq!(names.get(&7).await.value(), None);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

pub mod bus;
mod cache;
mod codec;
mod compress;
mod config;
mod error;
pub mod http;
mod key;
mod keys;
mod level;
mod message;
mod namespace;
mod plain;
#[cfg(feature = "redis")]
pub mod redis;
pub mod remote;
mod seal;
mod stats;

pub use bus::{InvalidationBus, LocalBus};
pub use cache::{Cache, CacheParts};
pub use codec::Codec;
pub use config::CacheConfig;
pub use error::CacheError;
pub use key::Key;
pub use keys::{KeyBytes, KeyId, KeySource, Keyring};
pub use level::SecurityLevel;
pub use namespace::{Keep, Lookup, Namespace, NamespaceBuilder};
pub use plain::Plain;
pub use remote::Remote;
pub use stats::NamespaceStats;

/// The README's example is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
