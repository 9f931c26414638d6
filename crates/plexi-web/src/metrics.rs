//! Figures of this server.

mod exposition;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plexi_core::ErrorCode;
use plexi_core_log::Histogram;
use plexi_messaging::StepTiming;
use tokio::time::Instant;

pub use exposition::{
    Bucket, Durations, Exposition, Family, FamilyKind, Figure, MetricSource, Sample, quantile,
};

/// Upper bounds of the histograms of the steps between a message and its readers, in microseconds.
const STEP_BOUNDS: [u64; 12] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 250_000, 1_000_000];

/// The steps of a request in [`crate::call`], in order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Who asks, whether a browser was led here by another site, and what the system role allows.
    Authenticate,
    /// Path and query are read, and the body, for as long as it takes to arrive.
    Receive,
    /// An `Idempotency-Key` is looked up.
    Idempotency,
    /// The body is held against its contract.
    Validate,
    /// The operation itself.
    Handle,
    /// The answer is kept under its key, tagged, or spared.
    Answer,
}

impl Step {
    const ALL: [Self; 6] =
        [Self::Authenticate, Self::Receive, Self::Idempotency, Self::Validate, Self::Handle, Self::Answer];

    const fn name(self) -> &'static str {
        match self {
            Self::Authenticate => "authenticate",
            Self::Receive => "receive",
            Self::Idempotency => "idempotency",
            Self::Validate => "validate",
            Self::Handle => "handle",
            Self::Answer => "answer",
        }
    }
}

/// Times the steps of a request: each lasts until the next begins, the last until this is dropped, also by a refusal.
pub(crate) struct Lap<'a> {
    metrics: &'a Metrics,
    step: Step,
    since: Instant,
}

impl Lap<'_> {
    /// The step has ended and this one begins.
    pub(crate) fn next(&mut self, step: Step) {
        let now = Instant::now();
        self.metrics.step_took(self.step, now.duration_since(self.since));
        (self.step, self.since) = (step, now);
    }
}

impl Drop for Lap<'_> {
    fn drop(&mut self) {
        self.metrics.step_took(self.step, self.since.elapsed());
    }
}

/// Statuses counted by themselves; all others count as the last.
const STATUSES: [u16; 25] = [
    101, 200, 201, 204, 304, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 421, 422, 429, 431, 500, 501,
    503, 504, 507, 0,
];

/// Answers and latency of one operation.
struct Row {
    id: &'static str,
    statuses: [AtomicU64; STATUSES.len()],
    took: Histogram,
}

impl Row {
    fn new(id: &'static str) -> Self {
        Self { id, statuses: std::array::from_fn(|_| AtomicU64::new(0)), took: Histogram::default() }
    }

    fn record(&self, status: u16, took: Duration) {
        let slot = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        if let Some(counter) = self.statuses.get(slot) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.took.record(took);
    }
}

/// The counters of this crate. Its memory is fixed by the table of operations.
pub struct Metrics {
    rows: Vec<Row>,
    steps: [Histogram; Step::ALL.len()],
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
    faults: Vec<(ErrorCode, AtomicU64)>,
}

impl Metrics {
    /// All at zero.
    pub(crate) fn new() -> Self {
        let ids = crate::operations::table().into_iter().map(|operation| operation.id);
        let rows = ids.chain(["ws.connect", "health", "metrics", "ui", "other"]).map(Row::new).collect();
        let zero = || AtomicU64::new(0);
        Self {
            rows,
            steps: Default::default(),
            frames_in: zero(),
            frames_out: zero(),
            sends: zero(),
            slow_consumers: zero(),
            shed: zero(),
            faults: ErrorCode::ALL.iter().map(|code| (*code, zero())).collect(),
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, operation: &str, status: u16, took: Duration) {
        if let Some(row) = self.rows.iter().find(|row| row.id == operation).or(self.rows.last()) {
            row.record(status, took);
        }
    }

    /// Begins to time the steps of a request.
    pub(crate) fn lap(&self, first: Step) -> Lap<'_> {
        Lap { metrics: self, step: first, since: Instant::now() }
    }

    fn step_took(&self, step: Step, took: Duration) {
        let at = Step::ALL.iter().position(|known| *known == step);
        if let Some(histogram) = at.and_then(|at| self.steps.get(at)) {
            histogram.record(took);
        }
    }

    /// Counts a fault.
    pub(crate) fn fault(&self, code: ErrorCode) {
        if let Some((_, count)) = self.faults.iter().find(|(known, _)| *known == code) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers given so far.
    pub(crate) fn requests(&self) -> u64 {
        self.rows.iter().map(|row| row.took.snapshot().count()).sum()
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
        let took: Vec<_> = self.rows.iter().map(|row| (row.id, row.took.snapshot())).collect();
        let answered = || took.iter().filter(|(_, took)| took.count() > 0);
        for (id, took) in answered() {
            let help = "Time from the first byte of a request to its answer.";
            into.durations("plexi_http_request_duration_seconds", help, &[("operation", id)], took);
        }
        for (id, took) in answered() {
            let help = "Time that so many of all requests since the start did not exceed.";
            into.percentiles("plexi_http_request_percentile_seconds", help, &[("operation", id)], took);
        }
        for (step, histogram) in Step::ALL.iter().zip(&self.steps) {
            let help = "Time that a step of answering a request took.";
            let (labels, took) = ([("step", step.name())], histogram.snapshot());
            into.durations("plexi_http_step_duration_seconds", help, &labels, &took);
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
        for (code, count) in &self.faults {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let help = "What failed here and not in what was asked, by error code.";
                into.counter("plexi_faults_total", help, &[("error_code", code.as_str())], count);
            }
        }
    }
}

/// The steps between a message and its readers, as messaging timed them.
pub(crate) fn pipeline(timings: &[StepTiming], into: &mut Exposition) {
    for timing in timings {
        let help = "Time that a step between a message and its readers took.";
        let (name, labels) = ("plexi_message_step_duration_seconds", [("step", timing.step)]);
        into.durations_by(&STEP_BOUNDS, name, help, &labels, &timing.took);
    }
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
        let mut lap = metrics.lap(Step::Authenticate);
        lap.next(Step::Handle);
        drop(lap);
        let mut text = Exposition::default();
        metrics.collect(&mut text);
        let text = text.to_text();
        for line in [
            "# TYPE plexi_http_requests_total counter",
            r#"plexi_http_requests_total{operation="users.me",status="200"} 1"#,
            r#"plexi_http_requests_total{operation="users.me",status="0"} 1"#,
            r#"plexi_http_requests_total{operation="other",status="404"} 1"#,
            r#"plexi_http_request_duration_seconds_bucket{operation="users.me",le="0.001"} 1"#,
            r#"plexi_http_request_duration_seconds_bucket{operation="users.me",le="+Inf"} 2"#,
            r#"plexi_http_request_duration_seconds_sum{operation="users.me"} 60.0007"#,
            "# TYPE plexi_http_request_percentile_seconds gauge",
            r#"plexi_http_request_percentile_seconds{operation="users.me",quantile="0.5"} 0.000699"#,
            r#"plexi_http_request_percentile_seconds{operation="users.me",quantile="0.999"} 60"#,
            "# HELP plexi_http_step_duration_seconds Time that a step of answering a request took.",
            "# TYPE plexi_http_step_duration_seconds histogram",
            r#"plexi_http_step_duration_seconds_count{step="authenticate"} 1"#,
            r#"plexi_http_step_duration_seconds_count{step="handle"} 1"#,
            r#"plexi_http_step_duration_seconds_count{step="validate"} 0"#,
            "plexi_ws_sends_total 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
        }
    }

    #[test]
    fn the_steps_of_messages_are_histograms_whose_buckets_never_exceed_their_count() {
        let took = Histogram::default();
        for micros in [200, 750_000, 750_050] {
            took.record(Duration::from_micros(micros));
        }
        let mut text = Exposition::default();
        pipeline(&[StepTiming { step: "store", took: took.snapshot() }], &mut text);
        let text = text.to_text();
        for line in [
            "# TYPE plexi_message_step_duration_seconds histogram",
            r#"plexi_message_step_duration_seconds_bucket{step="store",le="0.00005"} 0"#,
            r#"plexi_message_step_duration_seconds_bucket{step="store",le="0.00025"} 1"#,
            r#"plexi_message_step_duration_seconds_bucket{step="store",le="1"} 3"#,
            r#"plexi_message_step_duration_seconds_bucket{step="store",le="+Inf"} 3"#,
            r#"plexi_message_step_duration_seconds_sum{step="store"} 1.50025"#,
            r#"plexi_message_step_duration_seconds_count{step="store"} 3"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
        }
    }
}
