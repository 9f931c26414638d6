//! Figures with their names, as they are handed on: in the Prometheus text format, as JSON, and to whoever keeps or sends them.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use plexi_core_log::HistogramSnapshot;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// Upper bounds of histograms of durations, in microseconds.
const BOUNDS: [u64; 12] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000];

/// Writes metrics of its own, such as those of the database pool.
pub trait MetricSource: Send + Sync + 'static {
    /// Adds figures.
    fn collect(&self, into: &mut Exposition);
}

/// What figures of one name are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "MetricKind")]
pub enum FamilyKind {
    /// Only grows, until the next start.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How long things took.
    Histogram,
}

impl FamilyKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A figure, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// A count, or a size in bytes.
    Whole(u64),
    /// Seconds, in microseconds.
    Micros(u64),
}

impl Figure {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time, and never less than none"
    )]
    fn seconds(seconds: f64) -> Self {
        Self::Micros((seconds * 1e6).round() as u64)
    }

    /// As a number, seconds for a time.
    #[expect(clippy::cast_precision_loss, reason = "a float has 15 digits, figures are read with fewer")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Whole(count) => count as f64,
            Self::Micros(micros) => micros as f64 / 1e6,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(count) => write!(f, "{count}"),
            Self::Micros(micros) => {
                let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
                f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(count) => serializer.serialize_u64(*count),
            Self::Micros(_) => serializer.serialize_f64(self.as_f64()),
        }
    }
}

/// How many took at most so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "MetricBucket")]
pub struct Bucket {
    /// The bound, in seconds.
    #[serde(rename = "le")]
    #[schemars(with = "f64")]
    pub bound: Figure,
    /// How many, those of lower bounds among them.
    pub count: u64,
}

/// How long things took.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "MetricHistogram")]
pub struct Durations {
    /// How many were counted, those beyond the last bound too.
    pub count: u64,
    /// All together, in seconds.
    #[schemars(with = "f64")]
    pub sum: Figure,
    /// What half of them did not exceed, in seconds, as far as the bounds tell; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub p50: Option<Figure>,
    /// What 99 % of them did not exceed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub p99: Option<Figure>,
    /// By bounds, which rise.
    pub buckets: Vec<Bucket>,
}

impl Durations {
    fn new(buckets: Vec<Bucket>, count: u64, sum: Figure) -> Self {
        let counts: Vec<(f64, u64)> =
            buckets.iter().map(|bucket| (bucket.bound.as_f64(), bucket.count)).collect();
        let part = |part: f64| quantile(&counts, count, part).map(Figure::seconds);
        let (p50, p99) = (part(0.5), part(0.99));
        Self { count, sum, p50, p99, buckets }
    }
}

/// What this part (0 to 1) of `count` did not exceed. Of each bound (rising) it is known how many did not exceed it; between two
/// bounds all are taken to be spread evenly, and whatever exceeds the last is taken for the last. None when there is nothing.
pub fn quantile(buckets: &[(f64, u64)], count: u64, part: f64) -> Option<f64> {
    if count == 0 {
        return None;
    }
    let as_float = |count: u64| Figure::Whole(count).as_f64();
    let rank = part.clamp(0.0, 1.0) * as_float(count);
    let (mut low, mut before) = (0.0, 0);
    for &(high, below) in buckets {
        if as_float(below) >= rank && below > before {
            return Some(low + (high - low) * (rank - as_float(before)) / as_float(below - before));
        }
        (low, before) = (high, below);
    }
    Some(low)
}

/// A figure and what it is of.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "MetricSample")]
pub struct Sample {
    /// What it is of.
    pub labels: BTreeMap<String, String>,
    /// The figure, unless it is a histogram.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub value: Option<Figure>,
    /// The histogram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Durations>,
}

/// Figures of one name.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Metric")]
pub struct Family {
    /// Its name, with the unit at its end.
    pub name: String,
    /// What it is.
    pub kind: FamilyKind,
    /// What it says.
    pub help: String,
    /// One figure for each set of labels.
    pub samples: Vec<Sample>,
}

/// Figures that are collected. They may come in any order: those of one name stand together.
#[derive(Debug, Default)]
pub struct Exposition {
    /// In the order they came.
    families: Vec<Family>,
}

impl Exposition {
    /// Adds a gauge: something that goes up and down. Names are `plexi_...` of `a-z_`, label values plain words.
    pub fn gauge(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: u64) {
        self.sample(name, FamilyKind::Gauge, help, labels, Some(Figure::Whole(value)), None);
    }

    /// Adds a gauge of a time; the name ends in `_seconds`.
    pub fn gauge_micros(&mut self, name: &str, help: &str, labels: &[(&str, &str)], micros: u64) {
        self.sample(name, FamilyKind::Gauge, help, labels, Some(Figure::Micros(micros)), None);
    }

    /// Adds a counter: something that only grows; the name ends in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: u64) {
        self.sample(name, FamilyKind::Counter, help, labels, Some(Figure::Whole(value)), None);
    }

    /// Adds a counter of time; the name ends in `_seconds_total`.
    pub fn counter_micros(&mut self, name: &str, help: &str, labels: &[(&str, &str)], micros: u64) {
        self.sample(name, FamilyKind::Counter, help, labels, Some(Figure::Micros(micros)), None);
    }

    /// Adds a histogram of durations; the name ends in `_seconds`. Of each bound (in microseconds, rising) `below` says how many took
    /// at most as long; all were `count` and took `micros` together.
    pub fn histogram(
        &mut self,
        name: &str,
        help: &str,
        labels: &[(&str, &str)],
        buckets: &[(u64, u64)],
        (count, micros): (u64, u64),
    ) {
        // Counted one after the other while others count: what is in a bucket is in the count.
        let count = count.max(buckets.last().map_or(0, |(_, below)| *below));
        let buckets = buckets
            .iter()
            .map(|(bound, below)| Bucket { bound: Figure::Micros(*bound), count: *below })
            .collect();
        let took = Durations::new(buckets, count, Figure::Micros(micros));
        self.sample(name, FamilyKind::Histogram, help, labels, None, Some(took));
    }

    /// Adds a histogram of durations that were counted more finely; the name ends in `_seconds`.
    pub fn durations(&mut self, name: &str, help: &str, labels: &[(&str, &str)], took: &HistogramSnapshot) {
        self.durations_by(&BOUNDS, name, help, labels, took);
    }

    /// The same with these bounds, which rise, in microseconds.
    pub(crate) fn durations_by(
        &mut self,
        bounds: &[u64],
        name: &str,
        help: &str,
        labels: &[(&str, &str)],
        took: &HistogramSnapshot,
    ) {
        let buckets: Vec<(u64, u64)> = bounds.iter().map(|bound| (*bound, took.at_most(*bound))).collect();
        let micros = u64::try_from(took.total().as_micros()).unwrap_or(u64::MAX);
        self.histogram(name, help, labels, &buckets, (took.count(), micros));
    }

    /// Adds percentiles of durations, at most 1 % off; the name ends in `_seconds`.
    pub fn percentiles(&mut self, name: &str, help: &str, labels: &[(&str, &str)], took: &HistogramSnapshot) {
        for (quantile, percent) in [("0.5", 50.0), ("0.9", 90.0), ("0.99", 99.0), ("0.999", 99.9)] {
            let micros = u64::try_from(took.percentile(percent).as_micros()).unwrap_or(u64::MAX);
            let labels = [labels, &[("quantile", quantile)]].concat();
            self.gauge_micros(name, help, &labels, micros);
        }
    }

    /// What was collected.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// What was collected.
    pub fn into_families(self) -> Vec<Family> {
        self.families
    }

    /// What was collected, in the Prometheus text format.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for family in &self.families {
            family.write(&mut text);
        }
        text
    }

    fn sample(
        &mut self,
        name: &str,
        kind: FamilyKind,
        help: &str,
        labels: &[(&str, &str)],
        value: Option<Figure>,
        histogram: Option<Durations>,
    ) {
        // most often it is the one that came last
        let at = self.families.iter().rposition(|known| known.name == name).unwrap_or_else(|| {
            let samples = Vec::new();
            self.families.push(Family { name: name.to_owned(), kind, help: help.to_owned(), samples });
            self.families.len() - 1
        });
        let Some(family) = self.families.get_mut(at) else { return };
        let labels = labels.iter().map(|(label, text)| ((*label).to_owned(), (*text).to_owned())).collect();
        family.samples.push(Sample { labels, value, histogram });
    }
}

impl Family {
    fn write(&self, out: &mut String) {
        let Self { name, kind, help, samples } = self;
        // infallible: writing to a String
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str());
        for Sample { labels, value, histogram } in samples {
            if let Some(value) = value {
                line(out, name, "", labels, None, value);
            }
            let Some(took) = histogram else { continue };
            let count = Figure::Whole(took.count);
            for Bucket { bound, count } in &took.buckets {
                line(out, name, "_bucket", labels, Some(&bound.to_string()), &Figure::Whole(*count));
            }
            line(out, name, "_bucket", labels, Some("+Inf"), &count);
            line(out, name, "_sum", labels, None, &took.sum);
            line(out, name, "_count", labels, None, &count);
        }
    }
}

fn line(
    out: &mut String,
    name: &str,
    suffix: &str,
    labels: &BTreeMap<String, String>,
    bound: Option<&str>,
    value: &Figure,
) {
    out.push_str(name);
    out.push_str(suffix);
    let labels = labels.iter().map(|(label, text)| (label.as_str(), text.as_str()));
    let mut open = '{';
    for (label, text) in labels.chain(bound.map(|bound| ("le", bound))) {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        // infallible: writing to a String
        let _ = write!(out, "{open}{label}=\"{escaped}\"");
        open = ',';
    }
    if open == ',' {
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_of_one_name_stand_together_in_whatever_order_they_come() {
        let mut told = Exposition::default();
        for part in ["hub", "listener"] {
            told.gauge("plexi_a", "First.", &[("part", part)], 1);
            told.counter("plexi_b_total", "Second.", &[("part", part)], 2);
        }
        let expected = "# HELP plexi_a First.\n# TYPE plexi_a gauge\n\
            plexi_a{part=\"hub\"} 1\nplexi_a{part=\"listener\"} 1\n\
            # HELP plexi_b_total Second.\n# TYPE plexi_b_total counter\n\
            plexi_b_total{part=\"hub\"} 2\nplexi_b_total{part=\"listener\"} 2\n";
        assert_eq!(told.to_text(), expected);
    }

    #[test]
    fn a_histogram_is_text_and_json_of_the_same_figures() {
        let mut told = Exposition::default();
        let buckets = [(1_000, 1), (10_000, 3)];
        told.histogram("plexi_a_seconds", "Taken.", &[("of", "a\"b")], &buckets, (4, 60_000_700));
        let expected = "# HELP plexi_a_seconds Taken.\n# TYPE plexi_a_seconds histogram\n\
            plexi_a_seconds_bucket{of=\"a\\\"b\",le=\"0.001\"} 1\n\
            plexi_a_seconds_bucket{of=\"a\\\"b\",le=\"0.01\"} 3\n\
            plexi_a_seconds_bucket{of=\"a\\\"b\",le=\"+Inf\"} 4\n\
            plexi_a_seconds_sum{of=\"a\\\"b\"} 60.0007\n\
            plexi_a_seconds_count{of=\"a\\\"b\"} 4\n";
        assert_eq!(told.to_text(), expected);
        let expected = json!([{
            "name": "plexi_a_seconds", "kind": "histogram", "help": "Taken.",
            "samples": [{ "labels": { "of": "a\"b" }, "histogram": {
                "count": 4, "sum": 60.0007, "p50": 0.0055, "p99": 0.01,
                "buckets": [{ "le": 0.001, "count": 1 }, { "le": 0.01, "count": 3 }],
            }}],
        }]);
        assert_eq!(serde_json::to_value(told.families()).unwrap(), expected);
    }

    #[test]
    fn times_are_told_to_the_microsecond() {
        for (micros, text) in [(0, "0"), (1, "0.000001"), (1_500_000, "1.5"), (20_000_000, "20")] {
            assert_eq!(Figure::Micros(micros).to_string(), text);
        }
    }

    #[test]
    fn of_nothing_there_is_no_quantile_and_beyond_the_last_bound_it_is_the_bound() {
        assert_eq!(quantile(&[(1.0, 0)], 0, 0.5), None);
        assert_eq!(quantile(&[(1.0, 0), (2.0, 0)], 3, 0.5), Some(2.0));
        assert_eq!(quantile(&[], 3, 0.5), Some(0.0));
    }

    proptest! {
        #[test]
        fn a_quantile_lies_between_the_bounds_that_the_true_one_lies_between(
            mut values in prop::collection::vec(0..1_000_u64, 1..100),
            part in 0.01..1.0_f64,
        ) {
            values.sort_unstable();
            let bounds = [10_u64, 50, 100, 500, 1_000];
            let below = |bound: u64| values.iter().filter(|value| **value <= bound).count() as u64;
            let buckets: Vec<(f64, u64)> =
                bounds.iter().map(|bound| (Figure::Whole(*bound).as_f64(), below(*bound))).collect();
            let told = quantile(&buckets, values.len() as u64, part).unwrap();
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
            let rank = ((part * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1];
            let high = *bounds.iter().find(|bound| exact <= **bound).unwrap();
            let low = bounds.iter().rev().find(|bound| exact > **bound).copied().unwrap_or_default();
            prop_assert!(told >= Figure::Whole(low).as_f64() && told <= Figure::Whole(high).as_f64(), "{told} for {exact}");
        }
    }
}
