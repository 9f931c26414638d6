use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use plexi_cache::{Keep, Lookup, SecurityLevel};
use tokio::sync::Notify;

use crate::world::{Broken, World, finds, unasked, words};

#[tokio::test]
async fn a_value_is_loaded_once_and_then_known() {
    let words = words(&World::new().local(), SecurityLevel::Secret);
    let keep = Keep::new();
    for _ in 0..2 {
        let loaded = words.get_or_try_load(&1, &keep, async || finds("one").await).await.unwrap();
        assert_eq!(loaded.as_deref(), Some("one"));
    }
    assert_eq!(words.get_or_try_load(&1, &keep, unasked).await, Ok(Some("one".into())));
    let stats = words.stats();
    assert_eq!((stats.loads, stats.hits, stats.misses, stats.inserts, stats.entries), (1, 2, 1, 1, 1));
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_loads_and_all_get_its_answer() {
    let words = words(&World::new().local(), SecurityLevel::Internal);
    let loads = Arc::new(AtomicU32::new(0));
    let gate = Arc::new(Notify::new());
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (words, loads, gate) = (words.clone(), loads.clone(), gate.clone());
        asking.spawn(async move {
            let load = async || {
                loads.fetch_add(1, Ordering::SeqCst);
                gate.notified().await;
                finds("one").await
            };
            words.get_or_try_load(&1, &Keep::new(), load).await
        });
    }
    while words.stats().joined < 99 {
        tokio::task::yield_now().await;
    }
    gate.notify_one();
    for answer in asking.join_all().await {
        assert_eq!(answer, Ok(Some("one".into())));
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failure_reaches_all_who_wait_and_is_not_kept() {
    let words = words(&World::new().local(), SecurityLevel::Internal);
    let gate = Notify::new();
    let fails = async || {
        gate.notified().await;
        Err::<Option<String>, _>(Broken)
    };
    let keep = Keep::new();
    let (first, second, ()) = tokio::join!(
        words.get_or_try_load(&1, &keep, fails),
        words.get_or_try_load(&1, &keep, unasked),
        async { gate.notify_one() },
    );
    assert_eq!((first, second), (Err(Broken.into()), Err(Broken.into())));
    assert_eq!(words.get_local(&1), Lookup::Unknown);
    assert_eq!((words.stats().loads, words.stats().load_failures), (1, 1));
}

#[tokio::test]
async fn who_waits_for_somebody_that_goes_away_loads_itself() {
    let words = words(&World::new().local(), SecurityLevel::Internal);
    let keep = Keep::new();
    let never = async || std::future::pending::<Result<Option<String>, Broken>>().await;
    let mut first = Box::pin(words.get_or_try_load(&1, &keep, never));
    assert!(futures_poll(&mut first).await.is_none());
    let second = words.get_or_try_load(&1, &keep, async || finds("one").await);
    let (second, ()) = tokio::join!(second, async { drop(first) });
    assert_eq!(second, Ok(Some("one".into())));
}

#[tokio::test]
async fn loads_of_different_keys_do_not_wait_for_each_other() {
    let words = words(&World::new().local(), SecurityLevel::Internal);
    let keep = Keep::new();
    let never = async || std::future::pending::<Result<Option<String>, Broken>>().await;
    let mut first = Box::pin(words.get_or_try_load(&1, &keep, never));
    assert!(futures_poll(&mut first).await.is_none());
    for key in 2..200 {
        let loaded = words.get_or_try_load(&key, &keep, async || finds("other").await).await;
        assert_eq!(loaded, Ok(Some("other".into())));
    }
}

/// Polls once.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    tokio::select! {
        biased;
        done = future => Some(done),
        () = std::future::ready(()) => None,
    }
}
