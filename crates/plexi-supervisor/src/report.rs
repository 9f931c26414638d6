use std::time::Duration;

use crate::child::ChildError;
use crate::context::Context;
use crate::node::Status;
use crate::watch::Watch;

/// What each line of figures begins with.
pub const METRICS_MARK: &str = "[SUPERVISOR_METRICS]";

/// Writes the figures of the tree to the log at every `every`: a line for each place in it, each beginning with [`METRICS_MARK`]. Meant as a child:
///
/// ```
/// # use plexi_supervisor::{Child, Supervisor, TaskGroup, Watch, report};
/// # use std::time::Duration;
/// # fn reporter(watch: Watch) -> Child {
/// Child::new("report", move |context| report(watch.clone(), Duration::from_secs(30), context))
/// # }
/// ```
pub async fn report(watch: Watch, every: Duration, context: Context) -> Result<(), ChildError> {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = ticks.tick() => write(&watch.status(), ""),
            () = context.stopped() => return Ok(()),
        }
    }
}

fn write(status: &Status, above: &str) {
    let path = if above.is_empty() { status.name.clone() } else { format!("{above}/{}", status.name) };
    tracing::info!(
        path,
        state = status.state.as_str(),
        in_state_ms = status.in_state.as_millis(),
        restarts = status.restarts,
        hung = status.hung,
        "{METRICS_MARK}"
    );
    for child in &status.children {
        write(child, &path);
    }
}
