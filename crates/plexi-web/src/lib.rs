//! REST, the WebSocket gateway and the OpenAPI document of PlexiChat.
//!
//! [`router`] takes a [`WebState`] (the services and ports, joined by the composition root) and gives an axum router
//! with the whole stack in front of every handler. The table of [`operations`] is the one source of routing, of the
//! OpenAPI document ([`openapi::document`]) and of the authorisation coverage test. The contract for clients is
//! `docs/API.md`. `examples/serve.rs` runs a server on in-memory stores.

mod address;
mod answer;
mod api;
mod bundle;
mod caching;
mod call;
mod conditional;
mod config;
mod configuration;
mod contract;
mod error;
mod faults;
mod gateway;
mod health;
mod idempotency;
mod json_text;
mod logs;
mod metrics;
pub mod openapi;
pub mod operations;
mod operator;
mod reference;
mod sessions;
mod stack;
mod state;
mod transfers;
mod ui;

/// The name that clients are told.
pub const SERVER_NAME: &str = "PlexiChat";

pub use address::{ClientAddress, Network, ParseNetworkError};
pub use bundle::Bundle;
pub use config::WebConfig;
pub use configuration::{Applied, Compared, Configuration, Configured, NoConfiguration};
pub use contract::Contract;
pub use error::{ApiError, ErrorBody, ErrorDetails};
pub use faults::{Fault, FaultHook};
pub use health::{AlwaysReady, Check, HealthChecks};
#[cfg(any(test, feature = "test-util"))]
pub use idempotency::MemoryIdempotency;
pub use idempotency::{IdempotencyError, IdempotencyStore, KEPT_FOR, Kept, StoredAnswer};
pub use metrics::{
    Bucket, Durations, Exposition, Family, FamilyKind, Figure, MetricSource, Sample, quantile,
};
pub use operator::{
    History, HistoryRange, HistorySeries, HistoryUnit, NoOperator, Operator, OperatorError, Part, Remembered,
    SecretFacts, SecretsReloaded,
};
pub use sessions::watch_sessions;
pub use stack::authentication::COOKIE;
pub use stack::router;
pub use state::{WebParts, WebState};
pub use transfers::{
    CHUNK, NoTransfers, Transfer, TransferKind, TransferSource, TransferState, TransferWish, Transfers,
};
pub use ui::{UiAsset, UiAssets};
