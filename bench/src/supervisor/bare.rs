//! `tokio::spawn`, and a channel that tells who failed: no order, no names, no panics, nothing to look at.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::work::Work;
use crate::Outcome;

type Running = (CancellationToken, JoinHandle<()>);

pub(crate) async fn run(work: &Arc<Work>, meanwhile: impl AsyncFnOnce()) -> Outcome<Duration> {
    let (failed, mut failures) = unbounded_channel();
    let mut running: Vec<Running> = (0..work.count()).map(|place| start(work, place, &failed)).collect();
    let settled = work.settled();
    tokio::pin!(settled);
    loop {
        tokio::select! {
            biased;
            Some(place) = failures.recv() => running[place] = start(work, place, &failed),
            () = &mut settled => break,
        }
    }
    meanwhile().await;
    let stopping = async {
        while let Some((stop, task)) = running.pop() {
            stop.cancel();
            task.await?;
        }
        Ok(())
    };
    let (stopped, took): (Outcome<()>, _) = super::timed(stopping).await;
    stopped.map(|()| took)
}

fn start(work: &Arc<Work>, place: usize, failed: &UnboundedSender<usize>) -> Running {
    let stop = CancellationToken::new();
    let (work, stopped, failed) = (Arc::clone(work), stop.clone(), failed.clone());
    let task = tokio::spawn(async move {
        if work.begins(place) {
            // Whoever does not listen any more does not need to know.
            let _ = failed.send(place);
            return;
        }
        stopped.cancelled().await;
        work.ends(place);
    });
    (stop, task)
}
