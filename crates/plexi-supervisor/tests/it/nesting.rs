//! Supervisors under supervisors.

use plexi_supervisor::{Child, Intensity, Kind, Strategy, Supervisor};

use crate::world::{Act, World, milliseconds, run_for, run_with};

use Act::{Fail, Ready, Run, Slow};

#[tokio::test(start_paused = true)]
async fn a_tree_starts_from_left_to_right_and_stops_the_other_way_round() {
    let world = World::new();
    let below = Supervisor::new("below").child(world.child("b", &[Run])).child(world.child("c", &[Slow(20)]));
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Run]))
        .child(Child::supervisor(below))
        .child(world.child("d", &[Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 0 c+, 0 d+, 100 d-, 120 c-, 120 b-, 120 a-");
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_is_ready_when_its_children_are() {
    let world = World::new();
    let below =
        Supervisor::new("below").child(world.child("a", &[Ready(40)]).ready_within(milliseconds(100)));
    let tree = Supervisor::new("root").child(Child::supervisor(below)).child(world.child("b", &[Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 40 b+, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn a_failure_below_is_mended_below() {
    let world = World::new();
    let below = Supervisor::new("below")
        .strategy(Strategy::OneForAll)
        .child(world.child("b", &[Run]))
        .child(world.child("c", &[Fail(10), Run]));
    let tree = Supervisor::new("root").child(world.child("a", &[Run])).child(Child::supervisor(below));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 0 c+, 10 c!, 10 b-, 10 b+, 10 c+, 100 c-, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_gives_up_is_started_again_by_the_one_above() {
    let world = World::new();
    let below = Supervisor::new("below")
        .intensity(Intensity::new(0, milliseconds(1_000)))
        .child(world.child("b", &[Run]))
        .child(world.child("c", &[Fail(10), Run]));
    let tree = Supervisor::new("root").child(world.child("a", &[Run])).child(Child::supervisor(below));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(100)).await;
        let below = &watch.status().children[1];
        assert_eq!((below.kind, below.restarts), (Kind::Supervisor, 1));
        assert_eq!(
            below.last_failure.as_deref(),
            Some("root/below gave up: c failed too often, at last: broken")
        );
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 0 c+, 10 c!, 10 b-, 10 b+, 10 c+, 100 c-, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_mended_escalates_to_the_root() {
    let world = World::new();
    let never = Intensity::new(1, milliseconds(1_000));
    let below = Supervisor::new("below").intensity(never).child(world.child("b", &[Fail(10)]));
    let tree = Supervisor::new("root")
        .intensity(never)
        .child(world.child("a", &[Run]))
        .child(Child::supervisor(below));
    let gave_up = run_for(1_000, tree).await.unwrap_err();
    assert_eq!((gave_up.supervisor.as_str(), gave_up.child.as_str()), ("root", "below"));
    assert_eq!(world.trace(), "0 a+, 0 b+, 10 b!, 10 b+, 20 b!, 20 b+, 30 b!, 30 b+, 40 b!, 40 a-");
}

#[tokio::test(start_paused = true)]
async fn the_rest_after_a_supervisor_that_gave_up_is_restarted_with_it() {
    let world = World::new();
    let below = Supervisor::new("below")
        .intensity(Intensity::new(0, milliseconds(1_000)))
        .child(world.child("a", &[Fail(10), Run]));
    let tree = Supervisor::new("root")
        .strategy(Strategy::RestForOne)
        .child(Child::supervisor(below))
        .child(world.child("b", &[Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 10 a!, 10 b-, 10 a+, 10 b+, 100 b-, 100 a-");
}
