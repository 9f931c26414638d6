use plexi_cache::{Codec, Keep, KeyId, Lookup, SecurityLevel};

use crate::world::{World, words};

#[tokio::test]
async fn values_stay_readable_when_keys_rotate_and_are_lost_with_a_destroyed_one() {
    let world = World::new();
    let level = SecurityLevel::Secret;
    let words = words(&world.local(), level);
    for key in 0..100 {
        words.insert(&key, format!("old {key}"), &Keep::new()).await;
    }
    assert_eq!(world.keys.rotate(level), KeyId(2));
    for key in 100..200 {
        words.insert(&key, format!("new {key}"), &Keep::new()).await;
    }
    assert!((0..200).all(|key| words.get_local(&key).value().is_some()), "no miss");
    world.keys.destroy(level, KeyId(1));
    assert!((0..100).all(|key| words.get_local(&key) == Lookup::Unknown));
    assert!((100..200).all(|key| words.get_local(&key).value().is_some()));
    let stats = words.stats();
    assert_eq!((stats.unreadable, stats.unseal_failures), (100, 0), "a destroyed key is no attack");
}

#[tokio::test]
async fn long_values_come_back_as_they_were_at_every_level() {
    let world = World::new();
    let cache = world.local();
    for level in SecurityLevel::ALL {
        let words =
            cache.namespace(level.as_str()).level(level).build::<u64, String>(Codec::serde()).unwrap();
        for length in [0, 1, 1_023, 1_024, 5_000, 300_000] {
            let value = "the same words again ".chars().cycle().take(length).collect::<String>();
            words.insert(&1, value.clone(), &Keep::new()).await;
            assert_eq!(words.get_local(&1), Lookup::Value(value), "{level} {length}");
        }
    }
}

#[tokio::test]
async fn what_compresses_takes_less_memory_below_secret_and_as_much_as_it_is_from_there_on() {
    let world = World::new();
    let cache = world.local();
    let weight = async |level: SecurityLevel| {
        let words =
            cache.namespace(level.as_str()).level(level).build::<u64, String>(Codec::serde()).unwrap();
        words.insert(&1, "again and ".repeat(1_000), &Keep::new()).await;
        words.stats().weight
    };
    assert!(weight(SecurityLevel::Internal).await < 2_000);
    assert!(weight(SecurityLevel::Confidential).await < 2_000);
    assert!(weight(SecurityLevel::Secret).await > 10_000);
    assert!(weight(SecurityLevel::TopSecret).await > 10_000);
}

#[tokio::test]
async fn bytes_are_kept_as_they_are() {
    let cache = World::new().local();
    let blobs = cache.namespace("blobs").build::<String, bytes::Bytes>(Codec::bytes()).unwrap();
    let blob = bytes::Bytes::from_static(b"\0\x01binary\xff");
    blobs.insert(&"key".to_owned(), blob.clone(), &Keep::new()).await;
    assert_eq!(blobs.get_local(&"key".to_owned()), Lookup::Value(blob));
}
