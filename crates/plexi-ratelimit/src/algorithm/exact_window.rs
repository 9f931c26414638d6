//! Exactly so many in any stretch of time as long as the window, by remembering when each was.

use super::{Terms, Times, Verdict};

pub(super) fn judge(terms: &Terms, times: &Times, now: u64, cost: u64) -> Verdict<Times> {
    let alive = |time: &u64| *time > 0 && time.saturating_add(terms.window) > now;
    let mut next = Times::default();
    let mut counted = 0;
    for time in times.iter().filter(|time| alive(time)) {
        next[counted] = *time;
        counted += 1;
    }
    let kept = next;
    let until = |last: usize| last.checked_sub(1).map_or(now, |at| kept[at].saturating_add(terms.window));
    // at most sixteen of both
    let quota = usize::try_from(terms.quota).unwrap_or(times.len()).min(times.len());
    let cost = usize::try_from(cost).unwrap_or(usize::MAX);
    let wanted = counted.saturating_add(cost);
    if wanted > quota {
        // with a smaller quota than before more may have to go than what is asked for
        let wait = (cost <= quota).then(|| until(wanted - quota) - now);
        let remaining = u64::try_from(quota.saturating_sub(counted)).unwrap_or_default();
        return Verdict::Deny { wait, remaining, until: until(counted) };
    }
    next[counted..wanted].fill(now.max(1));
    let until = if cost > 0 { now.saturating_add(terms.window) } else { until(counted) };
    Verdict::Admit { next, until, remaining: u64::try_from(quota - wanted).unwrap_or_default() }
}
