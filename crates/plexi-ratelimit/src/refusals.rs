use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many are remembered.
const KEPT: usize = 256;

/// Somebody who was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// The rule that refused.
    pub rule: String,
    /// Who, as far as the rule tells apart.
    pub subject: String,
    /// How often, about: who comes into a list that is full begins with what the one had who had to go.
    pub times: u64,
    /// How many seconds ago it was the last time.
    pub seconds_ago: u64,
}

/// Who is refused most: so many counters, of which the least goes when another is needed ("space saving", Metwally et al. 2005).
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<u64, Counted>>);

struct Counted {
    rule: String,
    subject: String,
    times: u64,
    last: u64,
}

impl Refusals {
    pub(crate) fn note(&self, key: u64, now: u64, names: impl FnOnce() -> (String, String)) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get_mut(&key) {
            known.times += 1;
            known.last = now;
            return;
        }
        let mut times = 1;
        if kept.len() >= KEPT
            && let Some((least, had)) =
                kept.iter().map(|(key, counted)| (*key, counted.times)).min_by_key(|(_, times)| *times)
        {
            kept.remove(&least);
            times += had;
        }
        let (rule, subject) = names();
        kept.insert(key, Counted { rule, subject, times, last: now });
    }

    pub(crate) fn top(&self, at_most: usize, now: u64) -> Vec<Refusal> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Refusal> = kept
            .values()
            .map(|counted| Refusal {
                rule: counted.rule.clone(),
                subject: counted.subject.clone(),
                times: counted.times,
                seconds_ago: Duration::from_micros(now.saturating_sub(counted.last)).as_secs(),
            })
            .collect();
        found.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| a.subject.cmp(&b.subject)));
        found.truncate(at_most);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_refused_often_stays_in_the_list_whoever_else_comes() {
        let refusals = Refusals::default();
        let note = |key: u64| refusals.note(key, 0, || ("rule".to_owned(), format!("subject {key}")));
        for _ in 0..100 {
            note(7);
        }
        (1_000..2_000).for_each(note);
        let top = refusals.top(1, 5_000_000);
        assert_eq!((top[0].subject.as_str(), top[0].times, top[0].seconds_ago), ("subject 7", 100, 5));
        assert_eq!(refusals.top(1_000, 0).len(), KEPT);
    }
}
