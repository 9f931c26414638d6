use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::context::Run;
use crate::node::Node;

/// Where a child stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not started, or brought down with its group.
    Waiting,
    /// Started, not ready.
    Starting,
    Running,
    /// Asked to stop.
    Stopping(Why),
    /// Aborted, not yet gone.
    Aborted(Why),
    /// Down until its time comes.
    Backoff,
    /// Down for good, or about to be dealt with.
    Ended,
    /// Aborted in vain.
    Stuck(Why),
}

/// Why a child is being ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Its group or its supervisor goes down.
    Group,
    /// Somebody ordered a restart.
    Order,
    /// It hangs.
    Hung,
}

impl Phase {
    /// The same, now for the sake of the group.
    pub(super) fn for_the_group(self) -> Self {
        match self {
            Self::Stopping(_) => Self::Stopping(Why::Group),
            Self::Aborted(_) => Self::Aborted(Why::Group),
            other => other,
        }
    }
}

/// A run under way.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) run: Arc<Run>,
    pub(super) abort: AbortHandle,
}

/// What a supervisor knows of a child.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) node: Arc<Node>,
    pub(super) phase: Phase,
    pub(super) live: Option<Live>,
    /// Counts the runs: what belongs to an earlier one is told apart.
    pub(super) generation: u32,
    pub(super) probe_failures: u16,
    pub(super) last_wait: Option<Duration>,
}

impl Slot {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self { node, phase: Phase::Waiting, live: None, generation: 0, probe_failures: 0, last_wait: None }
    }

    pub(super) fn is(&self, generation: u32) -> bool {
        self.generation == generation
    }

    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }
}
