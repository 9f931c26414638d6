//! The steps between a draft and its delivery: each has a name and is timed; screens have a deadline.

use std::collections::BTreeMap;
use std::time::Duration;

use plexi_core::{Actor, Coded};
use plexi_core_log::{Histogram, HistogramSnapshot};
use tokio::time::Instant;

use crate::error::MessagingError;
use crate::messaging::Messaging;
use crate::ports::Verdict;

/// How long a screen may take.
const DEADLINE: Duration = Duration::from_secs(1);

/// How long a step of the pipeline took, since the start of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTiming {
    /// The step: `authorise`, `validate`, a screen's name, `resolve`, `index`, `store`, `broadcast`.
    pub step: &'static str,
    /// How long its runs took.
    pub took: HistogramSnapshot,
}

/// Timings of all steps; the set of steps is fixed at the start.
pub(crate) struct Timings(BTreeMap<&'static str, Histogram>);

const STEPS: [&str; 6] = ["authorise", "validate", "resolve", "index", "store", "broadcast"];

impl Timings {
    pub(crate) fn new(screens: impl Iterator<Item = &'static str>) -> Self {
        Self(STEPS.into_iter().chain(screens).map(|step| (step, Histogram::default())).collect())
    }

    pub(crate) fn note(&self, step: &'static str, since: Instant) {
        let took = since.elapsed();
        tracing::trace!(step, micros = took.as_micros(), "pipeline step");
        if let Some(histogram) = self.0.get(step) {
            histogram.record(took);
        }
    }

    pub(crate) fn read(&self) -> Vec<StepTiming> {
        self.0.iter().map(|(step, histogram)| StepTiming { step, took: histogram.snapshot() }).collect()
    }
}

impl Messaging {
    /// Asks the screens in order. One that fails or is late lets the text pass or not, as it declares.
    pub(crate) async fn screen(&self, actor: &Actor, mut text: String) -> Result<String, MessagingError> {
        for screen in &self.0.screens {
            let since = Instant::now();
            let mut looked_at = text.clone();
            let outcome = tokio::time::timeout(DEADLINE, screen.check(actor, &mut looked_at)).await;
            self.0.timings.note(screen.name(), since);
            match outcome {
                Ok(Ok(Verdict::Pass)) => text = looked_at,
                Ok(Ok(Verdict::Refuse)) => return Err(MessagingError::Refused(screen.name())),
                Ok(Err(error)) => {
                    tracing::warn!(screen = screen.name(), code = %error.code(), %error, "a screen failed");
                    if !screen.fails_open() {
                        return Err(error);
                    }
                }
                Err(_) => {
                    tracing::warn!(screen = screen.name(), "a screen missed its deadline");
                    if !screen.fails_open() {
                        return Err(MessagingError::Refused(screen.name()));
                    }
                }
            }
        }
        Ok(text)
    }
}
