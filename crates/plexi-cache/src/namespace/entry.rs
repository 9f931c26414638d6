use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::marks::Since;
use crate::seal::{Head, Sealed};

/// How far the clocks of nodes may differ, and one may go back, before what "will be stored" is not believed.
const SKEW: i64 = 5_000_000;

/// A value in memory. Small, since a hit costs about as much as the lines of memory it touches.
pub(crate) struct Entry<V> {
    pub head: Head,
    /// With the generation of the head: when it was read.
    sequence: u64,
    /// Mostly there are none.
    #[expect(clippy::box_collection, reason = "a thin pointer in every entry")]
    tags: Option<Box<Vec<Arc<str>>>>,
    /// When it was last asked for; only where values end by idleness.
    pub used: AtomicI64,
    pub body: Body<V>,
    /// Bytes it takes, with what it is held by.
    pub weight: u32,
}

pub(crate) enum Body<V> {
    /// As it is.
    Plain(V),
    /// Sealed.
    Sealed(Sealed),
    /// There is no such value.
    Absent,
}

/// What may be done with a value now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Age {
    Fresh,
    Stale,
    Dead,
}

impl Head {
    /// What may be done at `now`.
    pub fn age(&self, now: i64) -> Age {
        if now.saturating_add(SKEW) < self.stored {
            Age::Dead
        } else if now < self.fresh_until {
            Age::Fresh
        } else if now < self.stale_until {
            Age::Stale
        } else {
            Age::Dead
        }
    }
}

impl<V> Entry<V> {
    /// A value of this weight, which was read at that moment.
    pub fn new(head: Head, since: Since, tags: &[Arc<str>], body: Body<V>, weight: u32) -> Self {
        let tags = (!tags.is_empty()).then(|| Box::new(tags.to_vec()));
        Self { used: head.stored.into(), head, sequence: since.sequence, tags, body, weight }
    }

    /// When it was read.
    pub fn since(&self) -> Since {
        Since { generation: self.head.generation, sequence: self.sequence }
    }

    /// What it can be forgotten by.
    pub fn tags(&self) -> &[Arc<str>] {
        self.tags.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Whether nobody asked for it for so long. Who asks now is noted.
    pub fn idles(&self, idle: Option<i64>, now: i64) -> bool {
        let Some(idle) = idle else { return false };
        let used = self.used.load(Ordering::Relaxed);
        if now.saturating_sub(used) >= idle {
            return true;
        }
        if now > used {
            self.used.fetch_max(now, Ordering::Relaxed);
        }
        false
    }
}

/// Microseconds of a time, as far as there are.
pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
