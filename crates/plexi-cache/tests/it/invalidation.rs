use plexi_cache::{CacheError, Codec, Keep, Lookup, SecurityLevel};
use tokio::sync::Notify;

use crate::world::{World, finds, words};

#[tokio::test]
async fn a_key_a_tag_or_everything_is_forgotten_at_once() {
    let words = words(&World::new().local(), SecurityLevel::Confidential);
    for key in 0..4 {
        let keep = if key < 2 { Keep::new().tag("low").tag("all") } else { Keep::new().tag("all") };
        words.insert(&key, format!("{key}"), &keep).await;
    }
    let known = || (0..4).filter(|key| words.get_local(key).value().is_some()).collect::<Vec<_>>();
    assert_eq!(known(), [0, 1, 2, 3]);
    words.invalidate(&3).await;
    assert_eq!(known(), [0, 1, 2]);
    words.invalidate_tag("low").await;
    assert_eq!(known(), [2]);
    words.insert(&0, "again".into(), &Keep::new().tag("low")).await;
    assert_eq!(known(), [0, 2], "what is stored afterwards is true");
    words.invalidate_all().await;
    assert_eq!(known(), [0; 0]);
    words.insert(&1, "again".into(), &Keep::new()).await;
    assert_eq!(known(), [1]);
    assert_eq!(words.stats().invalidations, 3);
}

#[derive(Clone, Copy, Debug)]
enum How {
    Key,
    Tag,
    All,
    Insert,
}

#[tokio::test]
async fn what_was_invalidated_while_it_was_read_is_not_kept_and_not_given_to_who_asks_later() {
    for how in [How::Key, How::Tag, How::All, How::Insert] {
        let words = words(&World::new().local(), SecurityLevel::Internal);
        let gate = Notify::new();
        let keep = Keep::new().tag("tag");
        let slow = async || {
            gate.notified().await;
            finds("old").await
        };
        let early = words.get_or_try_load(&1, &keep, slow);
        let later = async {
            match how {
                How::Key => words.invalidate(&1).await,
                How::Tag => words.invalidate_tag("tag").await,
                How::All => words.invalidate_all().await,
                How::Insert => words.insert(&1, "new".into(), &keep).await,
            }
            let later = words.get_or_try_load(&1, &keep, async || finds("new").await).await;
            gate.notify_one();
            later
        };
        let (early, later) = tokio::join!(early, later);
        assert_eq!(later, Ok(Some("new".into())), "{how:?}");
        assert_eq!(early, Ok(Some("old".into())), "{how:?}");
        assert_eq!(words.get_local(&1), Lookup::Value("new".into()), "{how:?}");
    }
}

#[tokio::test]
async fn nodes_on_one_bus_forget_what_one_of_them_invalidates() {
    let world = World::new();
    let (one, two) = (world.node(1, true), world.node(2, true));
    let there = words(&two, SecurityLevel::Internal);
    let here = words(&one, SecurityLevel::Internal);
    let fill = async || {
        for key in 0..3 {
            there.insert(&key, "old".into(), &Keep::new().tag(&format!("tag-{key}"))).await;
        }
    };
    let known = || (0..3).filter(|key| there.get_local(key).value().is_some()).collect::<Vec<_>>();
    fill().await;
    here.invalidate(&0).await;
    here.invalidate_tag("tag-1").await;
    assert_eq!(known(), [2]);
    here.insert(&2, "new".into(), &Keep::new()).await;
    assert_eq!(known(), [0; 0]);
    fill().await;
    one.flush().await;
    assert_eq!(known(), [0; 0]);
    fill().await;
    assert!(one.flush_namespace("words").await && !one.flush_namespace("other").await);
    assert_eq!(known(), [0; 0]);
}

#[tokio::test]
async fn names_and_shares_are_checked_when_a_namespace_is_made() {
    let cache = World::new().local();
    let _first = words(&cache, SecurityLevel::Internal);
    let build = |name: &str, share: u8| {
        cache.namespace(name).share(share).build::<u64, String>(Codec::serde()).map(drop)
    };
    assert!(matches!(build("words", 1), Err(CacheError::Twice(_))));
    assert!(matches!(build("", 1), Err(CacheError::Name(_))));
    assert!(matches!(build("b\u{e4}d", 1), Err(CacheError::Name(_))));
    assert!(matches!(build("large", 91), Err(CacheError::NoRoom { left: 90, wanted: 91, .. })));
    assert!(build("fits", 90).is_ok());
    let plain = Codec::<String>::in_memory(String::len);
    assert!(matches!(cache.namespace("sealed").build::<u64, _>(plain), Err(CacheError::NeedsBytes { .. })));
    let remote = cache.namespace("far").remote().build::<u64, String>(Codec::serde());
    assert!(matches!(remote, Err(CacheError::NoRemote(_))));
}

#[tokio::test]
async fn a_namespace_stays_within_its_share() {
    let cache = World::new().local();
    let words = cache
        .namespace("words")
        .level(SecurityLevel::Internal)
        .share(1)
        .build::<u64, String>(Codec::serde())
        .unwrap();
    for key in 0..2_000 {
        words.insert(&key, "x".repeat(1_000), &Keep::new()).await;
    }
    let stats = words.stats();
    assert_eq!(stats.capacity, (64 << 20) / 100);
    assert!(stats.weight <= stats.capacity, "{stats:?}");
    assert!(stats.evictions > 0 && stats.entries > 100 && stats.entries < 2_000, "{stats:?}");
}
