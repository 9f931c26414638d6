//! Orders from outside.

use std::sync::Arc;

use plexi_core::SeededEntropy;
use plexi_supervisor::{Backoff, Child, ControlError, Intensity, Restart, State, Strategy, Supervisor};
use tokio_util::sync::CancellationToken;

use crate::world::{Act, World, milliseconds, run_with};

use Act::{Deaf, Fail, Finish, Run, Slow};

#[tokio::test(start_paused = true)]
async fn an_ordered_restart_asks_the_child_to_stop_and_starts_it_alone() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .strategy(Strategy::OneForAll)
        .intensity(Intensity::new(0, milliseconds(1_000)))
        .child(world.child("a", &[Slow(20)]))
        .child(world.child("b", &[Run]));
    run_with(tree, async |watch| {
        watch.ready().await;
        watch.restart("a").unwrap();
        tokio::time::sleep(milliseconds(50)).await;
        assert_eq!(watch.status().children[0].restarts, 1);
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 20 a-, 20 a+, 50 b-, 70 a-");
}

#[tokio::test(start_paused = true)]
async fn a_child_deep_in_the_tree_is_found_by_its_path() {
    let world = World::new();
    let deep = Supervisor::new("deep").child(world.child("c", &[Run]));
    let below = Supervisor::new("below").child(Child::supervisor(deep));
    run_with(Supervisor::new("root").child(Child::supervisor(below)), async |watch| {
        watch.ready().await;
        watch.restart("below/deep/c").unwrap();
        tokio::time::sleep(milliseconds(10)).await;
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 c+, 0 c-, 0 c+, 10 c-");
}

#[tokio::test(start_paused = true)]
async fn a_whole_supervisor_can_be_restarted() {
    let world = World::new();
    let below = Supervisor::new("below").child(world.child("a", &[Run])).child(world.child("b", &[Run]));
    run_with(Supervisor::new("root").child(Child::supervisor(below)), async |watch| {
        watch.ready().await;
        watch.restart("below").unwrap();
        tokio::time::sleep(milliseconds(10)).await;
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 0 b-, 0 a-, 0 a+, 0 b+, 10 b-, 10 a-");
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_its_restart_is_started_at_once() {
    let world = World::new();
    let minute = milliseconds(60_000);
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Fail(10), Run]).backoff(Backoff::new(minute, minute)));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(20)).await;
        watch.restart("a").unwrap();
        tokio::time::sleep(minute + minute + minute).await;
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 10 a!, 20 a+, 180020 a-");
}

#[tokio::test(start_paused = true)]
async fn one_that_had_finished_is_started_again() {
    let world = World::new();
    let tree =
        Supervisor::new("root").child(world.child("a", &[Finish(10), Run]).restart(Restart::Temporary));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(20)).await;
        assert_eq!(watch.status().children[0].state, State::Ended);
        watch.restart("a").unwrap();
        tokio::time::sleep(milliseconds(10)).await;
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 10 a., 20 a+, 30 a-");
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_stop_is_aborted_and_started_again() {
    let world = World::new();
    let tree = Supervisor::new("root").child(world.child("a", &[Deaf, Run]).stop_within(milliseconds(30)));
    run_with(tree, async |watch| {
        watch.ready().await;
        watch.restart("a").unwrap();
        tokio::time::sleep(milliseconds(100)).await;
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 30 a?, 30 a+, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn wrong_paths_are_told_apart_from_a_tree_that_does_not_run() {
    let world = World::new();
    let tree = Supervisor::new("root").child(world.child("a", &[Run]));
    let mut kept = None;
    run_with(tree, async |watch| {
        watch.ready().await;
        for path in ["", "b", "a/b", "root", "a/", "/a"] {
            assert_eq!(watch.restart(path), Err(ControlError::Unknown(path.to_owned())));
        }
        kept = Some(watch);
    })
    .await
    .unwrap();
    let watch = kept.unwrap();
    assert_eq!(watch.restart("a"), Err(ControlError::NotRunning("a".to_owned())));
    assert_eq!(watch.status().state, State::Ended);
}

#[tokio::test(start_paused = true)]
async fn more_orders_than_can_wait_are_refused() {
    let world = World::new();
    run_with(Supervisor::new("root").child(world.child("a", &[Run])), async |watch| {
        watch.ready().await;
        let given = (0..100).map(|_| watch.restart("a")).filter(|given| *given == Ok(())).count();
        assert_eq!(given, 64);
        assert_eq!(watch.restart("a"), Err(ControlError::Busy("a".to_owned())));
        tokio::time::sleep(milliseconds(10)).await;
        assert_eq!(watch.restart("a"), Ok(()));
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_order_while_the_group_restarts_changes_nothing() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .strategy(Strategy::OneForAll)
        .child(world.child("a", &[Slow(50), Run]))
        .child(world.child("b", &[Fail(10), Run]));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(30)).await;
        watch.restart("a").unwrap();
        tokio::time::sleep(milliseconds(70)).await;
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 10 b!, 60 a-, 60 a+, 60 b+, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn a_tree_at_work_answers_at_every_depth_and_also_while_it_stops() {
    let world = World::new();
    let deep = Supervisor::new("deep").child(world.child("slow", &[Slow(100)]));
    let below = Supervisor::new("below").child(Child::supervisor(deep));
    let tree = Supervisor::new("root").child(Child::supervisor(below)).build().unwrap();
    let (watch, stop) = (tree.watch(), CancellationToken::new());
    watch.answers().await; // nobody runs yet: nobody hangs
    let running = tree.run(stop.clone(), Arc::new(SeededEntropy::new(1)));
    let asking = async {
        watch.ready().await;
        watch.answers().await;
        stop.cancel();
        tokio::time::sleep(milliseconds(50)).await;
        watch.answers().await;
        assert_eq!(watch.status().children[0].state, State::Stopping);
    };
    let (ended, ()) = tokio::join!(running, asking);
    assert_eq!(ended.unwrap().left, 0);
    watch.answers().await; // nobody runs any more
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_hangs_does_not_answer() {
    let world = World::new();
    let tree = Supervisor::new("root").child(world.child("a", &[Run])).build().unwrap();
    let watch = tree.watch();
    let mut running = Box::pin(tree.run(CancellationToken::new(), Arc::new(SeededEntropy::new(1))));
    let ready = watch.ready();
    tokio::select! {
        _ = &mut running => panic!("it ended"),
        () = ready => {}
    }
    // nobody lets it go on
    let answered = tokio::time::timeout(milliseconds(60_000), watch.answers()).await;
    assert!(answered.is_err());
    tokio::select! {
        _ = &mut running => panic!("it ended"),
        () = watch.answers() => {}
    }
}
