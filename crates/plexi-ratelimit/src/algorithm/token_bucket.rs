//! A bucket of tokens: what is used up drains evenly, the whole quota in a window. Decides as GCRA does
//! ([ATM Forum TM 4.0](https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm)), but keeps what was used and not when it will be
//! forgotten, so that a change of the rule leaves the count as it is.

use super::{MILLIONTHS, State, Terms, Verdict, share, share_up};

/// State: millionths of tokens that are used up, and when that was so.
pub(super) fn judge(terms: &Terms, [used, at, _]: &State, now: u64, cost: u64) -> Verdict<State> {
    let full = terms.quota * MILLIONTHS;
    // more than full when the quota became smaller: that has to drain, too
    let left = used.saturating_sub(terms.drained(now.saturating_sub(*at)));
    let wanted = cost.checked_mul(MILLIONTHS).filter(|wanted| *wanted <= full);
    let next = wanted.map(|wanted| left.saturating_add(wanted));
    match next {
        Some(next) if next <= full => Verdict::Admit {
            next: [next, now, 0],
            until: now.saturating_add(terms.time_for(next)),
            remaining: (full - next) / MILLIONTHS,
        },
        _ => Verdict::Deny {
            wait: next.map(|next| terms.time_for(next - full)),
            remaining: full.saturating_sub(left) / MILLIONTHS,
            until: now.saturating_add(terms.time_for(left)),
        },
    }
}

impl Terms {
    /// Millionths of tokens that come back in so many microseconds, rounded down.
    fn drained(&self, elapsed: u64) -> u64 {
        share(elapsed, self.quota * MILLIONTHS, self.window)
    }

    /// Microseconds until so many millionths of tokens came back, rounded up.
    fn time_for(&self, millionths: u64) -> u64 {
        share_up(millionths, self.window, self.quota * MILLIONTHS)
    }
}
