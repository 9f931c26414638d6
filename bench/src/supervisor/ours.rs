//! `plexi-supervisor`.

use std::sync::Arc;
use std::time::Duration;

use plexi_core::SystemEntropy;
use plexi_supervisor::{Backoff, Child, Intensity, Supervisor};
use tokio_util::sync::CancellationToken;

use super::work::Work;
use crate::Outcome;

pub(crate) async fn run(
    work: &Arc<Work>,
    backoff: Backoff,
    meanwhile: impl AsyncFnOnce(),
) -> Outcome<Duration> {
    let supervisor = Supervisor::new("root")
        .intensity(Intensity::new(u32::MAX, Duration::from_millis(1)))
        .backoff(backoff);
    let tree = (0..work.count()).fold(supervisor, |tree, place| tree.child(child(work, place))).build()?;
    let stop = CancellationToken::new();
    let running = tree.run(stop.clone(), Arc::new(SystemEntropy::new()));
    let until = async {
        work.settled().await;
        meanwhile().await;
        stop.cancel();
        std::time::Instant::now()
    };
    let (stopped, asked) = tokio::join!(running, until);
    let took = asked.elapsed();
    if stopped?.left > 0 {
        return Err("children were left".into());
    }
    Ok(took)
}

fn child(work: &Arc<Work>, place: usize) -> Child {
    let work = Arc::clone(work);
    Child::new(&format!("child-{place}"), move |context| {
        let work = Arc::clone(&work);
        async move {
            if work.begins(place) {
                return Err("failed".into());
            }
            context.stopped().await;
            work.ends(place);
            Ok(())
        }
    })
}
