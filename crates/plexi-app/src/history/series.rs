//! Which figures are kept, and how each is told from what was collected.

use std::time::Duration;

use plexi_web::{Family, HistoryUnit, Sample, quantile};

/// A figure that is kept.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) unit: HistoryUnit,
    of: Of,
}

/// Which samples of which family count.
struct Pick {
    family: &'static str,
    label: &'static str,
    /// What the label begins with.
    begins: &'static str,
}

/// How it is told.
enum Of {
    /// As it is.
    Now(Pick),
    /// What was added a second.
    Rate(Pick),
    /// Of two counters, what the first added to both.
    Share(Pick, Pick),
    /// The mean of what was timed.
    Mean(Pick),
    /// What 99 % of what was timed did not exceed.
    P99(Pick),
}

const fn all(family: &'static str) -> Pick {
    Pick { family, label: "", begins: "" }
}

const fn only(family: &'static str, label: &'static str, begins: &'static str) -> Pick {
    Pick { family, label, begins }
}

const fn series(name: &'static str, unit: HistoryUnit, of: Of) -> Series {
    Series { name, unit, of }
}

const REQUESTS: &str = "plexi_http_requests_total";
const STEPS: &str = "plexi_message_step_duration_seconds";

/// All of them.
pub(super) const SERIES: [Series; 15] = [
    series("requests", HistoryUnit::PerSecond, Of::Rate(all(REQUESTS))),
    series("refusals", HistoryUnit::PerSecond, Of::Rate(only(REQUESTS, "status", "4"))),
    series("failures", HistoryUnit::PerSecond, Of::Rate(only(REQUESTS, "status", "5"))),
    series("request_p99", HistoryUnit::Seconds, Of::P99(all("plexi_http_request_duration_seconds"))),
    series("messages", HistoryUnit::PerSecond, Of::Rate(only(STEPS, "step", "store"))),
    series("message_stored", HistoryUnit::Seconds, Of::Mean(only(STEPS, "step", "store"))),
    series("connections", HistoryUnit::Count, Of::Now(all("plexi_http_connections"))),
    series("people", HistoryUnit::Count, Of::Now(all("plexi_hub_users"))),
    series("database", HistoryUnit::Seconds, Of::Mean(all("plexi_database_check_duration_seconds"))),
    series(
        "cache_hits",
        HistoryUnit::Share,
        Of::Share(all("plexi_cache_hits_total"), all("plexi_cache_misses_total")),
    ),
    series("processors", HistoryUnit::Processors, Of::Rate(all("process_cpu_seconds_total"))),
    series("memory", HistoryUnit::Bytes, Of::Now(all("process_resident_memory_bytes"))),
    series("disk_free", HistoryUnit::Bytes, Of::Now(all("plexi_data_folder_free_bytes"))),
    series("log_lost", HistoryUnit::PerSecond, Of::Rate(all("plexi_log_lost_total"))),
    series("restarts", HistoryUnit::Count, Of::Now(all("plexi_supervisor_restarts_total"))),
];

/// What was told at a time, as far as a figure needs it.
#[derive(Clone)]
pub(super) struct Reading(Vec<Raw>);

/// Samples of one figure, added up.
#[derive(Clone, Default)]
struct Raw {
    /// Of counters and gauges; how many were timed of histograms. None when nobody told it.
    value: Option<f64>,
    /// The other counter, or how long all took together.
    other: f64,
    /// How many took at most as long as each bound.
    buckets: Vec<(f64, u64)>,
}

impl Reading {
    pub(super) fn of(families: &[Family]) -> Self {
        Self(SERIES.iter().map(|series| series.of.read(families)).collect())
    }

    /// The figures, with those of so long ago.
    pub(super) fn values(&self, before: Option<(Duration, &Self)>) -> [Option<f32>; SERIES.len()] {
        std::array::from_fn(|nth| {
            let (series, now) = (SERIES.get(nth)?, self.0.get(nth)?);
            let before = match before {
                Some((since, reading)) => Some((since, reading.0.get(nth)?)),
                None => None,
            };
            #[expect(clippy::cast_possible_truncation, reason = "seven digits are enough to draw")]
            series.of.tell(now, before).map(|value| value as f32)
        })
    }
}

impl Pick {
    fn samples<'a>(&'a self, families: &'a [Family]) -> impl Iterator<Item = &'a Sample> {
        let family = families.iter().find(|family| family.name == self.family);
        let counts = |sample: &&Sample| {
            self.label.is_empty()
                || sample.labels.get(self.label).is_some_and(|text| text.starts_with(self.begins))
        };
        family.into_iter().flat_map(|family| &family.samples).filter(counts)
    }

    /// The sum of all samples; nothing when the family is not there. A family without samples that count is zero.
    fn sum(&self, families: &[Family]) -> Option<f64> {
        families.iter().find(|family| family.name == self.family)?;
        let values = self.samples(families).filter_map(|sample| sample.value).map(plexi_web::Figure::as_f64);
        // the sum of no floats is -0
        Some(values.fold(0.0, |sum, value| sum + value))
    }

    fn times(&self, families: &[Family]) -> Raw {
        let mut raw = Raw::default();
        for took in self.samples(families).filter_map(|sample| sample.histogram.as_ref()) {
            raw.value = Some(raw.value.unwrap_or_default() + plexi_web::Figure::Whole(took.count).as_f64());
            raw.other += took.sum.as_f64();
            raw.buckets.resize(raw.buckets.len().max(took.buckets.len()), (0.0, 0));
            for (into, bucket) in raw.buckets.iter_mut().zip(&took.buckets) {
                *into = (bucket.bound.as_f64(), into.1 + bucket.count);
            }
        }
        raw
    }

    fn read(&self, families: &[Family]) -> Raw {
        let times = self.times(families);
        if times.value.is_some() { times } else { Raw { value: self.sum(families), ..times } }
    }
}

impl Of {
    fn read(&self, families: &[Family]) -> Raw {
        match self {
            Self::Now(from) | Self::Rate(from) | Self::Mean(from) | Self::P99(from) => from.read(families),
            Self::Share(from, other) => {
                Raw { other: other.sum(families).unwrap_or_default(), ..from.read(families) }
            }
        }
    }

    fn tell(&self, now: &Raw, before: Option<(Duration, &Raw)>) -> Option<f64> {
        let value = now.value?;
        if let Self::Now(_) = self {
            return Some(value);
        }
        let (since, before) = before?;
        let count = value - before.value.unwrap_or_default();
        let other = now.other - before.other;
        match self {
            Self::Now(_) => Some(value),
            Self::Rate(_) => Some(count.max(0.0) / since.as_secs_f64()).filter(|rate| rate.is_finite()),
            Self::Share(..) => Some(count / (count + other)).filter(|share| (0.0..=1.0).contains(share)),
            Self::Mean(_) => Some(other / count).filter(|mean| mean.is_finite() && *mean >= 0.0),
            Self::P99(_) => {
                let earlier = |nth: usize| before.buckets.get(nth).map_or(0, |(_, count)| *count);
                let more = |(nth, (bound, count)): (usize, &(f64, u64))| {
                    (*bound, count.saturating_sub(earlier(nth)))
                };
                let buckets: Vec<(f64, u64)> = now.buckets.iter().enumerate().map(more).collect();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count again")]
                quantile(&buckets, count.max(0.0) as u64, 0.99)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use plexi_web::Exposition;

    use super::*;

    fn told(name: &str, before: &Exposition, now: &Exposition) -> Option<f32> {
        let nth = SERIES.iter().position(|series| series.name == name).unwrap();
        let before = Reading::of(before.families());
        Reading::of(now.families()).values(Some((Duration::from_secs(10), &before)))[nth]
    }

    fn of(write: impl FnOnce(&mut Exposition)) -> Exposition {
        let mut told = Exposition::default();
        write(&mut told);
        told
    }

    #[test]
    fn each_has_a_name_of_its_own() {
        let names: HashSet<&str> = SERIES.iter().map(|series| series.name).collect();
        assert_eq!(names.len(), SERIES.len());
    }

    #[test]
    fn times_are_those_since_the_last_look_of_all_that_is_timed() {
        let took = |into: &mut Exposition, operation: &str, (quick, all): (u64, u64), micros: u64| {
            let buckets = [(1_000, quick), (2_000, all)];
            let labels = [("operation", operation)];
            into.histogram("plexi_http_request_duration_seconds", "", &labels, &buckets, (all, micros));
        };
        let before = of(|into| took(into, "users.me", (0, 1_000), 0));
        let now = of(|into| {
            took(into, "users.me", (50, 1_050), 0);
            took(into, "search", (50, 50), 0);
        });
        assert_eq!(told("request_p99", &before, &now), Some(0.000_99), "none of the slow ones is of late");
        assert_eq!(told("request_p99", &now, &now), None, "nothing was asked");

        let store = |count: u64, micros: u64| {
            of(|into| {
                for (step, count) in [("store", count), ("index", 7)] {
                    let labels = [("step", step)];
                    into.histogram(STEPS, "", &labels, &[(1_000_000, count)], (count, micros));
                }
            })
        };
        assert_eq!(told("message_stored", &store(10, 1_000_000), &store(14, 1_020_000)), Some(0.005));
        assert_eq!(told("messages", &store(10, 0), &store(14, 0)), Some(0.4));
    }

    #[test]
    fn what_did_not_happen_is_nothing_and_not_less() {
        let asked = of(|into| into.counter(REQUESTS, "", &[("status", "200")], 7));
        let failures = told("failures", &asked, &asked).unwrap();
        assert_eq!(failures.to_bits(), 0, "{failures}");
    }

    #[test]
    fn a_share_is_of_what_was_counted_since_and_nothing_of_nothing() {
        let asked = |hits: u64, misses: u64| {
            of(|into| {
                into.counter("plexi_cache_hits_total", "", &[("namespace", "a")], hits);
                into.counter("plexi_cache_hits_total", "", &[("namespace", "b")], 5);
                into.counter("plexi_cache_misses_total", "", &[("namespace", "a")], misses);
            })
        };
        assert_eq!(told("cache_hits", &asked(100, 100), &asked(103, 101)), Some(0.75));
        assert_eq!(told("cache_hits", &asked(100, 100), &asked(100, 100)), None);
    }
}
