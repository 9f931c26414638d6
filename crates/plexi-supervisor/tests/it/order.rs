//! Starts wait for readiness, in order.

use plexi_supervisor::{Intensity, Restart, State, Strategy, Supervisor};

use crate::world::{Act, World, milliseconds, run_for, run_with};

use Act::{Deaf, Fail, Finish, Ready, ReadyThenFail, Run};

#[tokio::test(start_paused = true)]
async fn a_child_is_started_when_the_one_before_it_is_ready() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Ready(30)]).ready_within(milliseconds(100)))
        .child(world.child("b", &[Ready(20)]).ready_within(milliseconds(100)))
        .child(world.child("c", &[Run]));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(10)).await;
        let states: Vec<State> = watch.status().children.iter().map(|child| child.state).collect();
        assert_eq!(states, [State::Starting, State::Waiting, State::Waiting]);
        watch.ready().await;
        let states: Vec<State> = watch.status().children.iter().map(|child| child.state).collect();
        assert_eq!(states, [State::Running; 3]);
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 30 b+, 50 c+, 50 c-, 50 b-, 50 a-");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_ready_in_time_is_ended_and_started_again() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Deaf, Ready(10)]).ready_within(milliseconds(40)))
        .child(world.child("b", &[Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 40 a?, 40 a+, 50 b+, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn who_fails_before_it_is_ready_holds_back_those_after_it_until_it_is() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Fail(20), Ready(20)]).ready_within(milliseconds(100)))
        .child(world.child("b", &[Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 20 a!, 20 a+, 40 b+, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn who_is_never_ready_makes_its_supervisor_give_up_before_anything_else_starts() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Fail(20)]).ready_within(milliseconds(100)))
        .child(world.child("b", &[Run]));
    assert!(run_for(100, tree).await.is_err());
    assert_eq!(world.trace(), "0 a+, 20 a!, 20 a+, 40 a!");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_its_work_before_the_next_one_starts() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .child(
            world.child("migrate", &[Finish(30)]).restart(Restart::Transient).ready_within(milliseconds(100)),
        )
        .child(world.child("serve", &[Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 migrate+, 30 migrate., 30 serve+, 100 serve-");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_restarted_is_started_in_order_of_readiness_too() {
    let world = World::new();
    let limit = milliseconds(100);
    let tree = Supervisor::new("root")
        .strategy(Strategy::OneForAll)
        .child(world.child("a", &[ReadyThenFail(10, 20), Ready(15)]).ready_within(limit))
        .child(world.child("b", &[Ready(5)]).ready_within(limit));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 10 b+, 30 a!, 30 b-, 30 a+, 45 b+, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn one_that_restarts_alone_does_not_hold_up_a_start_it_is_not_part_of() {
    let world = World::new();
    let limit = milliseconds(100);
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(5, milliseconds(1_000)))
        .child(world.child("a", &[ReadyThenFail(10, 10), Ready(50)]).ready_within(limit))
        .child(world.child("b", &[Ready(20)]).ready_within(limit))
        .child(world.child("c", &[Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 10 b+, 20 a!, 20 a+, 30 c+, 100 c-, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn a_stop_while_the_tree_starts_stops_what_was_started() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Run]))
        .child(
            world.child("b", &[Ready(500)]).ready_within(milliseconds(1_000)).stop_within(milliseconds(20)),
        )
        .child(world.child("c", &[Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 120 b?, 120 a-");
}

#[tokio::test(start_paused = true)]
async fn those_that_start_at_once_are_started_in_the_order_they_were_given() {
    let world = World::new();
    let tree = ["a", "b", "c", "d"]
        .into_iter()
        .fold(Supervisor::new("root"), |tree, name| tree.child(world.child(name, &[Run])));
    run_for(10, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 0 c+, 0 d+, 10 d-, 10 c-, 10 b-, 10 a-");
}
