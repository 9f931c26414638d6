//! How long things take: timers, histograms and their percentiles.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// In how many parts the times between a power of two and the next are told apart: a time is known to half of 1/64.
const PARTS: u64 = 64;
/// Below this each microsecond has a bucket of its own.
const EXACT: u64 = 2 * PARTS;
/// Times are told apart up to 2 to the power of this, in microseconds: more than an hour.
const LARGEST: u32 = 32;
const BUCKETS: usize = 2 * 64 + (32 - 7) * 64;

/// Counts durations in microseconds, without a lock. What it tells of a duration is at most 0.8 % off; its memory is fixed, 14 KiB from
/// the first duration on.
///
/// ```
/// use plexi_core_log::Histogram;
/// use std::time::Duration;
///
/// let histogram = Histogram::default();
/// for millis in 1..=1000 {
///     histogram.record(Duration::from_millis(millis));
/// }
/// let snapshot = histogram.snapshot();
/// assert_eq!(snapshot.count(), 1000);
/// let p99 = snapshot.percentile(99.0).as_secs_f64();
/// assert!((p99 / 0.990 - 1.0).abs() < 0.01, "{p99}");
/// ```
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: OnceLock<Box<[AtomicU64]>>,
    micros: AtomicU64,
    longest: AtomicU64,
}

impl Histogram {
    /// Counts a duration.
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let buckets = self.buckets.get_or_init(|| (0..BUCKETS).map(|_| AtomicU64::new(0)).collect());
        if let Some(bucket) = buckets.get(bucket_of(micros)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.longest.fetch_max(micros, Ordering::Relaxed);
    }

    /// Counts the time until what this returns is dropped.
    pub fn time(&self) -> Timer<'_> {
        Timer { histogram: self, since: Instant::now() }
    }

    /// What was counted so far.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counts = self.buckets.get().map(|buckets| buckets.iter().map(load).collect());
        HistogramSnapshot {
            counts: counts.unwrap_or_default(),
            micros: load(&self.micros),
            longest: load(&self.longest),
        }
    }
}

/// Counts in its histogram how long it lived.
#[derive(Debug)]
#[must_use = "it measures until it is dropped"]
pub struct Timer<'a> {
    histogram: &'a Histogram,
    since: Instant,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.histogram.record(self.since.elapsed());
    }
}

/// What a histogram had counted at some moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramSnapshot {
    counts: Vec<u64>,
    micros: u64,
    longest: u64,
}

impl HistogramSnapshot {
    /// How many durations.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all took together.
    pub fn total(&self) -> Duration {
        Duration::from_micros(self.micros)
    }

    /// The longest of all, exactly.
    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.longest)
    }

    /// The duration that so many per cent did not exceed; zero when there is none.
    pub fn percentile(&self, percent: f64) -> Duration {
        let count = self.count();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank"
        )]
        let rank = ((percent.clamp(0.0, 100.0) / 100.0 * count as f64).ceil() as u64).max(1);
        let mut below = 0;
        for (bucket, counted) in self.counts.iter().enumerate() {
            below += counted;
            if below >= rank {
                let (low, high) = bounds_of(bucket);
                return Duration::from_micros(low.midpoint(high - 1).min(self.longest));
            }
        }
        Duration::ZERO
    }

    /// How many took at most so many microseconds; of those that took about as long, some may be missing.
    pub fn at_most(&self, micros: u64) -> u64 {
        let fits = |bucket: &usize| bounds_of(*bucket).1 - 1 <= micros;
        let last = (0..self.counts.len()).take_while(fits).count();
        self.counts.iter().take(last).sum()
    }

    /// Adds what another one counted.
    pub fn add(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.micros = self.micros.saturating_add(other.micros);
        self.longest = self.longest.max(other.longest);
    }
}

fn bucket_of(micros: u64) -> usize {
    let micros = micros.min((1 << LARGEST) - 1);
    let index = if micros < EXACT {
        micros
    } else {
        let octave = u64::from(micros.ilog2() - EXACT.ilog2());
        // the seven highest bits: which part of which octave
        EXACT + octave * PARTS + (micros >> (octave + 1)) - PARTS
    };
    usize::try_from(index).unwrap_or(BUCKETS - 1)
}

/// From which microsecond on, and below which, a bucket counts.
fn bounds_of(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    if bucket < EXACT {
        return (bucket, bucket + 1);
    }
    let octave = (bucket - EXACT) / PARTS;
    let part = (bucket - EXACT) % PARTS + PARTS;
    (part << (octave + 1), (part + 1) << (octave + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_buckets_leave_no_gap_and_do_not_overlap() {
        let mut next = 0;
        for bucket in 0..BUCKETS {
            let (low, high) = bounds_of(bucket);
            assert_eq!(low, next, "{bucket}");
            assert_eq!((bucket_of(low), bucket_of(high - 1)), (bucket, bucket));
            next = high;
        }
        assert_eq!(next, 1 << LARGEST, "with as many buckets as the other numbers ask for");
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn one_that_counted_nothing_says_so() {
        let snapshot = Histogram::default().snapshot();
        assert_eq!(
            (snapshot.count(), snapshot.percentile(50.0), snapshot.at_most(u64::MAX)),
            (0, Duration::ZERO, 0)
        );
    }

    #[test]
    fn a_timer_counts_once_when_it_ends() {
        let histogram = Histogram::default();
        let timer = histogram.time();
        assert_eq!(histogram.snapshot().count(), 0);
        drop(timer);
        assert_eq!(histogram.snapshot().count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn percentiles_are_at_most_one_per_cent_off(
            mut micros in prop::collection::vec(prop_oneof![0..1_000_u64, 0..4_000_000_000_u64], 1..300),
            percent in prop_oneof![Just(50.0), Just(90.0), Just(99.0), Just(99.9), 0.0..100.0_f64],
        ) {
            let histogram = Histogram::default();
            for one in &micros {
                histogram.record(Duration::from_micros(*one));
            }
            micros.sort_unstable();
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
            let rank = ((percent / 100.0 * micros.len() as f64).ceil() as usize).max(1);
            let exact = micros[rank - 1];
            let told = u64::try_from(histogram.snapshot().percentile(percent).as_micros()).unwrap();
            prop_assert!(told.abs_diff(exact) * 100 <= exact, "{told} for {exact}");
        }

        #[test]
        fn parts_added_are_the_whole(all in prop::collection::vec(0..10_000_000_u64, 0..100), cut in 0..100_usize) {
            let (whole, one, other) = (Histogram::default(), Histogram::default(), Histogram::default());
            for (nth, micros) in all.iter().enumerate() {
                let took = Duration::from_micros(*micros);
                whole.record(took);
                if nth < cut { one.record(took) } else { other.record(took) }
            }
            let mut sum = one.snapshot();
            sum.add(&other.snapshot());
            prop_assert_eq!(sum, whole.snapshot());
        }

        #[test]
        fn how_many_took_at_most_so_long_is_never_too_many_and_only_those_at_the_bound_are_missing(
            all in prop::collection::vec(0..10_000_000_u64, 0..100), bound in 0..10_000_000_u64,
        ) {
            let histogram = Histogram::default();
            for micros in &all {
                histogram.record(Duration::from_micros(*micros));
            }
            let told = histogram.snapshot().at_most(bound);
            let exact = |bound: u64| all.iter().filter(|micros| **micros <= bound).count() as u64;
            prop_assert!(told <= exact(bound) && told >= exact(bound - bound / 50));
        }
    }
}
