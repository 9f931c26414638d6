//! Many children.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plexi_supervisor::{Backoff, Child, Intensity, Supervisor};

use crate::world::{milliseconds, run_with};

#[tokio::test(start_paused = true)]
async fn ten_thousand_are_stopped_in_order_and_none_is_left() {
    const COUNT: usize = 10_000;
    let live = Arc::new(AtomicUsize::new(0));
    let tree = (0..COUNT).fold(Supervisor::new("root"), |tree, place| {
        let live = Arc::clone(&live);
        tree.child(Child::new(&format!("child-{place}"), move |context| {
            let live = Arc::clone(&live);
            async move {
                live.fetch_add(1, Ordering::Relaxed);
                context.stopped().await;
                // Everybody after it is gone, everybody before it is there.
                assert_eq!(live.fetch_sub(1, Ordering::Relaxed), place + 1);
                Ok(())
            }
        }))
    });
    let stopped = run_with(tree, async |watch| {
        watch.ready().await;
        tokio::time::sleep(milliseconds(1)).await;
        assert_eq!(live.load(Ordering::Relaxed), COUNT);
    })
    .await
    .unwrap();
    assert_eq!((live.load(Ordering::Relaxed), stopped.left), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_that_fail_together_do_not_come_back_together() {
    const COUNT: usize = 1_000;
    let starts = Arc::new(std::sync::Mutex::new(HashMap::<u64, usize>::new()));
    let began = tokio::time::Instant::now();
    let tree = (0..COUNT).fold(
        Supervisor::new("root")
            .intensity(Intensity::new(2_000, Duration::from_mins(1)))
            .backoff(Backoff::new(Duration::from_secs(5), Duration::from_mins(5))),
        |tree, place| {
            let starts = Arc::clone(&starts);
            tree.child(Child::new(&format!("child-{place}"), move |context| {
                let starts = Arc::clone(&starts);
                async move {
                    if context.restarts() == 0 {
                        return Err("all at once".into());
                    }
                    *starts.lock().unwrap().entry(began.elapsed().as_secs()).or_default() += 1;
                    context.stopped().await;
                    Ok(())
                }
            }))
        },
    );
    run_with(tree, async |_| tokio::time::sleep(Duration::from_secs(30)).await).await.unwrap();
    let seconds = starts.lock().unwrap();
    let (all, peak) = (seconds.values().sum::<usize>(), *seconds.values().max().unwrap());
    assert_eq!(all, COUNT);
    assert!(peak <= 3 * all / seconds.len(), "{peak} in one second of {}", seconds.len());
}
