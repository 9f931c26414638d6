//! Each algorithm against a model that is slow and simple.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plexi_ratelimit::{Algorithm, Cost, Key, Rule};
use proptest::prelude::*;

use crate::{MINUTE, SECOND, World};

fn one(algorithm: Algorithm, quota: u64, window: Duration) -> World {
    World::new(vec![Rule::new("one", Key::GLOBAL, quota, window).algorithm(algorithm)])
}

#[test]
fn a_bucket_fills_evenly() {
    let world = one(Algorithm::TokenBucket, 60, MINUTE);
    let ada = world.from(1);
    assert_eq!(world.admitted(&ada, 100), 60, "a burst of all of it");
    world.pass(Duration::from_millis(999));
    assert!(!world.admits(&ada));
    world.pass(Duration::from_millis(2));
    assert_eq!(world.admitted(&ada, 10), 1);
    world.pass(SECOND * 30);
    assert_eq!(world.admitted(&ada, 100), 30);
    world.pass(MINUTE * 1_000);
    assert_eq!(world.admitted(&ada, 100), 60, "never more than all of it");
}

#[test]
fn a_fixed_window_begins_anew() {
    let world = one(Algorithm::FixedWindow, 5, SECOND * 10);
    let ada = world.from(1);
    assert_eq!(world.admitted(&ada, 9), 5);
    let wait = world.ask(&ada, Cost::ONE).retry_after().unwrap();
    world.pass(wait.saturating_sub(Duration::from_micros(1)));
    assert!(!world.admits(&ada));
    world.pass(Duration::from_micros(1));
    assert_eq!(world.admitted(&ada, 9), 5);
}

#[test]
fn an_exact_window_knows_when_each_was() {
    let world = one(Algorithm::ExactWindow, 3, SECOND * 10);
    let ada = world.from(1);
    for _ in 0..3 {
        assert!(world.admits(&ada));
        world.pass(SECOND);
    }
    assert_eq!(world.ask(&ada, Cost::ONE).retry_after(), Some(SECOND * 7));
    assert_eq!(world.ask(&ada, Cost::requests(2)).retry_after(), Some(SECOND * 8));
    assert_eq!(world.ask(&ada, Cost::requests(4)).retry_after(), None);
    world.pass(SECOND * 7);
    assert_eq!(world.admitted(&ada, 5), 1);
}

#[test]
fn a_sliding_window_counts_what_came_before_as_spread_evenly() {
    let world = one(Algorithm::SlidingWindow, 100, SECOND * 10);
    let ada = world.from(1);
    // traffic that is even, at ten times what is allowed
    let mut admitted = Vec::new();
    for _ in 0..600 {
        admitted.push(world.admitted(&ada, 10));
        world.pass(Duration::from_millis(100));
    }
    let settled = &admitted[200..];
    for window in settled.windows(100) {
        let sum: usize = window.iter().sum();
        assert!((99..=101).contains(&sum), "{sum} in ten seconds");
    }
}

/// What was admitted when, of which any stretch of a window must hold at most the quota.
fn most_in_any_window(admitted: &[(u64, u64)], window: u64) -> u64 {
    let sum = |from: u64| {
        admitted.iter().filter(|(at, _)| (from..from + window).contains(at)).map(|(_, cost)| cost).sum()
    };
    admitted.iter().map(|(at, _)| sum(*at)).max().unwrap_or(0)
}

fn steps() -> impl Strategy<Value = Vec<(u64, u64)>> {
    // after how many microseconds, at which cost
    prop::collection::vec((prop_oneof![Just(0), 1..2_000_000_u64, 1..60_000_000_u64], 1..4_u64), 1..200)
}

const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::TokenBucket, Algorithm::SlidingWindow, Algorithm::FixedWindow, Algorithm::ExactWindow];

proptest! {
    #[test]
    fn a_bucket_admits_what_the_model_admits(quota in 3..16_u64, window_ms in 1_000..60_000_u64, steps in steps()) {
        let world = one(Algorithm::TokenBucket, quota, Duration::from_millis(window_ms));
        let ada = world.from(1);
        let window = window_ms * 1_000;
        // in parts of which the quota is full * window, so that nothing has to be rounded
        let full = u128::from(quota) * u128::from(window);
        let mut used = 0_u128;
        for (after, cost) in steps {
            world.pass(Duration::from_micros(after));
            used = used.saturating_sub(u128::from(after) * u128::from(quota));
            let wanted = u128::from(cost) * u128::from(window);
            let fits = used + wanted <= full;
            let decision = world.ask(&ada, Cost::requests(cost));
            // where the two differ by less than a millionth of a token both are right
            let near = (used + wanted).abs_diff(full) <= u128::from(window) * 200 / 1_000_000 + 1;
            prop_assert!(decision.is_admitted() == fits || near, "used {used} of {full}, wanted {wanted}");
            if decision.is_admitted() {
                used += wanted;
            }
        }
    }

    #[test]
    fn an_exact_window_never_holds_more_than_the_quota_and_refuses_nothing_that_fits(
        quota in 1..16_u64, window_ms in 1..60_000_u64, steps in steps(),
    ) {
        let world = one(Algorithm::ExactWindow, quota, Duration::from_millis(window_ms));
        let ada = world.from(1);
        let window = window_ms * 1_000;
        let (mut now, mut admitted) = (1_000_000_000_u64, Vec::new());
        for (after, cost) in steps {
            world.pass(Duration::from_micros(after));
            now += after;
            let counted: u64 = admitted.iter().filter(|(at, _)| at + window > now).map(|(_, cost)| cost).sum();
            let decision = world.ask(&ada, Cost::requests(cost));
            prop_assert_eq!(decision.is_admitted(), counted + cost <= quota);
            if decision.is_admitted() {
                admitted.push((now, cost));
            }
        }
        prop_assert!(most_in_any_window(&admitted, window) <= quota);
    }

    #[test]
    fn windows_never_admit_more_than_twice_the_quota_in_any_stretch(
        sliding: bool, quota in 3..16_u64, window_ms in 1..60_000_u64, steps in steps(),
    ) {
        let algorithm = if sliding { Algorithm::SlidingWindow } else { Algorithm::FixedWindow };
        let world = one(algorithm, quota, Duration::from_millis(window_ms));
        let ada = world.from(1);
        let (mut now, mut admitted) = (1_000_000_000_u64, Vec::new());
        for (after, cost) in steps {
            world.pass(Duration::from_micros(after));
            now += after;
            if world.ask(&ada, Cost::requests(cost)).is_admitted() {
                admitted.push((now, cost));
            }
        }
        prop_assert!(most_in_any_window(&admitted, window_ms * 1_000) <= 2 * quota);
    }

    #[test]
    fn a_wait_is_never_too_short_and_not_too_long(
        at in 0..4_usize, quota in 3..16_u64, window_ms in 10..60_000_u64, steps in steps(),
    ) {
        let world = one(ALGORITHMS[at], quota, Duration::from_millis(window_ms));
        let ada = world.from(1);
        for (after, cost) in steps {
            world.pass(Duration::from_micros(after));
            let decision = world.ask(&ada, Cost::requests(cost));
            if decision.is_admitted() {
                continue;
            }
            let wait = decision.retry_after().unwrap();
            prop_assert!(wait <= Duration::from_millis(window_ms) * 2, "{wait:?}");
            // a little before it is still refused: a bucket counts in millionths of tokens
            let millionth = window_ms * 1_000 / (quota * 1_000_000);
            let early = Duration::from_micros(3 + 2 * millionth);
            world.pass(wait.saturating_sub(early));
            let early = early.min(wait);
            if early < wait {
                prop_assert!(!world.limiter.look(world.scope, plexi_ratelimit::Stage::Before, &ada, Cost::requests(cost)).is_admitted());
            }
            world.pass(early);
            prop_assert!(world.ask(&ada, Cost::requests(cost)).is_admitted(), "after the wait it is admitted");
        }
    }

    #[test]
    fn quotas_of_all_sizes_are_reckoned_without_overflow(
        at in 0..3_usize, quota in 1..=1_000_000_000_000_u64, window_us in 1_000..2_678_400_000_000_u64, steps in steps(),
    ) {
        let world = one(ALGORITHMS[at], quota, Duration::from_micros(window_us));
        let ada = world.from(1);
        for (after, cost) in steps {
            world.pass(Duration::from_micros(after));
            let decision = world.ask(&ada, Cost::requests(cost.saturating_mul(quota / 3 + 1)));
            let quota_now = decision.quotas().next().unwrap();
            prop_assert!(quota_now.remaining <= quota);
        }
    }
}

#[test]
fn however_many_threads_ask_so_many_are_admitted_as_the_rules_say() {
    for algorithm in ALGORITHMS {
        let world = World::new(vec![
            Rule::new("all", Key::GLOBAL, 5_000, MINUTE),
            Rule::new("one", Key::of(plexi_ratelimit::Part::Address), 16, MINUTE).algorithm(algorithm),
        ]);
        let admitted: Vec<AtomicU64> = (0..64).map(|_| AtomicU64::new(0)).collect();
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let (world, admitted) = (&world, &admitted);
                threads.spawn(move || {
                    for round in 0..64 * 40 {
                        let at = (round + thread * 17) % 64;
                        if world.admits(&world.from(u8::try_from(at).unwrap())) {
                            admitted[at].fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let counts: Vec<u64> = admitted.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        assert_eq!(counts, [16; 64], "{algorithm:?}");
        let all = world.limiter.stats().into_iter().find(|stats| stats.name == "all").unwrap();
        assert_eq!((all.admitted, all.refused), (64 * 16, 0), "{algorithm:?}");
    }
}

#[test]
fn what_is_under_way_is_exact_with_many_threads() {
    let world = World::new(vec![Rule::concurrent("one", Key::GLOBAL, 3)]);
    let (under_way, most) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..2_000 {
                    let decision = world.ask(&world.from(1), Cost::ONE);
                    if decision.is_admitted() {
                        let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        under_way.fetch_sub(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    let permits: Vec<_> = (0..3).map(|_| world.ask(&world.from(1), Cost::ONE)).collect();
    assert!(permits.iter().all(plexi_ratelimit::Decision::is_admitted), "all places are free again");
}
