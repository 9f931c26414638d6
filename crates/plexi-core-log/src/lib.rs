//! Structured, ASCII-only logging on `tracing`: rotated and zipped files, correlation ids, one set-up.
//!
//! [`init`] installs logging for the process; [`Logging::build`] makes the same without installing it, so
//! that two servers or tests live side by side. Keep the [`LogGuard`]: dropping it writes out what is left.
//! A [`LogHandle`] changes levels while running, flushes, and counts.
//!
//! ```
//! use plexi_core::SystemClock;
//! use plexi_core_log::{LogConfig, Logging};
//! use std::sync::Arc;
//!
//! let dir = tempfile::tempdir().unwrap();
//! let config = LogConfig { console: false, ..LogConfig::default() };
//! let (dispatch, guard) = Logging::build(&config, dir.path(), Arc::new(SystemClock)).unwrap();
//! tracing::dispatcher::with_default(&dispatch, || {
//!     let request = tracing::info_span!("request", correlation_id = "req-1");
//!     request.in_scope(|| tracing::info!(user = "zoe\nINFO forged", "signed in"));
//! });
//! drop(guard);
//! let log = std::fs::read_to_string(dir.path().join("logs/latest.txt")).unwrap();
//! assert!(log.ends_with("signed in user=\"zoe\\nINFO forged\" correlation_id=req-1\n"), "{log}");
//! ```

mod archive;
mod config;
mod crash;
mod data_dirs;
mod entered;
mod error;
mod escape;
mod fields;
mod file;
mod histogram;
mod layer;
mod level;
mod line;
mod logging;
mod outlet;
mod plugins;
#[cfg(feature = "http")]
mod post;
mod queue;
mod reader;
mod rotated_name;
mod sinks;

pub use config::{
    CrashConfig, FileConfig, Format, LogConfig, PluginsConfig, RotationConfig, SinkConfig, SinkKind, WhenFull,
};
pub use data_dirs::DataDirs;
pub use error::LogError;
pub use escape::escape_ascii;
pub use histogram::{Histogram, HistogramSnapshot, Timer};
pub use level::{Level, LevelChange, LevelSpec, LogLevels, ParseLevelError};
pub use logging::{LogGuard, LogHandle, LogStats, Logging, SinkCount, init};
pub use plugins::PLUGIN_TARGET;
#[cfg(feature = "http")]
pub use post::{HttpPost, Posted};
pub use reader::{
    Follower, LogEntry, LogFileInfo, LogFileKind, LogFilter, LogReader, LogRecord, LogSource, LogSummary,
    LogView, Scan, VIEW_AT_MOST,
};

/// The examples of the README, kept true by the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
