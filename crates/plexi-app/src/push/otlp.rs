//! Figures as OTLP has them (`ExportMetricsServiceRequest` in the JSON encoding of protobuf).

use plexi_core::Timestamp;
use plexi_web::{Durations, Family, FamilyKind, Figure, Sample};
use serde_json::{Value, json};

/// Sums since the start, not since the last push.
const CUMULATIVE: u8 = 2;

/// The request that hands figures over.
pub(super) fn request(version: &str, families: &[Family], since: Timestamp, now: Timestamp) -> Value {
    let span = Span { since, now };
    let metrics: Vec<Value> = families.iter().map(|family| span.metric(family)).collect();
    json!({ "resourceMetrics": [{
        "resource": { "attributes": [
            attribute("service.name", "plexi-server"), attribute("service.version", version),
        ]},
        "scopeMetrics": [{
            "scope": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            "metrics": metrics,
        }],
    }]})
}

/// How many figures the answer says were refused.
pub(super) fn rejected(answer: &str) -> u64 {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let count = &answer["partialSuccess"]["rejectedDataPoints"];
    count.as_u64().or_else(|| count.as_str()?.parse().ok()).unwrap_or_default()
}

/// The time that figures tell of.
struct Span {
    since: Timestamp,
    now: Timestamp,
}

impl Span {
    fn metric(&self, family: &Family) -> Value {
        let points: Vec<Value> = family.samples.iter().map(|sample| self.point(sample)).collect();
        let data = match family.kind {
            FamilyKind::Gauge => ("gauge", json!({ "dataPoints": points })),
            FamilyKind::Counter => (
                "sum",
                json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": true }),
            ),
            FamilyKind::Histogram => {
                ("histogram", json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE }))
            }
        };
        let mut metric =
            json!({ "name": family.name, "description": family.help, "unit": unit_of(&family.name) });
        metric[data.0] = data.1;
        metric
    }

    fn point(&self, sample: &Sample) -> Value {
        // 64-bit numbers are texts in this encoding
        let nanos = |at: Timestamp| at.as_micros().saturating_mul(1_000).to_string();
        let attributes: Vec<Value> =
            sample.labels.iter().map(|(name, value)| attribute(name, value)).collect();
        let mut point = json!({
            "attributes": attributes, "startTimeUnixNano": nanos(self.since), "timeUnixNano": nanos(self.now),
        });
        match (sample.value, &sample.histogram) {
            (Some(Figure::Whole(count)), _) => point["asInt"] = Value::from(count.to_string()),
            (Some(micros @ Figure::Micros(_)), _) => point["asDouble"] = Value::from(micros.as_f64()),
            (None, Some(took)) => durations(took, &mut point),
            (None, None) => {}
        }
        point
    }
}

fn durations(took: &Durations, point: &mut Value) {
    let mut counts = Vec::new();
    let mut below = 0;
    for bucket in &took.buckets {
        counts.push(bucket.count.saturating_sub(below).to_string());
        below = bucket.count.max(below);
    }
    counts.push(took.count.saturating_sub(below).to_string());
    let bounds: Vec<f64> = took.buckets.iter().map(|bucket| bucket.bound.as_f64()).collect();
    point["count"] = Value::from(took.count.to_string());
    point["sum"] = Value::from(took.sum.as_f64());
    point["bucketCounts"] = Value::from(counts);
    point["explicitBounds"] = Value::from(bounds);
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn unit_of(name: &str) -> &'static str {
    let name = name.strip_suffix("_total").unwrap_or(name);
    if name.ends_with("_seconds") {
        "s"
    } else if name.ends_with("_bytes") {
        "By"
    } else {
        "1"
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
    use plexi_web::Exposition;

    use super::*;

    #[test]
    fn what_is_sent_is_what_the_schema_says() {
        let mut told = Exposition::default();
        told.gauge("plexi_hub_users", "Users.", &[], u64::MAX >> 1);
        told.counter_micros("process_cpu_seconds_total", "Time.", &[], 1_500_000);
        let buckets = [(1_000, 2), (1_000_000, 3)];
        told.histogram("plexi_a_seconds", "Taken.", &[("of", "a")], &buckets, (4, 60_000_700));
        let (since, now) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
        let sent = request("1.2.3", told.families(), since, now);
        let read: ExportMetricsServiceRequest = serde_json::from_value(sent).unwrap();

        let metrics = &read.resource_metrics[0].scope_metrics[0].metrics;
        let units: Vec<(&str, &str)> =
            metrics.iter().map(|metric| (metric.name.as_str(), metric.unit.as_str())).collect();
        assert_eq!(
            units,
            [("plexi_hub_users", "1"), ("process_cpu_seconds_total", "s"), ("plexi_a_seconds", "s")]
        );
        let Some(Data::Gauge(gauge)) = &metrics[0].data else { panic!("{metrics:?}") };
        assert_eq!(gauge.data_points[0].value, Some(Number::AsInt(i64::MAX)));
        let Some(Data::Sum(sum)) = &metrics[1].data else { panic!("{metrics:?}") };
        assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
        let point = &sum.data_points[0];
        assert_eq!((&point.value, point.start_time_unix_nano), (&Some(Number::AsDouble(1.5)), 1_000_000_000));
        let Some(Data::Histogram(took)) = &metrics[2].data else { panic!("{metrics:?}") };
        let point = &took.data_points[0];
        assert_eq!((point.count, point.sum), (4, Some(60.0007)));
        assert_eq!((&*point.bucket_counts, &*point.explicit_bounds), (&[2, 1, 1][..], &[0.001, 1.0][..]));
        assert_eq!(point.attributes[0].key, "of");
    }

    #[test]
    fn what_was_refused_is_read_in_both_forms_of_numbers() {
        assert_eq!(rejected(r#"{"partialSuccess":{"rejectedDataPoints":"3"}}"#), 3);
        assert_eq!(rejected(r#"{"partialSuccess":{"rejectedDataPoints":3}}"#), 3);
        assert_eq!(rejected("{}"), 0);
        assert_eq!(rejected("thanks"), 0);
    }
}
