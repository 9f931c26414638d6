//! Figures sent to a collector of OpenTelemetry, again and again.

mod otlp;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plexi_core::Clock;
use plexi_core_log::{HttpPost, Posted};
use plexi_web::{Exposition, MetricSource, WebState};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::error::AppError;
use crate::settings::OtlpSection;
use crate::supervision::Beat;

/// How long a push may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hands figures over. Clones are the same.
#[derive(Clone)]
pub(crate) struct Push {
    to: Arc<HttpPost>,
    every: Duration,
    counts: Arc<Counts>,
}

/// What became of pushes.
#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    lost: AtomicU64,
}

impl Push {
    /// As the settings have it; none when they name no collector.
    pub(crate) fn new(settings: &OtlpSection) -> Result<Option<Self>, AppError> {
        let Some(address) = &settings.address else { return Ok(None) };
        let to = HttpPost::new(address, settings.authorization_file.as_deref(), PATIENCE)?;
        let every = Duration::from_secs(settings.interval_seconds.into());
        Ok(Some(Self { to: Arc::new(to), every, counts: Arc::default() }))
    }

    /// How long it may be silent.
    pub(crate) fn silent(&self) -> Duration {
        self.every + 2 * PATIENCE
    }

    /// Sends all figures at every interval, until `stop`. What cannot be sent is counted and forgotten: the next push says it anew, since
    /// figures are sent as sums from the start on.
    pub(crate) async fn run(self, web: WebState, clock: Arc<dyn Clock>, stop: CancellationToken, beat: Beat) {
        let mut turns = tokio::time::interval(self.every);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut fails = false;
        loop {
            beat.beat();
            tokio::select! {
                _ = turns.tick() => {}
                () = stop.cancelled() => return,
            }
            let told = web.exposition();
            let body = otlp::request(web.version(), told.families(), web.started_at(), clock.now());
            let sent = tokio::select! {
                sent = self.send(body.to_string()) => sent,
                () = stop.cancelled() => return,
            };
            match sent {
                Ok(()) => {
                    self.counts.sent.fetch_add(1, Ordering::Relaxed);
                    if fails {
                        tracing::info!("figures are taken by the collector again");
                    }
                    fails = false;
                }
                Err(error) => {
                    self.counts.lost.fetch_add(1, Ordering::Relaxed);
                    if !fails {
                        tracing::warn!(%error, "figures not taken by the collector");
                    }
                    fails = true;
                }
            }
        }
    }

    async fn send(&self, body: String) -> io::Result<()> {
        let to = Arc::clone(&self.to);
        let posted = tokio::task::spawn_blocking(move || to.post("application/json", body.as_bytes())).await;
        match posted.map_err(io::Error::other)?? {
            Posted::Taken(answer) => match otlp::rejected(&answer) {
                0 => Ok(()),
                some => Err(io::Error::other(format!("the collector refused {some} figures"))),
            },
            Posted::Refused => Err(io::Error::other("the collector refused them")),
        }
    }
}

impl MetricSource for Push {
    fn collect(&self, into: &mut Exposition) {
        for (outcome, count) in [("sent", &self.counts.sent), ("lost", &self.counts.lost)] {
            let help = "Pushes of figures to the collector.";
            let count = count.load(Ordering::Relaxed);
            into.counter("plexi_metrics_pushes_total", help, &[("outcome", outcome)], count);
        }
    }
}
