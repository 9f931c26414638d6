//! Hits and inserts in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use plexi_cache::{Cache, CacheConfig, CacheParts, Codec, Keep, Keyring, Namespace, SecurityLevel};
use plexi_core::{SystemClock, SystemEntropy};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::json;

use super::Sheet;
use crate::Outcome;
use crate::cost::{self, Contender, float};

/// Values in each cache.
const ENTRIES: u64 = 10_000;
/// Questions of a turn.
const QUESTIONS: usize = 20_000;
/// Nobody's time ends here, and everybody looks.
const TTL: Duration = Duration::from_hours(1);

type Moka<V> = moka::sync::Cache<u64, V>;
type Ours = Namespace<u64, Bytes>;

/// Measures values of 256 bytes and of 4 KiB. Answers what a sealed hit of the latter costs in nanoseconds.
pub(crate) fn measure(sheet: &mut Sheet) -> Outcome<f64> {
    let mut sealed = 0.0;
    for size in [256, 4_096] {
        let contest = Contest::new(size)?;
        sealed = contest.hits(sheet);
        contest.inserts(sheet);
        contest.two_threads(sheet)?;
    }
    Ok(sealed)
}

type NonceAndBytes = ([u8; NONCE_LEN], Box<[u8]>);

/// moka with values that ring sealed: what somebody would write who needs sealed values.
struct BareSealed {
    cache: Moka<Arc<NonceAndBytes>>,
    key: LessSafeKey,
    counter: AtomicU64,
}

impl BareSealed {
    fn get(&self, key: u64) -> Option<Bytes> {
        let entry = self.cache.get(&key)?;
        let (nonce, sealed) = &*entry;
        let mut plain = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.key.open_in_place(nonce, Aad::from(key.to_be_bytes()), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain.into())
    }

    fn insert(&self, key: u64, value: &[u8]) {
        let mut nonce = [0; NONCE_LEN];
        nonce[4..].copy_from_slice(&self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let mut sealed = value.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        // infallible: the values are short
        let _ = self.key.seal_in_place_append_tag(unique, Aad::from(key.to_be_bytes()), &mut sealed);
        self.cache.insert(key, Arc::new((nonce, sealed.into())));
    }
}

struct Contest {
    size: usize,
    value: Bytes,
    order: Vec<u64>,
    moka: Moka<Bytes>,
    bare: BareSealed,
    quick: quick_cache::sync::Cache<u64, Bytes>,
    public: Ours,
    sealed: Ours,
}

impl Contest {
    fn new(size: usize) -> Outcome<Self> {
        let value = Bytes::from(noise(size));
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(|_| "key")?;
        let cache = cache()?;
        let namespace = |name: &str, level| {
            cache.namespace(name).level(level).time_to_live(TTL).share(50).build(Codec::bytes())
        };
        let contest = Self {
            size,
            order: shuffled(),
            moka: moka(),
            bare: BareSealed { cache: moka(), key: LessSafeKey::new(key), counter: AtomicU64::new(0) },
            quick: quick_cache::sync::Cache::new(usize::try_from(ENTRIES * 2)?),
            public: namespace("public", SecurityLevel::Public)?,
            sealed: namespace("sealed", SecurityLevel::Secret)?,
            value,
        };
        for key in 0..ENTRIES {
            contest.moka.insert(key, contest.value.clone());
            contest.bare.insert(key, &contest.value);
            contest.quick.insert(key, contest.value.clone());
            contest.public.insert_local(&key, &contest.value, &Keep::new());
            contest.sealed.insert_local(&key, &contest.value, &Keep::new());
        }
        Ok(contest)
    }

    fn hits(&self, sheet: &mut Sheet) -> f64 {
        let mut contenders = [
            self.contender("moka", |key| self.moka.get(&key).is_some()),
            self.contender("moka and a bare open", |key| self.bare.get(key).is_some()),
            self.contender("quick_cache", |key| self.quick.get(&key).is_some()),
            self.contender("PUBLIC", |key| self.public.get_local(&key).value().is_some()),
            self.contender("sealed", |key| self.sealed.get_local(&key).value().is_some()),
        ];
        let nanos = cost::compare(&mut contenders, QUESTIONS);
        self.show(sheet, "hit", &contenders, &nanos);
        sheet.at_most(&format!("PUBLIC hit of {} B against moka", self.size), nanos[3] / nanos[0], 1.2);
        sheet.at_most(
            &format!("sealed hit of {} B against moka and a bare open", self.size),
            nanos[4] / nanos[1],
            1.15,
        );
        nanos[4]
    }

    fn inserts(&self, sheet: &mut Sheet) {
        let keep = Keep::new();
        let mut contenders = [
            self.contender("moka", |key| {
                self.moka.insert(key, self.value.clone());
                true
            }),
            self.contender("moka and a bare seal", |key| {
                self.bare.insert(key, &self.value);
                true
            }),
            self.contender("quick_cache", |key| {
                self.quick.insert(key, self.value.clone());
                true
            }),
            self.contender("PUBLIC", |key| {
                self.public.insert_local(&key, &self.value, &keep);
                true
            }),
            self.contender("sealed", |key| {
                self.sealed.insert_local(&key, &self.value, &keep);
                true
            }),
        ];
        let nanos = cost::compare(&mut contenders, QUESTIONS / 4);
        self.show(sheet, "insert", &contenders, &nanos);
    }

    /// Both threads ask for the same keys in the same order: as much in each other's way as can be.
    fn two_threads(&self, sheet: &mut Sheet) -> Outcome<()> {
        let asks: [(&str, &(dyn Fn(u64) -> bool + Sync)); 5] = [
            ("moka", &|key| self.moka.get(&key).is_some()),
            ("moka and a bare open", &|key| self.bare.get(key).is_some()),
            ("quick_cache", &|key| self.quick.get(&key).is_some()),
            ("PUBLIC", &|key| self.public.get_local(&key).value().is_some()),
            ("sealed", &|key| self.sealed.get_local(&key).value().is_some()),
        ];
        let mut taken = vec![Vec::new(); asks.len()];
        for _ in 0..15 {
            for ((_, ask), taken) in asks.iter().zip(&mut taken) {
                taken.push(both(&self.order, *ask)?);
            }
        }
        let nanos: Vec<f64> = taken.into_iter().map(cost::median).collect();
        let names = asks.iter().map(|(name, _)| *name);
        line(sheet, self.size, "hit, two threads", names, &nanos);
        Ok(())
    }

    fn contender<'a>(&'a self, name: &'static str, does: impl Fn(u64) -> bool + 'a) -> Contender<'a> {
        let mut order = self.order.iter().cycle();
        Contender::new(name, move |pieces| order.by_ref().take(pieces).filter(|key| does(**key)).count())
    }

    fn show(&self, sheet: &mut Sheet, what: &str, contenders: &[Contender<'_>], nanos: &[f64]) {
        line(sheet, self.size, what, contenders.iter().map(|contender| contender.name), nanos);
    }
}

fn line<'a>(sheet: &mut Sheet, size: usize, what: &str, names: impl Iterator<Item = &'a str>, nanos: &[f64]) {
    sheet.section(&format!("{what}, values of {size} B, ns of CPU"));
    for (name, nanos) in names.zip(nanos) {
        sheet.line(format!("  {name:<24} {nanos:>8.0}"));
        sheet.row(json!({"figure": what, "bytes": size, "cache": name, "nanos": nanos}));
    }
}

/// CPU time a question when two threads ask at once.
fn both(order: &[u64], ask: &(dyn Fn(u64) -> bool + Sync)) -> Outcome<f64> {
    let one = || {
        let before = cost::of_thread();
        let found = order.iter().take(QUESTIONS).filter(|key| ask(**key)).count();
        std::hint::black_box(found);
        cost::of_thread().saturating_sub(before).as_secs_f64() * 1e9 / float(QUESTIONS)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(one);
        let mine = one();
        let other = other.join().map_err(|_| "a thread of the benchmark ended")?;
        Ok(f64::midpoint(mine, other))
    })
}

fn moka<V: Clone + Send + Sync + 'static>() -> Moka<V> {
    moka::sync::Cache::builder().max_capacity(ENTRIES * 2).time_to_live(TTL).build()
}

pub(crate) fn cache() -> Outcome<Cache> {
    cache_of(1_024, true)
}

pub(crate) fn cache_of(max_size_mb: u32, compression_enabled: bool) -> Outcome<Cache> {
    let entropy = SystemEntropy::new();
    let keys = Arc::new(Keyring::ephemeral(&entropy)?);
    let config = CacheConfig { max_size_mb, compression_enabled, ..CacheConfig::default() };
    Ok(Cache::new(CacheParts::local(config, Arc::new(SystemClock), keys), &entropy)?)
}

/// Every key once, in no order.
fn shuffled() -> Vec<u64> {
    let mut keys: Vec<u64> = (0..ENTRIES).collect();
    let mut state = 1;
    for at in (1..keys.len()).rev() {
        let other = usize::try_from(next(&mut state) % (at as u64 + 1)).unwrap_or_default();
        keys.swap(at, other);
    }
    keys.iter().copied().cycle().take(QUESTIONS).collect()
}

/// Bytes that do not compress.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = 7;
    (0..size).map(|_| next(&mut state).to_be_bytes()[0]).collect()
}

/// `SplitMix64`: the same numbers in every run.
pub(crate) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
