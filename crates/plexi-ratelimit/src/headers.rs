//! What a response says of limits: [draft-ietf-httpapi-ratelimit-headers-11](https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/).

use std::fmt::Write as _;
use std::time::Duration;

use crate::decision::{Decision, Quota};
use crate::rule::{Algorithm, Unit};

/// The fields of a response about its limits, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// `RateLimit-Policy`: the limits that hold. Empty when there is none.
    pub policy: String,
    /// `RateLimit`: how they stand; of a refusal those that refused, so that no time in it is later than `Retry-After`.
    pub limit: String,
    /// `Retry-After`, in seconds, never too early.
    pub retry_after: Option<u64>,
    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` (in seconds), which are older and tell of one limit: the one that
    /// refused, or of which the smallest share is left.
    pub legacy: Option<(u64, u64, u64)>,
}

impl Decision {
    /// What a response says of it. Rules that only count are not told.
    pub fn fields(&self) -> Fields {
        fields([self])
    }
}

/// What a response says of several decisions about one request.
pub fn fields<'a>(decisions: impl IntoIterator<Item = &'a Decision>) -> Fields {
    let mut told = Fields::default();
    let mut least: Option<(u128, (u64, u64, u64))> = None;
    let decisions: Vec<&Decision> = decisions.into_iter().collect();
    let refused = decisions.iter().any(|decision| !decision.is_admitted());
    for decision in decisions {
        if let Some(wait) = decision.retry_after() {
            told.retry_after = told.retry_after.max(Some(seconds(wait).max(1)));
        }
        for quota in decision.quotas().filter(|quota| !quota.shadow) {
            policy(&quota, &mut told.policy);
            if refused && !quota.refused {
                continue;
            }
            let left = seconds(quota.reset);
            let comma = if told.limit.is_empty() { "" } else { ", " };
            // infallible: writing to a String
            let _ = write!(told.limit, "{comma}\"{}\";r={};t={left}", quota.name, quota.remaining);
            let share = (u128::from(quota.remaining) << 64) / u128::from(quota.limit.max(1));
            if least.is_none_or(|(least, _)| share < least) {
                least = Some((share, (quota.limit, quota.remaining, left)));
            }
        }
    }
    told.legacy = least.map(|(_, legacy)| legacy);
    told
}

fn policy(quota: &Quota<'_>, into: &mut String) {
    let comma = if into.is_empty() { "" } else { ", " };
    // infallible: writing to a String
    let _ = write!(into, "{comma}\"{}\";q={}", quota.name, quota.limit);
    let _ = match (quota.algorithm, quota.unit) {
        (Algorithm::Concurrent, _) => write!(into, ";qu=\"concurrent-requests\""),
        (_, Unit::Requests) => write!(into, ";w={}", seconds(quota.window).max(1)),
        (_, Unit::ContentBytes) => write!(into, ";qu=\"content-bytes\";w={}", seconds(quota.window).max(1)),
    };
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
