use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::node::Node;
use crate::stop::Stop;

/// One run of a child, from its start to its end.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stop: Stop,
    /// Milliseconds from `started` to the last beat.
    beat: AtomicU64,
    said_ready: AtomicBool,
    pub(crate) started: Instant,
    place: usize,
    generation: u32,
    /// At most one message a run, so that it holds no more than there are children.
    ready: mpsc::UnboundedSender<(usize, u32)>,
    node: Arc<Node>,
}

impl Run {
    pub(crate) fn new(
        place: usize,
        generation: u32,
        node: Arc<Node>,
        ready: mpsc::UnboundedSender<(usize, u32)>,
        started: Instant,
    ) -> Self {
        Self {
            stop: Stop::default(),
            beat: AtomicU64::new(0),
            said_ready: AtomicBool::new(false),
            started,
            place,
            generation,
            ready,
            node,
        }
    }

    pub(crate) fn last_beat(&self) -> Instant {
        self.started + std::time::Duration::from_millis(self.beat.load(Ordering::Relaxed))
    }
}

/// What a child is given at each start.
#[derive(Clone, Debug)]
pub struct Context(pub(crate) Arc<Run>);

impl Context {
    /// Waits until the child is asked to stop.
    pub async fn stopped(&self) {
        self.0.stop.asked().await;
    }

    /// Whether the child is asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stop.is_asked()
    }

    /// The token that is cancelled when the child is asked to stop.
    pub fn stop_token(&self) -> CancellationToken {
        self.0.stop.token()
    }

    /// Says that the child is ready: what comes after it may start.
    pub fn ready(&self) {
        if !self.0.said_ready.swap(true, Ordering::Relaxed) {
            // A supervisor that is gone needs no word.
            let _ = self.0.ready.send((self.0.place, self.0.generation));
        }
    }

    /// Says that the child lives.
    pub fn beat(&self) {
        let since = self.0.started.elapsed().as_millis();
        self.0.beat.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The child's name.
    pub fn name(&self) -> &str {
        &self.0.node.name
    }

    /// How often the child was started before, since its supervisor began.
    pub fn restarts(&self) -> u32 {
        self.0.generation.saturating_sub(1)
    }

    pub(crate) fn place(&self) -> usize {
        self.0.place
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0.node
    }
}
