//! Writes a log, follows it, and searches it, archives included.
//!
//! `cargo run -p plexi-core-log --example read_back`

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use plexi_core::SystemClock;
use plexi_core_log::{Level, LogConfig, LogFilter, LogReader, LogSource, Logging};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::temp_dir().join("plexi-core-log-read-back");
    let config = LogConfig { console: false, ..LogConfig::default() };
    let (dispatch, guard) = Logging::build(&config, &base, Arc::new(SystemClock))?;
    let reader = LogReader::new(&config, &base);

    let nothing = |_: plexi_core_log::LogEntry<'_>| ControlFlow::Break(());
    let (_, mut follower) = reader.follow(&LogSource::Server, &LogFilter::default(), nothing)?;
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info!("started");
        tracing::warn!(user = "zoe", took_ms = 812.5, "slow query");
    });
    guard.handle().flush(Duration::from_secs(1));
    let mut lines = 0;
    follower.poll(|_| lines += 1)?;
    assert_eq!(lines, 2);

    // each run of this example leaves one more archive, which is searched as well
    let filter = LogFilter {
        level: Some(Level::Warn),
        fields: vec![("user".to_owned(), "zoe".to_owned())],
        ..LogFilter::default()
    };
    let mut newest = None;
    let scan = reader.backwards(&LogSource::Server, &filter, |entry| {
        newest.get_or_insert_with(|| entry.record());
        ControlFlow::Continue(())
    })?;
    assert!(newest.is_some_and(|record| record.message == "slow query"));
    assert!(scan.unreadable.is_empty());
    Ok(())
}
