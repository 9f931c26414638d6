//! Figures of this server in the Prometheus text format.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the latency histogram, in microseconds.
const BOUNDS: [u64; 12] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000];

/// Statuses counted by themselves; all others count as the last.
const STATUSES: [u16; 25] = [
    101, 200, 201, 204, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 421, 422, 429, 431, 500, 501,
    503, 504, 507, 0,
];

/// Writes metrics of its own, such as those of the database pool.
pub trait MetricSource: Send + Sync + 'static {
    /// Adds figures.
    fn collect(&self, into: &mut Exposition);
}

/// The text being written.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
    last: String,
}

impl Exposition {
    /// Adds a gauge: something that goes up and down. Names are `plexi_...` of `a-z_`, label values plain words.
    pub fn gauge(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: u64) {
        self.sample(name, "gauge", help, "", labels, &value.to_string());
    }

    /// Adds a counter: something that only grows; the name ends in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: u64) {
        self.sample(name, "counter", help, "", labels, &value.to_string());
    }

    /// The text so far.
    pub fn into_text(self) -> String {
        self.text
    }

    fn sample(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        suffix: &str,
        labels: &[(&str, &str)],
        value: &str,
    ) {
        if self.last != name {
            name.clone_into(&mut self.last);
            // infallible: writing to a String
            let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        }
        self.text.push_str(name);
        self.text.push_str(suffix);
        let mut open = '{';
        for (label, text) in labels {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{open}{label}=\"{escaped}\"");
            open = ',';
        }
        if open == ',' {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

/// Answers and latency of one operation.
struct Row {
    id: &'static str,
    statuses: [AtomicU64; STATUSES.len()],
    buckets: [AtomicU64; BOUNDS.len()],
    micros: AtomicU64,
    count: AtomicU64,
}

impl Row {
    fn new(id: &'static str) -> Self {
        let zero = || std::array::from_fn(|_| AtomicU64::new(0));
        Self {
            id,
            statuses: zero(),
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            micros: AtomicU64::new(0),
            count: AtomicU64::new(0),
        }
    }

    fn record(&self, status: u16, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let slot = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        if let Some(counter) = self.statuses.get(slot) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let bucket = BOUNDS.iter().position(|bound| micros <= *bound);
        if let Some(counter) = bucket.and_then(|bucket| self.buckets.get(bucket)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// The counters of this crate. Its memory is fixed by the table of operations.
pub struct Metrics {
    rows: Vec<Row>,
    /// Frames received on WebSockets.
    pub(crate) frames_in: AtomicU64,
    /// Frames sent on WebSockets.
    pub(crate) frames_out: AtomicU64,
    /// Messages acknowledged on WebSockets.
    pub(crate) sends: AtomicU64,
    /// WebSockets closed for reading too slowly.
    pub(crate) slow_consumers: AtomicU64,
    /// Requests refused because the server was busy.
    pub(crate) shed: AtomicU64,
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        let ids = crate::operations::table().into_iter().map(|operation| operation.id);
        let rows = ids.chain(["ws.connect", "health", "metrics", "ui", "other"]).map(Row::new).collect();
        let zero = || AtomicU64::new(0);
        Self {
            rows,
            frames_in: zero(),
            frames_out: zero(),
            sends: zero(),
            slow_consumers: zero(),
            shed: zero(),
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, operation: &str, status: u16, took: Duration) {
        if let Some(row) = self.rows.iter().find(|row| row.id == operation).or(self.rows.last()) {
            row.record(status, took);
        }
    }

    /// Answers given so far.
    pub(crate) fn requests(&self) -> u64 {
        self.rows.iter().map(|row| row.count.load(Ordering::Relaxed)).sum()
    }

    /// Writes all.
    pub(crate) fn collect(&self, into: &mut Exposition) {
        for row in &self.rows {
            for (status, counter) in STATUSES.iter().zip(&row.statuses) {
                let value = counter.load(Ordering::Relaxed);
                if value > 0 {
                    let labels = [("operation", row.id), ("status", &*status.to_string())];
                    into.counter(
                        "plexi_http_requests_total",
                        "Answers by operation and status.",
                        &labels,
                        value,
                    );
                }
            }
        }
        for row in self.rows.iter().filter(|row| row.count.load(Ordering::Relaxed) > 0) {
            histogram(row, into);
        }
        let counter = |into: &mut Exposition, name: &str, help: &str, value: &AtomicU64| {
            into.counter(name, help, &[], value.load(Ordering::Relaxed));
        };
        counter(into, "plexi_ws_frames_received_total", "Frames received on WebSockets.", &self.frames_in);
        counter(into, "plexi_ws_frames_sent_total", "Frames sent on WebSockets.", &self.frames_out);
        counter(into, "plexi_ws_sends_total", "Messages acknowledged on WebSockets.", &self.sends);
        let slow = "WebSockets closed for reading too slowly.";
        counter(into, "plexi_ws_slow_consumers_total", slow, &self.slow_consumers);
        counter(into, "plexi_http_shed_total", "Requests refused because too many were at work.", &self.shed);
    }
}

fn histogram(row: &Row, into: &mut Exposition) {
    const NAME: &str = "plexi_http_request_duration_seconds";
    const HELP: &str = "Time from the first byte of a request to its answer.";
    let mut sum = 0;
    for (bound, counter) in BOUNDS.iter().zip(&row.buckets) {
        sum += counter.load(Ordering::Relaxed);
        let bound = seconds(*bound);
        let labels = [("operation", row.id), ("le", &*bound)];
        into.sample(NAME, "histogram", HELP, "_bucket", &labels, &sum.to_string());
    }
    let count = row.count.load(Ordering::Relaxed).to_string();
    into.sample(NAME, "histogram", HELP, "_bucket", &[("operation", row.id), ("le", "+Inf")], &count);
    let total = seconds(row.micros.load(Ordering::Relaxed));
    into.sample(NAME, "histogram", HELP, "_sum", &[("operation", row.id)], &total);
    into.sample(NAME, "histogram", HELP, "_count", &[("operation", row.id)], &count);
}

/// Microseconds as seconds, exactly.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_histograms_are_written_as_prometheus_reads_them() {
        let metrics = Metrics::new();
        metrics.answered("users.me", 200, Duration::from_micros(700));
        metrics.answered("users.me", 299, Duration::from_mins(1));
        metrics.answered("no such thing", 404, Duration::from_micros(1));
        let mut text = Exposition::default();
        metrics.collect(&mut text);
        let text = text.into_text();
        for line in [
            "# TYPE plexi_http_requests_total counter",
            r#"plexi_http_requests_total{operation="users.me",status="200"} 1"#,
            r#"plexi_http_requests_total{operation="users.me",status="0"} 1"#,
            r#"plexi_http_requests_total{operation="other",status="404"} 1"#,
            r#"plexi_http_request_duration_seconds_bucket{operation="users.me",le="0.001"} 1"#,
            r#"plexi_http_request_duration_seconds_bucket{operation="users.me",le="+Inf"} 2"#,
            r#"plexi_http_request_duration_seconds_sum{operation="users.me"} 60.0007"#,
            "plexi_ws_sends_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
        }
    }
}
