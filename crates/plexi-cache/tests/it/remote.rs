use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use plexi_cache::bus::{BusError, Listener};
use plexi_cache::{
    Cache, CacheConfig, CacheParts, Codec, InvalidationBus, Keep, Keyring, LocalBus, Lookup, SecurityLevel,
};
use plexi_core::{Secret, SeededEntropy};
use tokio::sync::Notify;

use crate::world::{TTL, Words, World, finds, unasked, words_with};

fn far(cache: &plexi_cache::Cache, level: SecurityLevel) -> Words {
    words_with(cache, level, |builder| builder.remote().remember_absent(TTL))
}

async fn read(words: &Words, key: u64, finding: &str) -> Option<String> {
    words.get_or_try_load(&key, &Keep::new().tag("tag"), async || finds(finding).await).await.unwrap()
}

#[tokio::test]
async fn what_one_node_read_another_need_not_read() {
    for level in SecurityLevel::ALL {
        let world = World::new();
        let (one, two) = (far(&world.node(1, true), level), far(&world.node(2, true), level));
        assert_eq!(read(&one, 1, "word").await.as_deref(), Some("word"));
        assert_eq!(two.get(&1).await, Lookup::Value("word".into()), "{level}");
        assert_eq!(two.get_or_try_load(&1, &Keep::new(), unasked).await, Ok(Some("word".into())));
        assert_eq!(two.get_local(&1), Lookup::Value("word".into()), "{level}: it is in memory now");
        let nothing = async || Ok::<_, crate::world::Broken>(None);
        assert_eq!(one.get_or_try_load(&2, &Keep::new(), nothing).await, Ok(None));
        assert_eq!(two.get(&2).await, Lookup::Absent, "{level}");
        let stats = two.stats();
        assert_eq!((stats.remote_hits, stats.remote_misses, stats.loads), (2, 0, 0));
    }
}

#[tokio::test]
async fn the_store_holds_neither_values_nor_keys_nor_tags_in_the_clear() {
    let world = World::new();
    for level in SecurityLevel::ALL {
        let words = far(&world.node(1, true), level);
        words.insert(&0x6b65_795f_6b65_795f, "canary-canary-16".into(), &Keep::new().tag("canary-tag")).await;
    }
    for (name, record) in world.remote.records() {
        for secret in [&b"canary"[..], b"_yek", b"key_", b"words"] {
            assert!(!record.windows(secret.len()).any(|window| window == secret));
            assert!(!name.windows(secret.len()).any(|window| window == secret));
        }
    }
    assert!(world.remote.records().len() >= 5);
}

#[tokio::test]
async fn a_record_that_was_flipped_cut_swapped_or_made_up_is_not_there_and_counts_as_an_attack() {
    for level in [SecurityLevel::Public, SecurityLevel::Secret] {
        let world = World::new();
        let writer = far(&world.node(1, false), level);
        for key in 0..2 {
            writer.insert(&key, format!("word {key}"), &Keep::new().tag("tag")).await;
        }
        let records = world.remote.records();
        let [(first, one), (second, other)] = <[_; 2]>::try_from(records).unwrap();
        let mut wrong: Vec<Vec<u8>> = vec![other.clone(), Vec::new(), b"nonsense".to_vec(), vec![0xff; 200]];
        for at in 0..one.len() {
            let mut flipped = one.clone();
            flipped[at] ^= 1 << (at % 8);
            wrong.push(flipped);
            wrong.push(one[..at].to_vec());
        }
        for (number, bytes) in (0..).zip(wrong) {
            world.remote.replace(first, bytes.clone());
            world.remote.replace(second, bytes);
            let reader = far(&world.node(100 + number, false), level);
            let found = [reader.get(&0).await, reader.get(&1).await];
            // The swapped one is in its own place once.
            let right = found.iter().filter(|found| matches!(found, Lookup::Value(_))).count();
            let stats = reader.stats();
            let counted = stats.unseal_failures + stats.unreadable;
            if number == 0 {
                assert_eq!((right, counted), (1, 1), "swapped");
                assert!(found.iter().all(|found| {
                    *found == Lookup::Unknown
                        || *found == Lookup::Value("word 0".into())
                        || *found == Lookup::Value("word 1".into())
                }));
            } else {
                assert_eq!((right, counted), (0, 2), "{number}: {found:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_record_of_another_level_version_or_namespace_is_not_there() {
    let world = World::new();
    far(&world.node(1, false), SecurityLevel::Internal).insert(&1, "word".into(), &Keep::new()).await;
    let [(_, record)] = <[_; 1]>::try_from(world.remote.records()).unwrap();
    let cache = world.node(2, false);
    let other = cache.namespace("other").remote().build::<u64, String>(plexi_cache::Codec::serde()).unwrap();
    let cache = world.node(3, false);
    let newer = words_with(&cache, SecurityLevel::Internal, |builder| builder.remote().version(2));
    let secret = far(&world.node(4, false), SecurityLevel::Secret);
    for words in [&other, &newer, &secret] {
        words.insert(&1, "own".into(), &Keep::new()).await;
    }
    for (name, _) in world.remote.records() {
        world.remote.replace(name, record.clone());
    }
    let cache = world.node(5, false);
    let other = cache.namespace("other").remote().build::<u64, String>(plexi_cache::Codec::serde()).unwrap();
    let cache = world.node(6, false);
    let newer = words_with(&cache, SecurityLevel::Internal, |builder| builder.remote().version(2));
    let secret = far(&world.node(7, false), SecurityLevel::Secret);
    for words in [&other, &newer, &secret] {
        assert_eq!(words.get(&1).await, Lookup::Unknown);
        assert_eq!(words.stats().unseal_failures, 1);
    }
}

#[tokio::test]
async fn invalidations_count_for_nodes_that_did_not_hear_of_them() {
    let world = World::new();
    let writer = far(&world.node(1, false), SecurityLevel::Internal);
    for how in ["key", "tag", "all"] {
        assert_eq!(read(&writer, 1, "old").await.as_deref(), Some("old"));
        match how {
            "key" => writer.invalidate(&1).await,
            "tag" => writer.invalidate_tag("tag").await,
            _ => writer.invalidate_all().await,
        }
        let deaf = far(&world.node(2, false), SecurityLevel::Internal);
        assert_eq!(deaf.get(&1).await, Lookup::Unknown, "{how}");
        assert_eq!(read(&writer, 1, "new").await.as_deref(), Some("new"), "{how}");
        assert_eq!(deaf.get(&1).await, Lookup::Value("new".into()), "{how}");
        writer.invalidate(&1).await;
    }
}

#[tokio::test]
async fn what_was_invalidated_by_another_node_while_it_was_read_is_not_stored_outside() {
    for how in ["key", "tag", "all", "insert"] {
        let world = World::new();
        let slow = far(&world.node(1, false), SecurityLevel::Internal);
        let quick = far(&world.node(2, false), SecurityLevel::Internal);
        let gate = Notify::new();
        let keep = Keep::new().tag("tag");
        let load = async || {
            gate.notified().await;
            finds("old").await
        };
        let change = async {
            match how {
                "key" => quick.invalidate(&1).await,
                "tag" => quick.invalidate_tag("tag").await,
                "all" => quick.invalidate_all().await,
                _ => quick.insert(&1, "new".into(), &keep).await,
            }
            gate.notify_one();
        };
        let (loaded, ()) = tokio::join!(slow.get_or_try_load(&1, &keep, load), change);
        assert_eq!(loaded, Ok(Some("old".into())));
        let third = far(&world.node(3, false), SecurityLevel::Internal);
        let expected = if how == "insert" { Lookup::Value("new".into()) } else { Lookup::Unknown };
        assert_eq!(third.get(&1).await, expected, "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_store_the_cache_goes_on_alone_and_asks_it_less_and_less() {
    let world = World::new();
    let words = far(&world.node(1, true), SecurityLevel::Internal);
    for (away, how) in [(true, "away"), (false, "silent")] {
        if away {
            world.remote.set_away(true);
        } else {
            world.remote.set_silent(true);
        }
        let before = world.remote.questions();
        for key in 0..1_000 {
            assert_eq!(read(&words, key, how).await.as_deref(), Some(how));
            assert_eq!(words.get(&key).await, Lookup::Value(how.into()));
        }
        let asked = world.remote.questions() - before;
        assert!(asked <= 4, "{how}: {asked} questions");
        world.remote.set_away(false);
        words.invalidate_all_local();
        world.pass(Duration::from_secs(20));
        assert_eq!(read(&words, 5_000, "back").await.as_deref(), Some("back"));
        assert!(!world.remote.records().is_empty(), "{how}: used again");
    }
    assert!(words.stats().remote_failures > 0);
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_did_not_reach_the_store_counts_as_soon_as_it_is_back() {
    for how in ["key", "tag", "all", "insert"] {
        let world = World::new();
        let words = far(&world.node(1, false), SecurityLevel::Internal);
        assert_eq!(read(&words, 1, "old").await.as_deref(), Some("old"));
        world.remote.set_away(true);
        match how {
            "key" => words.invalidate(&1).await,
            "tag" => words.invalidate_tag("tag").await,
            "all" => words.invalidate_all().await,
            _ => {
                words.insert(&1, "new".into(), &Keep::new()).await;
                assert_eq!(words.get_local(&1), Lookup::Value("new".into()));
                words.invalidate_local(&1);
            }
        }
        assert_eq!(words.get(&1).await, Lookup::Unknown, "{how}: away");
        world.remote.set_away(false);
        world.pass(Duration::from_secs(20));
        assert_eq!(words.get(&1).await, Lookup::Unknown, "{how}: back");
        assert_eq!(read(&words, 1, "new").await.as_deref(), Some("new"), "{how}");
        let other = far(&world.node(2, false), SecurityLevel::Internal);
        assert_eq!(other.get(&1).await, Lookup::Value("new".into()), "{how}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_whose_caller_goes_away_counts_all_the_same_here_and_on_other_nodes() {
    for how in ["key", "tag", "all", "insert"] {
        let world = World::new();
        let (cache, other) = (world.node(1, true), world.node(2, true));
        let (words, others) = (far(&cache, SecurityLevel::Internal), far(&other, SecurityLevel::Internal));
        assert_eq!(read(&words, 1, "old").await.as_deref(), Some("old"));
        assert_eq!(others.get(&1).await, Lookup::Value("old".into()));
        world.remote.set_silent(true);
        let asking = async {
            match how {
                "key" => words.invalidate(&1).await,
                "tag" => words.invalidate_tag("tag").await,
                "all" => words.invalidate_all().await,
                _ => words.insert(&1, "new".into(), &Keep::new()).await,
            }
        };
        assert!(tokio::time::timeout(Duration::from_millis(1), asking).await.is_err(), "{how}");
        world.remote.set_silent(false);
        assert_eq!(words.get_local(&1), Lookup::Unknown, "{how}: here");
        let told = async {
            while others.get_local(&1) != Lookup::Unknown {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), told).await.expect(how);
        let newcomer = far(&world.node(3, false), SecurityLevel::Internal);
        for (node, whose) in [(&words, "its own"), (&others, "another"), (&newcomer, "a later one")] {
            assert_eq!(node.get(&1).await, Lookup::Unknown, "{how}: {whose} believes the store");
        }
    }
}

#[tokio::test]
async fn a_value_put_after_another_node_began_a_generation_is_one_of_that_generation() {
    let world = World::new();
    let node = |seed| far(&world.node(seed, false), SecurityLevel::Internal);
    let (one, two) = (node(1), node(2));
    one.insert(&1, "old".into(), &Keep::new()).await;
    two.invalidate_all().await;
    one.insert(&1, "new".into(), &Keep::new()).await;
    assert_eq!(one.get_local(&1), Lookup::Value("new".into()));
    assert_eq!(node(3).get(&1).await, Lookup::Value("new".into()));
}

#[tokio::test]
async fn a_value_that_is_fetched_is_asked_for_however_long_ago_it_was_stored() {
    let (world, idle) = (World::new(), TTL / 4);
    let node = |seed| {
        let cache = world.node(seed, false);
        words_with(&cache, SecurityLevel::Internal, |builder| builder.remote().time_to_idle(idle))
    };
    node(1).insert(&1, "word".into(), &Keep::new()).await;
    world.pass(TTL / 2);
    let other = node(2);
    assert_eq!(other.get(&1).await, Lookup::Value("word".into()));
    assert_eq!(other.get_local(&1), Lookup::Value("word".into()));
    world.pass(idle);
    assert_eq!(other.get_local(&1), Lookup::Unknown);
}

#[tokio::test]
async fn a_value_kept_in_memory_alone_is_what_was_kept_also_where_the_namespace_is_remote() {
    for level in SecurityLevel::ALL {
        let words = far(&World::new().node(1, false), level);
        // what begins like the list of tags that a record begins with
        for value in ["", "word", "\u{1}\u{1}t\u{7}word", "\u{0}word"] {
            words.insert_local(&1, &value.to_owned(), &Keep::new());
            assert_eq!(words.get_local(&1), Lookup::Value(value.into()), "{level}");
        }
    }
}

/// A bus that writes down what it carries.
#[derive(Default)]
struct Recorder(LocalBus, Mutex<Vec<Vec<u8>>>);

#[async_trait::async_trait]
impl InvalidationBus for Recorder {
    fn attach(&self, listener: Weak<dyn Listener>) {
        self.0.attach(listener);
    }

    async fn publish(&self, message: &[u8]) -> Result<(), BusError> {
        self.1.lock().unwrap().push(message.to_vec());
        self.0.publish(message).await
    }
}

#[tokio::test]
async fn the_bus_carries_no_name_key_or_tag_in_the_clear_and_who_has_no_keys_can_only_have_things_forgotten()
{
    let (world, bus) = (World::new(), Arc::new(Recorder::default()));
    let node = |seed: u64, keys| {
        let parts = CacheParts::local(CacheConfig::default(), world.clock.clone(), keys);
        let bus: Option<Arc<dyn InvalidationBus>> = Some(bus.clone());
        Cache::new(CacheParts { bus, ..parts }, &SeededEntropy::new(seed)).unwrap()
    };
    let caches = [node(1, world.keys.clone()), node(2, world.keys.clone())];
    let names = caches
        .each_ref()
        .map(|cache| cache.namespace("canary-space").build::<String, String>(Codec::serde()).unwrap());
    let key = "canary-key".to_owned();
    names[1].insert_local(&key, &"word".into(), &Keep::new());
    names[1].insert_local(&"other".into(), &"word".into(), &Keep::new());
    names[0].invalidate(&key).await;
    assert_eq!(names[1].get_local(&key), Lookup::Unknown);
    assert!(names[1].get_local(&"other".into()).value().is_some(), "only what was said is forgotten");
    names[0].invalidate_tag("canary-tag").await;
    names[0].invalidate_all().await;
    let carried = bus.1.lock().unwrap().clone();
    assert_eq!(carried.len(), 3);
    assert!(!carried.iter().any(|message| message.windows(6).any(|part| part == b"canary")));

    names[1].insert_local(&key, &"word".into(), &Keep::new());
    let stranger = node(3, Arc::new(Keyring::new(Secret::new([9; 32]))));
    let strange = stranger.namespace("canary-space").build::<String, String>(Codec::serde()).unwrap();
    strange.invalidate(&"another key".into()).await;
    assert_eq!(names[1].get_local(&key), Lookup::Unknown, "what cannot be read may have been anything");
}

#[tokio::test]
async fn a_store_that_forgot_its_counters_brings_nothing_back() {
    let world = World::new();
    let words = far(&world.node(1, false), SecurityLevel::Internal);
    assert_eq!(read(&words, 1, "old").await.as_deref(), Some("old"));
    assert_eq!(read(&words, 2, "old").await.as_deref(), Some("old"));
    let old = world.remote.records();
    words.invalidate_tag("tag").await;
    words.invalidate_all().await;
    world.remote.forget_counters();
    for (name, record) in old {
        world.remote.replace(name, record);
    }
    assert_eq!((words.get(&1).await, words.get(&2).await), (Lookup::Unknown, Lookup::Unknown));
}

#[tokio::test]
async fn what_a_node_saw_of_a_tag_in_the_store_it_remembers_when_the_store_forgets() {
    let world = World::new();
    let node = |seed| far(&world.node(seed, false), SecurityLevel::Internal);
    let (one, two) = (node(1), node(2));
    assert_eq!(read(&one, 1, "old").await.as_deref(), Some("old"));
    let old = world.remote.records();
    two.invalidate_tag("tag").await;
    one.invalidate_all_local();
    assert_eq!(read(&one, 1, "new").await.as_deref(), Some("new"), "the tag was seen to be another");
    world.remote.forget_counters();
    for (name, record) in old {
        world.remote.replace(name, record);
    }
    one.invalidate_all_local();
    assert_eq!(one.get(&1).await, Lookup::Unknown);
}

#[tokio::test]
async fn a_record_is_believed_until_its_time_whoever_reads_it() {
    let world = World::new();
    let words = far(&world.node(1, false), SecurityLevel::Internal);
    assert_eq!(read(&words, 1, "word").await.as_deref(), Some("word"));
    world.pass(TTL.saturating_sub(Duration::from_micros(1)));
    assert!(far(&world.node(2, false), SecurityLevel::Internal).get(&1).await.value().is_some());
    world.pass(Duration::from_micros(1));
    assert_eq!(far(&world.node(3, false), SecurityLevel::Internal).get(&1).await, Lookup::Unknown);
}

#[tokio::test]
async fn keys_rotate_under_nodes_that_share_them() {
    let world = World::new();
    let level = SecurityLevel::Confidential;
    let one = far(&world.node(1, false), level);
    assert_eq!(read(&one, 1, "old").await.as_deref(), Some("old"));
    world.keys.rotate(level);
    assert_eq!(read(&one, 2, "new").await.as_deref(), Some("new"));
    let two = far(&world.node(2, false), level);
    assert!(two.get(&1).await.value().is_some() && two.get(&2).await.value().is_some());
}
