//! A request's events share its correlation id; a level changes while running.
//!
//! `cargo run -p plexi-core-log --example request_log` writes to standard error and below the system's
//! folder for temporary files.

use std::sync::Arc;

use plexi_core::{CorrelationId, SystemClock, SystemEntropy};
use plexi_core_log::{LogConfig, init};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::temp_dir().join("plexi-core-log-example");
    let guard = init(&LogConfig::default(), &base, Arc::new(SystemClock))?;
    let id = CorrelationId::generate(&SystemEntropy::new())?;
    let request = tracing::info_span!("request", correlation_id = %id, method = "GET");
    request.in_scope(|| {
        tracing::info!(path = "/api/v1/users", "request done");
        tracing::debug!("not written: the level is info");
    });
    guard.handle().set_level("info,request_log=debug")?;
    request.in_scope(|| tracing::debug!("written: the level changed"));
    Ok(())
}
