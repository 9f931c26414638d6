//! How often each cache has what it is asked for, of the same size, on the same questions.

use bytes::Bytes;
use plexi_cache::{Codec, Keep, SecurityLevel};
use serde_json::json;

use super::Sheet;
use super::memory::{cache_of, next};
use crate::Outcome;
use crate::cost::float;

const QUESTIONS: usize = 600_000;
const KEYS: usize = 100_000;

pub(crate) fn measure(sheet: &mut Sheet) -> Outcome<()> {
    sheet
        .section("hit ratio in per cent, moka / moka bounded by weight, as here / quick_cache / plexi-cache");
    for (name, trace) in
        [("Zipf 0.9", zipf(0.9)), ("Zipf 1.1", zipf(1.1)), ("Zipf 0.9 among scans", scans(&zipf(0.9)))]
    {
        for mib in [1, 4] {
            let (ours, room) = ours(mib, &trace)?;
            let of = |moka: moka::sync::Cache<u64, ()>| {
                ratio(&trace, |key| moka.get(&key).is_some(), |key| moka.insert(key, ()))
            };
            let of_moka = of(moka::sync::Cache::new(room as u64));
            let weighed = moka::sync::Cache::builder().max_capacity(room as u64 * 350).weigher(|_, ()| 350);
            let of_weighed = of(weighed.build());
            let quick = quick_cache::sync::Cache::new(room);
            let of_quick = ratio(&trace, |key| quick.get(&key).is_some(), |key| quick.insert(key, ()));
            sheet.line(format!(
                "  {name:<22} {room:>6} of {KEYS} keys   {of_moka:>5.1} / {of_weighed:>5.1} / {of_quick:>5.1} / {ours:>5.1}"
            ));
            sheet.row(json!({
                "figure": "hit ratio", "trace": name, "entries": room, "moka": of_moka, "moka_by_weight": of_weighed, "quick_cache": of_quick, "plexi_cache": ours,
            }));
        }
    }
    Ok(())
}

/// The hit ratio of ours with so much memory, and how many entries fit into that.
fn ours(mib: u32, trace: &[u64]) -> Outcome<(f64, usize)> {
    let cache = cache_of(mib, false)?;
    let values = cache
        .namespace("values")
        .level(SecurityLevel::Public)
        .share(100)
        .build::<u64, Bytes>(Codec::in_memory(Bytes::len))?;
    values.insert_local(&u64::MAX, &Bytes::new(), &Keep::new());
    let each = values.stats().weight.max(1);
    values.invalidate_local(&u64::MAX);
    let room = usize::try_from((u64::from(mib) << 20) / each)?;
    let keep = Keep::new();
    let found = ratio(
        trace,
        |key| values.get_local(&key).value().is_some(),
        |key| values.insert_local(&key, &Bytes::new(), &keep),
    );
    Ok((found, room))
}

fn ratio(trace: &[u64], known: impl Fn(u64) -> bool, learn: impl Fn(u64)) -> f64 {
    let mut hits = 0;
    for key in trace {
        if known(*key) {
            hits += 1;
        } else {
            learn(*key);
        }
    }
    float(hits) * 100.0 / float(trace.len())
}

/// Keys by a power law: the first are asked for most.
fn zipf(exponent: f64) -> Vec<u64> {
    let mut total = 0.0;
    let sums: Vec<f64> = (1..=KEYS)
        .map(|rank| {
            total += float(rank).powf(-exponent);
            total
        })
        .collect();
    let mut state = 5;
    #[expect(clippy::cast_precision_loss, reason = "chance needs no exact bits")]
    let mut chance = || next(&mut state) as f64 / u64::MAX as f64 * total;
    let mut question = || {
        let drawn = chance();
        sums.partition_point(|sum| *sum < drawn) as u64
    };
    (0..QUESTIONS).map(|_| question()).collect()
}

/// The same questions, and after every 10,000 of them 20,000 keys one after the other that are never asked for again.
fn scans(trace: &[u64]) -> Vec<u64> {
    let mut fresh = KEYS as u64..;
    let mut mixed = Vec::with_capacity(trace.len() * 3);
    for part in trace.chunks(10_000) {
        mixed.extend_from_slice(part);
        mixed.extend(fresh.by_ref().take(20_000));
    }
    mixed
}
