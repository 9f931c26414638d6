//! Who is started again: by the child's own rule and by the strategy of its supervisor.

use plexi_supervisor::{Intensity, Restart, Strategy, Supervisor};

use crate::world::{Act, World, milliseconds, run_for};

use Act::{Fail, Finish, Panic, Run, Slow};
use Restart::{Permanent, Temporary, Transient};
use Strategy::{OneForAll, OneForOne, RestForOne};

/// What three children do (the first and third run and stop when asked), and what is seen until they are stopped after 100 ms.
struct Case {
    what: &'static str,
    strategy: Strategy,
    restart: Restart,
    middle: &'static [Act],
    seen: &'static str,
}

const CASES: &[Case] = &[
    Case {
        what: "a permanent child that fails is started again, alone",
        strategy: OneForOne,
        restart: Permanent,
        middle: &[Fail(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 b+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "a permanent child that panics is started again",
        strategy: OneForOne,
        restart: Permanent,
        middle: &[Panic(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 b+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "a permanent child that finishes is started again",
        strategy: OneForOne,
        restart: Permanent,
        middle: &[Finish(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b., 10 b+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "a transient child that fails is started again",
        strategy: OneForOne,
        restart: Transient,
        middle: &[Fail(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 b+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "a transient child that panics is started again",
        strategy: OneForOne,
        restart: Transient,
        middle: &[Panic(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 b+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "a transient child that finishes stays down",
        strategy: OneForOne,
        restart: Transient,
        middle: &[Finish(10)],
        seen: "0 a+, 0 b+, 0 c+, 10 b., 100 c-, 100 a-",
    },
    Case {
        what: "a temporary child that fails stays down",
        strategy: OneForOne,
        restart: Temporary,
        middle: &[Fail(10)],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 100 c-, 100 a-",
    },
    Case {
        what: "a temporary child that panics stays down",
        strategy: OneForOne,
        restart: Temporary,
        middle: &[Panic(10)],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 100 c-, 100 a-",
    },
    Case {
        what: "a temporary child that finishes stays down",
        strategy: OneForOne,
        restart: Temporary,
        middle: &[Finish(10)],
        seen: "0 a+, 0 b+, 0 c+, 10 b., 100 c-, 100 a-",
    },
    Case {
        what: "rest for one: those after it are stopped first, then all of them are started in order",
        strategy: RestForOne,
        restart: Permanent,
        middle: &[Fail(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 c-, 10 b+, 10 c+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "rest for one: a panic is a failure",
        strategy: RestForOne,
        restart: Permanent,
        middle: &[Panic(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 c-, 10 b+, 10 c+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "rest for one: a permanent child that finishes takes the rest with it",
        strategy: RestForOne,
        restart: Permanent,
        middle: &[Finish(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b., 10 c-, 10 b+, 10 c+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "rest for one: a transient child that finishes disturbs nobody",
        strategy: RestForOne,
        restart: Transient,
        middle: &[Finish(10)],
        seen: "0 a+, 0 b+, 0 c+, 10 b., 100 c-, 100 a-",
    },
    Case {
        what: "rest for one: a temporary child that fails disturbs nobody",
        strategy: RestForOne,
        restart: Temporary,
        middle: &[Fail(10)],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 100 c-, 100 a-",
    },
    Case {
        what: "one for all: all others are stopped last first, then all are started in order",
        strategy: OneForAll,
        restart: Permanent,
        middle: &[Fail(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 c-, 10 a-, 10 a+, 10 b+, 10 c+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "one for all: a transient child that fails takes all with it",
        strategy: OneForAll,
        restart: Transient,
        middle: &[Fail(10), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 c-, 10 a-, 10 a+, 10 b+, 10 c+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "one for all: a transient child that finishes disturbs nobody",
        strategy: OneForAll,
        restart: Transient,
        middle: &[Finish(10)],
        seen: "0 a+, 0 b+, 0 c+, 10 b., 100 c-, 100 a-",
    },
    Case {
        what: "one for all: a temporary child that panics disturbs nobody",
        strategy: OneForAll,
        restart: Temporary,
        middle: &[Panic(10)],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 100 c-, 100 a-",
    },
    Case {
        what: "a child that fails again is started again",
        strategy: OneForOne,
        restart: Permanent,
        middle: &[Fail(10), Fail(20), Fail(30), Run],
        seen: "0 a+, 0 b+, 0 c+, 10 b!, 10 b+, 30 b!, 30 b+, 60 b!, 60 b+, 100 c-, 100 b-, 100 a-",
    },
    Case {
        what: "a child that needs time to stop is waited for before the one before it is asked",
        strategy: OneForOne,
        restart: Permanent,
        middle: &[Slow(30)],
        seen: "0 a+, 0 b+, 0 c+, 100 c-, 130 b-, 130 a-",
    },
];

#[tokio::test(start_paused = true)]
async fn the_table_of_restarts() {
    for case in CASES {
        let world = World::new();
        let ended = run_for(
            100,
            Supervisor::new("root")
                .strategy(case.strategy)
                .intensity(Intensity::new(10, milliseconds(1_000)))
                .child(world.child("a", &[Run]))
                .child(world.child("b", case.middle).restart(case.restart))
                .child(world.child("c", &[Run])),
        )
        .await;
        assert_eq!(world.trace(), case.seen, "{}", case.what);
        assert_eq!(ended.map(|stopped| stopped.left), Ok(0), "{}", case.what);
    }
}

#[tokio::test(start_paused = true)]
async fn a_temporary_sibling_of_a_group_that_restarts_is_not_started_again() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .strategy(OneForAll)
        .child(world.child("a", &[Run]).restart(Temporary))
        .child(world.child("b", &[Fail(10), Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 10 b!, 10 a-, 10 b+, 100 b-");
}

#[tokio::test(start_paused = true)]
async fn a_transient_sibling_that_had_finished_is_started_with_its_group_as_in_otp() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .strategy(OneForAll)
        .child(world.child("a", &[Finish(5), Run]).restart(Transient))
        .child(world.child("b", &[Fail(10), Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 5 a., 10 b!, 10 a+, 10 b+, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn two_that_fail_at_once_restart_their_group_once_and_count_twice() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .strategy(OneForAll)
        .intensity(Intensity::new(2, milliseconds(1_000)))
        .child(world.child("a", &[Fail(10), Run]))
        .child(world.child("b", &[Fail(10), Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(world.trace(), "0 a+, 0 b+, 10 a!, 10 b!, 10 a+, 10 b+, 100 b-, 100 a-");
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_while_its_group_is_brought_down_is_started_with_it() {
    let world = World::new();
    let tree = Supervisor::new("root")
        .strategy(OneForAll)
        .intensity(Intensity::new(5, milliseconds(1_000)))
        .child(world.child("a", &[Fail(20), Run]))
        .child(world.child("b", &[Fail(10), Run]))
        .child(world.child("c", &[Slow(30), Run]));
    run_for(100, tree).await.unwrap();
    assert_eq!(
        world.trace(),
        "0 a+, 0 b+, 0 c+, 10 b!, 20 a!, 40 c-, 40 a+, 40 b+, 40 c+, 100 c-, 100 b-, 100 a-"
    );
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_without_children_waits_to_be_stopped() {
    assert_eq!(run_for(10, Supervisor::new("root")).await.map(|stopped| stopped.left), Ok(0));
}
