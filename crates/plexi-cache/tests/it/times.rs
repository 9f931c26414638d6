use std::sync::Arc;
use std::time::Duration;

use plexi_cache::{Keep, Lookup, SecurityLevel};
use tokio::sync::Notify;

use crate::world::{TTL, World, finds, unasked, words_with};

const MOMENT: Duration = Duration::from_micros(1);

#[tokio::test]
async fn a_value_is_believed_until_its_time_and_not_a_moment_longer() {
    let world = World::new();
    let cache = world.local();
    for level in SecurityLevel::ALL {
        let words = cache
            .namespace(&format!("words-{level}"))
            .level(level)
            .time_to_live(TTL)
            .build(plexi_cache::Codec::<String>::serde())
            .unwrap();
        words.insert(&1, "one".into(), &Keep::new()).await;
        words.insert(&2, "two".into(), &Keep::new().at_most(TTL / 2)).await;
        words.insert(&3, "three".into(), &Keep::new().at_most(TTL * 9)).await;
        world.pass((TTL / 2).saturating_sub(MOMENT));
        assert_eq!(words.get_local(&2), Lookup::Value("two".into()));
        world.pass(MOMENT);
        assert_eq!(words.get_local(&2), Lookup::Unknown);
        world.pass((TTL / 2).saturating_sub(MOMENT));
        assert_eq!(words.get_local(&1), Lookup::Value("one".into()));
        world.pass(MOMENT);
        assert_eq!((words.get_local(&1), words.get_local(&3)), (Lookup::Unknown, Lookup::Unknown));
    }
}

#[tokio::test]
async fn a_value_that_nobody_asks_for_ends_and_one_that_is_asked_for_lives_until_its_time() {
    let world = World::new();
    let idle = Duration::from_secs(10);
    let words = words_with(&world.local(), SecurityLevel::Internal, |builder| builder.time_to_idle(idle));
    words.insert(&1, "asked".into(), &Keep::new()).await;
    words.insert(&2, "not".into(), &Keep::new()).await;
    for _ in 0..5 {
        world.pass(idle.saturating_sub(MOMENT));
        assert!(words.get_local(&1).value().is_some());
    }
    assert_eq!(words.get_local(&2), Lookup::Unknown);
    world.pass(idle);
    assert_eq!(words.get_local(&1), Lookup::Unknown);
}

#[tokio::test]
async fn a_clock_that_goes_back_far_ends_what_was_stored_later() {
    let world = World::new();
    let words = words_with(&world.local(), SecurityLevel::Internal, |builder| builder);
    words.insert(&1, "later".into(), &Keep::new()).await;
    let now = plexi_core::Clock::now(&*world.clock);
    world.clock.set(now.minus(Duration::from_secs(4)));
    assert!(words.get_local(&1).value().is_some(), "clocks differ a little");
    world.clock.set(now.minus(Duration::from_secs(6)));
    assert_eq!(words.get_local(&1), Lookup::Unknown);
}

#[tokio::test]
async fn that_there_is_nothing_is_remembered_for_a_time_of_its_own() {
    let world = World::new();
    let words =
        words_with(&world.local(), SecurityLevel::Internal, |builder| builder.remember_absent(TTL / 4));
    let nothing = async || Ok::<_, crate::world::Broken>(None);
    assert_eq!(words.get_or_try_load(&1, &Keep::new(), nothing).await, Ok(None));
    assert_eq!(words.get_local(&1), Lookup::Absent);
    assert_eq!(words.get_or_try_load(&1, &Keep::new(), unasked).await, Ok(None));
    world.pass(TTL / 4);
    assert_eq!(words.get_local(&1), Lookup::Unknown);
    assert_eq!(
        words.get_or_try_load(&1, &Keep::new(), async || finds("now").await).await.unwrap().as_deref(),
        Some("now")
    );
    let stats = words.stats();
    assert_eq!((stats.negative_hits, stats.loads), (2, 2));
}

#[tokio::test]
async fn without_that_rule_nothing_is_not_remembered() {
    let world = World::new();
    let words = words_with(&world.local(), SecurityLevel::Public, |builder| builder);
    let nothing = async || Ok::<_, crate::world::Broken>(None);
    assert_eq!(words.get_or_try_load(&1, &Keep::new(), nothing).await, Ok(None));
    assert_eq!(words.get_local(&1), Lookup::Unknown);
    words.insert(&1, "one".into(), &Keep::new()).await;
    words.insert_absent(&1, &Keep::new()).await;
    assert_eq!(words.get_local(&1), Lookup::Unknown, "the value is not true any more");
}

#[tokio::test]
async fn past_its_time_a_value_is_shown_while_one_task_reads_it_anew() {
    let world = World::new();
    let cache = world.local();
    let words = words_with(&cache, SecurityLevel::Internal, |builder| builder.stale_while_revalidate(TTL));
    words.insert(&1, "old".into(), &Keep::new()).await;
    world.pass(TTL);
    let (keep, gate) = (Keep::new(), Arc::new(Notify::new()));
    assert_eq!(words.get_local(&1), Lookup::Unknown, "who does not revalidate is shown nothing stale");
    for _ in 0..3 {
        let gate = Arc::clone(&gate);
        let slow = || async move {
            gate.notified().await;
            finds("new").await
        };
        let shown = words.get_or_revalidate(&1, &keep, slow).await.unwrap();
        assert_eq!(shown.as_deref(), Some("old"));
        // the task that reads gets its turn, so that the next question finds it at work
        tokio::task::yield_now().await;
    }
    gate.notify_one();
    while words.get_local(&1) == Lookup::Unknown {
        tokio::task::yield_now().await;
    }
    cache.close().await;
    let stats = words.stats();
    assert_eq!((stats.stale_hits, stats.loads), (3, 1));
}

#[tokio::test]
async fn what_was_read_anew_is_shown_from_then_on_and_beyond_both_times_somebody_waits() {
    let world = World::new();
    let cache = world.local();
    let words = words_with(&cache, SecurityLevel::Internal, |builder| builder.stale_while_revalidate(TTL));
    words.insert(&1, "old".into(), &Keep::new()).await;
    world.pass(TTL);
    let keep = Keep::new();
    assert_eq!(words.get_or_revalidate(&1, &keep, || finds("new")).await.unwrap().as_deref(), Some("old"));
    while words.get_local(&1) == Lookup::Unknown {
        tokio::task::yield_now().await;
    }
    assert_eq!(words.get_local(&1), Lookup::Value("new".into()));
    world.pass(TTL * 2);
    assert_eq!(
        words.get_or_revalidate(&1, &keep, || finds("newer")).await.unwrap().as_deref(),
        Some("newer")
    );
}
