//! When a supervisor gives up, how long it waits, and how it stops.

use std::time::Duration;

use plexi_supervisor::{Backoff, Intensity, Restart, State, Strategy, Supervisor};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::world::{Act, World, milliseconds, run_for, run_with};

use Act::{Deaf, Fail, Panic, Run, Slow};

#[tokio::test(start_paused = true)]
async fn one_failure_too_many_within_the_period_ends_the_supervisor_and_all_children() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(2, milliseconds(100)))
        .child(world.child("a", &[Run]))
        .child(world.child("b", &[Fail(10)]));
    let gave_up = run_for(1_000, tree).await.unwrap_err();
    assert_eq!(world.trace(), "0 a+, 0 b+, 10 b!, 10 b+, 20 b!, 20 b+, 30 b!, 30 a-");
    assert_eq!(gave_up.to_string(), "root gave up: b failed too often, at last: broken");
}

#[tokio::test(start_paused = true)]
async fn failures_further_apart_than_the_period_are_no_reason_to_give_up() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(1, milliseconds(50)))
        .child(world.child("a", &[Fail(60)]));
    assert!(run_for(1_000, tree).await.is_ok());
    assert_eq!(world.trace().matches("a+").count(), 17);
}

#[tokio::test(start_paused = true)]
async fn failures_of_different_children_count_together() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(1, milliseconds(1_000)))
        .child(world.child("a", &[Fail(10), Run]))
        .child(world.child("b", &[Fail(20), Run]));
    let gave_up = run_for(100, tree).await.unwrap_err();
    assert_eq!(gave_up.child, "b");
}

#[tokio::test(start_paused = true)]
async fn no_restart_is_tolerated_where_none_is_allowed() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(0, milliseconds(1_000)))
        .child(world.child("a", &[Panic(10)]));
    let gave_up = run_for(100, tree).await.unwrap_err();
    assert_eq!(gave_up.reason, "panicked: out of order");
}

#[tokio::test(start_paused = true)]
async fn a_temporary_child_never_makes_its_supervisor_give_up() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(0, milliseconds(1_000)))
        .child(world.child("a", &[Fail(10)]).restart(Restart::Temporary));
    assert!(run_for(100, tree).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn waits_grow_within_their_bounds_and_begin_anew_after_health() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(100, milliseconds(1_000)))
        .backoff(Backoff::new(milliseconds(100), milliseconds(1_000)).healthy_for(milliseconds(5_000)))
        .child(world.child("a", &[Fail(0), Fail(0), Fail(0), Fail(0), Fail(0), Fail(6_000), Run]));
    run_for(20_000, tree).await.unwrap();
    let times: Vec<u64> = world
        .trace()
        .split(", ")
        .filter(|line| line.ends_with("a+"))
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    let waits: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (n, wait) in waits[..5].iter().enumerate() {
        let most = (300 * 3u64.pow(u32::try_from(n).unwrap())).min(1_000);
        assert!((100..=most + 1).contains(wait), "wait {n} of {waits:?}");
    }
    assert!(
        (6_100..=6_301).contains(&waits[5]),
        "after six seconds of health the first wait again: {waits:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn others_live_on_while_one_waits() {
    let world = World::new();
    let second = milliseconds(1_000);
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(10, second))
        .child(world.child("a", &[Fail(10), Run]).backoff(Backoff::new(second, second)))
        .child(world.child("b", &[Fail(20), Run]));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(500)).await;
        let status = watch.status();
        assert_eq!(status.children[0].state, State::Backoff);
        assert_eq!(status.children[0].starts_in, Some(milliseconds(510)));
        assert_eq!(status.children[0].last_failure.as_deref(), Some("broken"));
        assert_eq!(status.children[1].state, State::Running);
        tokio::time::sleep(milliseconds(1_000)).await;
        assert_eq!(watch.status().children[0].state, State::Running);
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 10 a!, 20 b!, 20 b+, 1010 a+, 1500 b-, 1500 a-");
}

#[tokio::test(start_paused = true)]
async fn a_group_waits_together_and_is_down_meanwhile() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .strategy(Strategy::RestForOne)
        .backoff(Backoff::new(milliseconds(50), milliseconds(50)))
        .child(world.child("a", &[Run]))
        .child(world.child("b", &[Fail(10), Run]))
        .child(world.child("c", &[Slow(20), Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 0 c+, 10 b!, 30 c-, 60 b+, 60 c+, 100 c-, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn a_stop_cuts_a_wait_short() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .backoff(Backoff::new(milliseconds(60_000), milliseconds(60_000)))
        .child(world.child("a", &[Fail(10)]));
    let began = Instant::now();
    run_for(100, tree).await.unwrap();
    assert_eq!(began.elapsed(), milliseconds(100));
    assert_eq!(world.trace(), "0 a+, 10 a!");
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_group_restart_starts_nobody() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .strategy(Strategy::OneForAll)
        .child(world.child("a", &[Slow(50)]))
        .child(world.child("b", &[Fail(90)]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 90 b!, 140 a-");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_stop_in_time_is_aborted_and_holds_nobody_up() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Run]))
        .child(world.child("b", &[Deaf]).stop_within(milliseconds(70)))
        .child(world.child("c", &[Run]));
    let stopped = run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 0 c+, 100 c-, 170 b?, 170 a-");
    assert_eq!(stopped.left, 0);
}

#[tokio::test(start_paused = true)]
async fn who_has_no_time_to_stop_is_aborted_at_once() {
    let world = World::new();
    let tree = Supervisor::new("root").child(world.child("a", &[Slow(50)]).stop_within(Duration::ZERO));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 100 a?");
}

#[tokio::test(start_paused = true)]
async fn who_fails_while_it_stops_is_not_started_again() {
    let world = World::new();
    let failing = plexi_supervisor::Child::new("b", |context| async move {
        context.stopped().await;
        Err("not saved".into())
    });
    let tree = Supervisor::new("root").child(world.child("a", &[Run])).child(failing);
    assert!(run_for(100, tree).await.is_ok());
    assert_eq!(world.trace(), "0 a+, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_is_dropped_leaves_nobody_behind() {
    let world = World::new();
    let tree = Supervisor::new("root").child(world.child("a", &[Run])).build().unwrap();
    let running =
        tree.run(CancellationToken::default(), std::sync::Arc::new(plexi_core::SeededEntropy::new(1)));
    assert!(tokio::time::timeout(milliseconds(100), running).await.is_err());
    tokio::task::yield_now().await;
    assert_eq!(world.trace(), "0 a+, 100 a?");
}
