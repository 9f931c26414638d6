//! The count of this window, and that of the one before as far as it still reaches in: what came then counts as spread evenly.

use super::{State, Terms, Verdict, share, share_up};

/// State: the beginning of the window, the count in it, and the count of the one before.
pub(super) fn judge(terms: &Terms, [start, count, before]: &State, now: u64, cost: u64) -> Verdict<State> {
    let window = terms.window;
    let this = now - now % window;
    let [count, before] = match this.saturating_sub(*start) {
        // also after the window changed: what was counted stays counted for as long as the new one says
        age if age < window => [*count, *before],
        age if age < window.saturating_mul(2) => [0, *count],
        _ => [0, 0],
    };
    let reaches = share_up(before, this + window - now, window);
    let counted = count.saturating_add(reaches);
    let until = |count: u64| this + if count > 0 { window * 2 } else { window };
    match counted.checked_add(cost).filter(|next| *next <= terms.quota) {
        Some(next) => {
            let count = count + cost;
            Verdict::Admit { next: [this, count, before], until: until(count), remaining: terms.quota - next }
        }
        None => Verdict::Deny {
            wait: (cost <= terms.quota).then(|| wait(terms, [count, before], this, now, cost)),
            remaining: terms.quota.saturating_sub(counted),
            until: until(count),
        },
    }
}

/// How long until a cost fits that fits at all.
fn wait(terms: &Terms, [count, before]: [u64; 2], this: u64, now: u64, cost: u64) -> u64 {
    let end = this + terms.window;
    if let Some(room) = terms.quota.checked_sub(count.saturating_add(cost)) {
        // as soon as only so much of the window before reaches in
        let rest = longest_rest(room, before, terms.window);
        if rest > 0 {
            return end.saturating_sub(rest).saturating_sub(now).max(1);
        }
    }
    // when this window is the one before
    let rest = longest_rest(terms.quota - cost, count, terms.window);
    (end + terms.window - rest).saturating_sub(now).max(1)
}

/// The longest rest of the window of which at most `room` of `count` is told.
fn longest_rest(room: u64, count: u64, window: u64) -> u64 {
    if count <= room {
        return window;
    }
    share(room, window, count)
}
