//! What can be found in the memory of the process.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;

use plexi_cache::{Cache, CacheConfig, Codec, Keep, Namespace, SecurityLevel};
use plexi_core::{SystemClock, SystemEntropy};
use zeroize::Zeroizing;

type Value = Zeroizing<Vec<u8>>;

/// Bytes that look for nothing in memory but themselves: whoever knows the seed makes them, and nobody keeps them.
const CANARY: usize = 64;
/// With the rest, which repeats, long enough to be compressed.
const LENGTH: usize = 4_096;

fn byte(seed: u64, at: usize) -> u8 {
    let mixed = ((seed << 16) + at as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40).to_be_bytes()[7]
}

fn value(seed: u64) -> Value {
    let mut value = Zeroizing::new(vec![b'.'; LENGTH]);
    value.iter_mut().take(CANARY).enumerate().for_each(|(at, place)| *place = byte(seed, at));
    value
}

fn is_canary(seed: u64, bytes: &[u8]) -> bool {
    bytes.len() >= CANARY && (0..CANARY).all(|at| bytes[at] == byte(seed, at))
}

/// How often 16 bytes of the canary stand anywhere in the memory that this process may write.
fn found(seed: u64) -> usize {
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = BufReader::new(File::open("/proc/self/maps").unwrap());
    let ranges: Vec<(u64, u64)> = maps
        .lines()
        .map(Result::unwrap)
        .filter(|line| line.contains(" rw"))
        .map(|line| {
            let (from, to) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap())
        })
        .collect();
    // what is read is wiped before the next block, so that the copy is not found in turn
    let mut block = Zeroizing::new(vec![0; 1 << 20]);
    let own = block.as_ptr().addr() as u64..block.as_ptr().addr() as u64 + block.len() as u64;
    let parts: [usize; 4] = std::array::from_fn(|nth| nth * CANARY / 4);
    let first = parts.map(|part| byte(seed, part));
    let is_part = |bytes: &[u8]| {
        let whole = |part: &usize| (0..16).all(|nth| bytes[nth] == byte(seed, part + nth));
        first.contains(&bytes[0]) && parts.iter().any(whole)
    };
    let mut count = 0;
    for (from, to) in ranges {
        let mut at = from;
        while at < to {
            let size = block.len().min(usize::try_from(to - at).unwrap());
            // a range may be gone, or may not be read: then nobody else reads it either
            let read = memory.read_at(&mut block[..size], at).unwrap_or(0);
            for (place, bytes) in block[..read].windows(16).enumerate() {
                count += usize::from(is_part(bytes) && !own.contains(&(at + place as u64)));
            }
            // blocks overlap by less than what is looked for
            at += if read > 16 && at + (read as u64) < to { read as u64 - 15 } else { size as u64 };
        }
    }
    count
}

fn namespace(cache: &Cache, level: SecurityLevel) -> Namespace<u64, Value> {
    let weigh = |value: &Value| value.len();
    let encode = |value: &Value, into: &mut plexi_cache::Plain| {
        into.extend(value);
        true
    };
    let decode = |plain: plexi_cache::Plain| Some(Zeroizing::new(plain.into_vec()));
    cache.namespace(level.as_str()).level(level).build(Codec::custom(weigh, encode, decode)).unwrap()
}

#[test]
fn a_sealed_value_is_nowhere_in_memory_unless_somebody_holds_it_and_a_public_one_is() {
    let entropy = SystemEntropy::new();
    let config = CacheConfig { compression_enabled: true, ..CacheConfig::default() };
    let cache = Cache::ephemeral(config, std::sync::Arc::new(SystemClock), &entropy).unwrap();
    for (seed, level) in (1..).zip(SecurityLevel::ALL) {
        let values = namespace(&cache, level);
        values.insert_local(&7, &value(seed), &Keep::new());
        let held = values.get_local(&7).value().unwrap();
        assert!(is_canary(seed, &held), "{level}");
        assert!(found(seed) > 0, "{level}: what is held is found");
        drop(held);
        let left = found(seed);
        if level == SecurityLevel::Public {
            assert!(left > 0, "{level}: what is kept as it is is found");
        } else {
            assert_eq!(left, 0, "{level}");
            assert!(
                values.get_local(&7).value().is_some_and(|held| is_canary(seed, &held)),
                "{level}: it is there"
            );
            assert_eq!(found(seed), 0, "{level}: also after it was read");
        }
    }
}
