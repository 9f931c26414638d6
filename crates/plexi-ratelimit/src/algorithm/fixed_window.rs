//! A count that begins anew with each window.

use super::{State, Terms, Verdict};

/// State: the beginning of the window, and the count in it.
pub(super) fn judge(terms: &Terms, [start, count, _]: &State, now: u64, cost: u64) -> Verdict<State> {
    let this = now - now % terms.window;
    // a window that became shorter ends earlier, one that became longer goes on
    let running = *count > 0 && now < start.saturating_add(terms.window);
    let (start, count) = if running { (*start, *count) } else { (this, 0) };
    let until = start.saturating_add(terms.window);
    match count.checked_add(cost).filter(|next| *next <= terms.quota) {
        Some(next) => Verdict::Admit { next: [start, next, 0], until, remaining: terms.quota - next },
        None => Verdict::Deny {
            wait: (cost <= terms.quota).then_some(until - now),
            remaining: terms.quota.saturating_sub(count),
            until,
        },
    }
}
