//! A service whose worker is unreliable and whose log keeper hangs now and then. Runs for three seconds.

use std::sync::Arc;
use std::time::Duration;

use plexi_core::SystemEntropy;
use plexi_supervisor::{Backoff, Child, ChildError, Context, Intensity, Status, Supervisor, Watch};
use tokio_util::sync::CancellationToken;

async fn unreliable(context: Context) -> Result<(), ChildError> {
    tokio::select! {
        () = context.stopped() => Ok(()),
        () = tokio::time::sleep(Duration::from_millis(700)) => Err("lost the connection".into()),
    }
}

async fn forgetful(context: Context) -> Result<(), ChildError> {
    for _ in 0..10 {
        context.beat();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    std::future::pending().await
}

#[expect(clippy::print_stdout, reason = "an example")]
fn show(status: &Status, depth: usize) {
    let failure = status.last_failure.as_deref().unwrap_or("-");
    println!(
        "{:width$}{} {} restarts={} hung={} last failure: {failure}",
        "",
        status.name,
        status.state.as_str(),
        status.restarts,
        status.hung,
        width = 2 * depth
    );
    status.children.iter().for_each(|child| show(child, depth + 1));
}

async fn look(watch: Watch, stop: CancellationToken) {
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        show(&watch.status(), 0);
    }
    stop.cancel();
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tree = Supervisor::new("service")
        .intensity(Intensity::new(20, Duration::from_mins(1)))
        .backoff(Backoff::new(Duration::from_millis(100), Duration::from_secs(1)))
        .child(Child::new("worker", unreliable))
        .child(Child::new("keeper", forgetful).heartbeat(Duration::from_millis(250)))
        .build()?;
    let (watch, stop) = (tree.watch(), CancellationToken::new());
    let (ended, ()) = tokio::join!(tree.run(stop.clone(), Arc::new(SystemEntropy::new())), look(watch, stop));
    ended?;
    Ok(())
}
