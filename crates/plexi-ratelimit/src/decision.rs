use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::Guard;
use smallvec::SmallVec;

use crate::limiter::Held;
use crate::rule::{Algorithm, Unit};
use crate::rules::{Rules, USUAL};

/// What came of it: who may go on and who is to wait, and how all limits that hold stand.
#[must_use = "a decision that nobody reads limits nobody"]
pub struct Decision {
    pub(crate) rules: Guard<Arc<Rules>>,
    pub(crate) standings: SmallVec<[Standing; USUAL]>,
    /// What it costs cannot be given back; what is under way ends with it.
    pub(crate) held: Option<Held>,
    pub(crate) admitted: bool,
}

/// How one limit stands after a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) rule: u16,
    pub(crate) tier: u16,
    pub(crate) refused: bool,
    pub(crate) remaining: u64,
    /// Microseconds until all of it is free again; of what was refused, until it could be admitted ([`NEVER`]: it never could).
    pub(crate) time: u64,
}

/// Never.
pub(crate) const NEVER: u64 = u64::MAX;

/// How one limit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota<'a> {
    /// The rule.
    pub name: &'a str,
    /// What is counted.
    pub unit: Unit,
    /// How it is counted.
    pub algorithm: Algorithm,
    /// So much in a window.
    pub limit: u64,
    /// So much is left.
    pub remaining: u64,
    /// The window.
    pub window: Duration,
    /// After how long all of it is free again; of what was refused, after how long it could be admitted, or the window if it never could.
    pub reset: Duration,
    /// It refused.
    pub refused: bool,
    /// It only counts.
    pub shadow: bool,
}

impl Decision {
    /// Whether to go on.
    pub const fn is_admitted(&self) -> bool {
        self.admitted
    }

    /// After how long the same could be admitted, when it was refused: rounded up to whole seconds it never is too early. `None` when it never
    /// could, since it costs more than there is, and when it was admitted.
    pub fn retry_after(&self) -> Option<Duration> {
        let mut longest = None;
        for standing in self.refusing() {
            longest = longest.max(Some(standing.time));
        }
        longest.filter(|time| *time != NEVER).map(Duration::from_micros)
    }

    /// The limits that hold, by name.
    pub fn quotas(&self) -> impl Iterator<Item = Quota<'_>> {
        self.standings.iter().filter_map(|standing| self.rules.quota(standing))
    }

    /// The limit that refused; when there are several, the one that takes longest.
    pub fn refused_by(&self) -> Option<Quota<'_>> {
        let longest = self.refusing().max_by_key(|standing| standing.time)?;
        self.rules.quota(longest)
    }

    /// What is to be kept for as long as it is under way: dropping it ends that. Without rules of that kind it holds nothing.
    pub fn into_permit(self) -> Permit {
        Permit(self.held)
    }

    /// Takes what is to be kept for as long as it is under way out of the decision.
    pub fn take_permit(&mut self) -> Permit {
        Permit(self.held.take())
    }

    fn refusing(&self) -> impl Iterator<Item = &Standing> {
        self.standings.iter().filter(|standing| standing.refused && !self.rules.is_shadow(standing.rule))
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quotas: Vec<_> = self.quotas().collect();
        f.debug_struct("Decision")
            .field("admitted", &self.admitted)
            .field("quotas", &quotas)
            .finish_non_exhaustive()
    }
}

/// Something is under way; it ends when this is dropped.
#[must_use = "what is under way ends when this is dropped"]
#[derive(Default)]
pub struct Permit(Option<Held>);

impl Permit {
    /// Whether anything counts it.
    pub const fn is_counted(&self) -> bool {
        self.0.is_some()
    }

    /// One that ends when both do.
    pub fn and(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(mut one), Some(other)) => {
                one.join(other);
                Self(Some(one))
            }
            (one, other) => Self(one.or(other)),
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("counted", &self.is_counted()).finish()
    }
}
