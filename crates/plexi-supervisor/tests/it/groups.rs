//! Tasks that come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use plexi_supervisor::{Child, Supervisor, TaskGroup};

use crate::world::{milliseconds, run_with};

fn supervised(group: &TaskGroup) -> Supervisor {
    Supervisor::new("root").child(Child::group(group).stop_within(milliseconds(50)))
}

#[tokio::test(start_paused = true)]
async fn tasks_are_asked_to_end_and_waited_for() {
    let group = TaskGroup::new("connections");
    let ended = Arc::new(AtomicU32::new(0));
    let stopped = run_with(supervised(&group), async |watch| {
        watch.ready().await;
        tokio::time::sleep(milliseconds(1)).await;
        for _ in 0..10 {
            let (stop, ended) = (group.stop_token(), Arc::clone(&ended));
            group.spawn(async move {
                stop.cancelled().await;
                tokio::time::sleep(milliseconds(20)).await;
                ended.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert_eq!(group.len(), 10);
    })
    .await;
    assert!(stopped.is_ok());
    assert_eq!((ended.load(Ordering::Relaxed), group.len()), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_there_at_the_deadline_is_dropped() {
    let group = TaskGroup::new("connections");
    run_with(supervised(&group), async |watch| {
        watch.ready().await;
        tokio::time::sleep(milliseconds(1)).await;
        group.spawn(std::future::pending());
    })
    .await
    .unwrap();
    tokio::time::sleep(milliseconds(1)).await;
    assert!(group.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_outlasts_the_patience_of_the_moment_is_dropped_and_the_group_ends() {
    let (group, patience) = (TaskGroup::new("connections"), Arc::new(AtomicU32::new(0)));
    let asked = Arc::clone(&patience);
    let child = Child::group_within(&group, move || milliseconds(asked.load(Ordering::Relaxed).into()));
    let tree = Supervisor::new("root").child(child.stop_within(milliseconds(10_000)));
    run_with(tree, async |watch| {
        watch.ready().await;
        tokio::time::sleep(milliseconds(1)).await;
        for wanted in [200, 50] {
            patience.store(wanted, Ordering::Relaxed);
            group.spawn(std::future::pending());
            watch.restart("connections").unwrap();
            tokio::time::sleep(milliseconds(u64::from(wanted) - 10)).await;
            assert_eq!(group.len(), 1, "it may still end");
            tokio::time::sleep(milliseconds(20)).await;
            assert!(group.is_empty() && !group.stop_token().is_cancelled(), "the next run takes new tasks");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_one_harms_nobody() {
    let group = TaskGroup::new("connections");
    run_with(supervised(&group), async |watch| {
        watch.ready().await;
        tokio::time::sleep(milliseconds(1)).await;
        group.spawn(async { panic!("one connection") });
        let stop = group.stop_token();
        group.spawn(async move { stop.cancelled().await });
        tokio::time::sleep(milliseconds(1)).await;
        assert_eq!((group.len(), group.panics()), (1, 1));
        assert_eq!(watch.status().children[0].restarts, 0);
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_restarted_takes_new_tasks() {
    let group = TaskGroup::new("connections");
    run_with(supervised(&group), async |watch| {
        watch.ready().await;
        tokio::time::sleep(milliseconds(1)).await;
        group.spawn(std::future::pending());
        watch.restart("connections").unwrap();
        tokio::time::sleep(milliseconds(100)).await;
        assert!(group.is_empty(), "the old ones are gone");
        let stop = group.stop_token();
        assert!(!stop.is_cancelled());
        group.spawn(async move { stop.cancelled().await });
        assert_eq!(group.len(), 1);
    })
    .await
    .unwrap();
    assert!(group.is_empty());
}
