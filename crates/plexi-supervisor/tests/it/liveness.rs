//! A child that hangs is found, by its heart or by a question.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use plexi_supervisor::{Child, Intensity, Probe, Restart, State, Supervisor};

use crate::world::{Act, World, milliseconds, run_for, run_with};

use Act::{Beat, Deaf, Run};

#[tokio::test(start_paused = true)]
async fn a_child_whose_heart_stops_is_ended_and_started_again() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .child(world.child("a", &[Beat(20, 3), Beat(20, 1_000)]).heartbeat(milliseconds(30)));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(200)).await;
        let child = &watch.status().children[0];
        assert_eq!((child.hung, child.restarts, child.state), (1, 1, State::Running));
        assert_eq!(child.last_failure.as_deref(), Some("no heartbeat"));
    })
    .await
    .unwrap();
    assert!(world.trace().starts_with("0 a+, 70 a?, 70 a+"), "{}", world.trace());
}

#[tokio::test(start_paused = true)]
async fn a_child_that_never_beats_has_its_time_from_its_start() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(2, milliseconds(1_000)))
        .child(world.child("a", &[Deaf, Deaf, Run]).heartbeat(milliseconds(30)));
    run_for(80, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 30 a?, 30 a+, 60 a?, 60 a+, 80 a-");
}

#[tokio::test(start_paused = true)]
async fn a_child_that_always_hangs_makes_its_supervisor_give_up() {
    let world = World::new();
    let tree = Supervisor::new("root").child(world.child("a", &[Deaf]).heartbeat(milliseconds(30)));
    let gave_up = run_for(1_000, tree).await.unwrap_err();
    assert_eq!(gave_up.reason, "hung");
}

#[tokio::test(start_paused = true)]
async fn a_child_without_a_heartbeat_may_be_silent() {
    let world = World::new();
    run_for(100_000, Supervisor::new("root").child(world.child("a", &[Run]))).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 100000 a-");
}

fn answering(healthy: &Arc<AtomicBool>) -> Probe {
    let healthy = Arc::clone(healthy);
    Probe::new(milliseconds(10), move || {
        let healthy = healthy.load(Ordering::Relaxed);
        async move { if healthy { Ok(()) } else { Err("not well".into()) } }
    })
}

#[tokio::test(start_paused = true)]
async fn a_child_that_answers_badly_three_times_in_a_row_is_started_again() {
    let world = World::new();
    let healthy = Arc::new(AtomicBool::new(true));
    let tree = Supervisor::new("root").child(world.child("a", &[Run]).probe(answering(&healthy)));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(55)).await;
        healthy.store(false, Ordering::Relaxed);
        tokio::time::sleep(milliseconds(26)).await;
        healthy.store(true, Ordering::Relaxed);
        tokio::time::sleep(milliseconds(100)).await;
        let child = &watch.status().children[0];
        assert_eq!((child.hung, child.state), (1, State::Running));
        assert_eq!(child.last_failure.as_deref(), Some("probe failed: not well"));
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 80 a?, 80 a+, 181 a-");
}

#[tokio::test(start_paused = true)]
async fn a_bad_answer_now_and_then_is_forgiven() {
    let world = World::new();
    let asked = Arc::new(AtomicU32::new(0));
    let probe = Probe::new(milliseconds(10), move || {
        let turn = asked.fetch_add(1, Ordering::Relaxed);
        async move { if turn.is_multiple_of(3) { Ok(()) } else { Err("not well".into()) } }
    });
    run_for(1_000, Supervisor::new("root").child(world.child("a", &[Run]).probe(probe))).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 1000 a-");
}

#[tokio::test(start_paused = true)]
async fn no_answer_in_time_is_a_bad_answer() {
    let world = World::new();
    let probe = Probe::new(milliseconds(10), std::future::pending).within(milliseconds(5)).failures(2);
    let tree = Supervisor::new("root").child(world.child("a", &[Run]).probe(probe));
    run_for(35, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 30 a?, 30 a+, 35 a-");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_panics_is_a_bad_answer_and_harms_nobody() {
    let world = World::new();
    let probe = Probe::new(milliseconds(10), || async { panic!("the probe itself is broken") }).failures(1);
    let tree = Supervisor::new("root").child(world.child("a", &[Run]).probe(probe));
    run_for(15, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 10 a?, 10 a+, 15 a-");
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_making_the_work_is_a_failure_of_the_child() {
    let broken = Child::new("a", |context| {
        assert!(context.restarts() > 0, "not the first time");
        async move {
            context.stopped().await;
            Ok(())
        }
    });
    run_with(Supervisor::new("root").child(broken), async |watch| {
        tokio::time::sleep(milliseconds(10)).await;
        let child = &watch.status().children[0];
        assert_eq!((child.state, child.restarts), (State::Running, 1));
        assert_eq!(child.last_failure.as_deref(), Some("panicked: not the first time"));
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_temporary_child_that_hangs_stays_down_and_counts_for_nothing() {
    let world = World::new();
    let hanging = world.child("a", &[Deaf]).restart(Restart::Temporary).heartbeat(milliseconds(30));
    let tree = Supervisor::new("root")
        .intensity(Intensity::new(0, milliseconds(1_000)))
        .child(hanging)
        .child(world.child("b", &[Run]));
    run_with(tree, async |watch| {
        tokio::time::sleep(milliseconds(100)).await;
        let child = &watch.status().children[0];
        assert_eq!((child.hung, child.restarts, child.state), (1, 0, State::Ended));
    })
    .await
    .unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 30 a?, 100 b-");
}

/// A child whose first run holds a thread until it is released; the others wait like good ones. Real threads need real time; nothing is measured.
fn holding_a_thread() -> (Child, std::sync::mpsc::Sender<()>, Arc<AtomicU32>) {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(std::sync::Mutex::new(held));
    let starts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&starts);
    let blocked = Child::new("blocked", move |context| {
        let (held, counted) = (Arc::clone(&held), Arc::clone(&counted));
        async move {
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                let _ = held.lock().map(|held| held.recv());
            }
            context.stopped().await;
            Ok(())
        }
    });
    (blocked.stop_within(milliseconds(20)), release, starts)
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let held = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(milliseconds(30_000), held).await.expect(what);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_never_yields_is_reported_and_not_doubled() {
    let (blocked, release, starts) = holding_a_thread();
    let tree = Supervisor::new("root").child(blocked.heartbeat(milliseconds(20)));
    let ended = run_with(tree, async |watch| {
        until("it is stuck", || watch.status().children[0].state == State::Stuck).await;
        assert_eq!(starts.load(Ordering::SeqCst), 1, "no second one beside it");
    })
    .await;
    assert_eq!(ended.map(|stopped| stopped.left), Ok(1));
    release.send(()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_never_yields_is_not_doubled_when_its_supervisor_is_started_anew_and_comes_back_when_it_ends()
 {
    let (blocked, release, starts) = holding_a_thread();
    let below = Supervisor::new("below").child(blocked);
    let tree = Supervisor::new("root").child(Child::supervisor(below));
    let ended = run_with(tree, async |watch| {
        until("it was started", || starts.load(Ordering::SeqCst) == 1).await;
        watch.restart("below").unwrap();
        until("below runs again", || {
            let below = &watch.status().children[0];
            below.restarts == 1 && below.state == State::Running
        })
        .await;
        assert_eq!(watch.status().children[0].children[0].state, State::Stuck);
        assert_eq!(starts.load(Ordering::SeqCst), 1, "no second one beside it");
        release.send(()).unwrap();
        until("it is started again", || starts.load(Ordering::SeqCst) == 2).await;
        assert_eq!(watch.status().children[0].children[0].state, State::Running);
    })
    .await;
    assert_eq!(ended.map(|stopped| stopped.left), Ok(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_to_be_started_anew_and_never_yielded_is_not_started_by_a_tree_that_ends() {
    let (blocked, release, starts) = holding_a_thread();
    let release = Arc::new(std::sync::Mutex::new(Some(release)));
    let letting_go = Arc::clone(&release);
    let first = Child::new("first", move |context| {
        let letting_go = Arc::clone(&letting_go);
        async move {
            context.stopped().await;
            // the tree ends, and has passed the one that is stuck: now it ends as well
            letting_go.lock().unwrap().take();
            std::future::pending().await
        }
    });
    let tree = Supervisor::new("root").child(first.stop_within(milliseconds(200))).child(blocked);
    let ended = run_with(tree, async |watch| {
        until("it was started", || starts.load(Ordering::SeqCst) == 1).await;
        watch.restart("blocked").unwrap();
        until("it is stuck", || watch.status().children[1].state == State::Stuck).await;
    })
    .await;
    assert_eq!(ended.map(|stopped| stopped.left), Ok(0));
    assert_eq!(starts.load(Ordering::SeqCst), 1);
}
