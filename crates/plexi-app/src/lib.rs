//! The composition root: settings in, a running `PlexiChat` out.
//!
//! [`Services`] are the parts on one data folder, without an address: what the command line works with. [`App`] serves them. Both are
//! values: two servers run in one process, and nothing is global.
//!
//! ```no_run
//! # async fn run() -> Result<(), plexi_app::AppError> {
//! use plexi_app::{App, AppParts, Signals, SettingsArgs};
//!
//! let settings = SettingsArgs::default().start()?;
//! let app = App::build(AppParts { settings, log: None, ambient: Default::default() }).await?;
//! println!("serving at {}", app.url());
//! let signals = Signals::listen().expect("signals");
//! app.run(signals.into_stream()).await
//! # }
//! ```

mod app;
mod data_lock;
mod diagnostics;
mod doctor;
mod documents;
mod error;
mod glue;
mod history;
mod listener;
mod notify;
mod private;
mod push;
mod secrets;
mod services;
mod settings;
mod setup;
mod signals;
mod sources;
mod supervision;
mod transfers;

pub use app::{App, AppParts};
pub use data_lock::DataLock;
pub use diagnostics::diagnose;
pub use doctor::{Finding, Health, examine};
pub use documents::{Document, documents};
pub use error::AppError;
pub use listener::{Listener, ListenerLimits};
pub use notify::ServiceNotice;
pub use private::keep_files_private;
pub use secrets::Secrets;
pub use services::{Ambient, Services};
pub use settings::{DatabaseSection, MetricsSection, OtlpSection, ServerConfig, Settings, TransferSection};
pub use signals::{Signal, Signals};
pub use sources::{DEFAULT_FILE, HISTORY, SettingsArgs};

#[cfg(feature = "test-util")]
pub use supervision::{Fault, Faults};

pub use plexi_web::{OperatorError, SecretFacts, SecretsReloaded};
pub use {plexi_auth as auth, plexi_config as config, plexi_core_log as log, plexi_messaging as messaging};

/// The examples of the README, kept true by the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
