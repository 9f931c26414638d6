use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Most invalidated tags that are remembered; with one more everything is forgotten instead.
const MOST_TAGS: usize = 65_536;

/// What was invalidated at once: a generation for everything, a number for each tag.
#[derive(Default)]
pub(crate) struct Marks {
    /// The generation that all nodes share.
    generation: AtomicU64,
    /// Counts what is invalidated at once in this process.
    sequence: AtomicU64,
    /// What was stored before this number is forgotten.
    floor: AtomicU64,
    tags: RwLock<HashMap<Arc<str>, u64>>,
}

/// A moment in the order of invalidations: what is read after it is true as of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Since {
    pub generation: u64,
    pub sequence: u64,
}

impl Marks {
    pub fn since(&self) -> Since {
        // The sequence first: what is invalidated in between counts as later.
        let sequence = self.sequence.load(Ordering::SeqCst);
        Since { generation: self.generation(), sequence }
    }

    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Forgets everything in this process.
    pub fn forget_all(&self) {
        let now = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
        self.floor.fetch_max(now, Ordering::SeqCst);
    }

    /// Begins another generation.
    pub fn next_generation(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Takes up a generation that another node began. An earlier one changes nothing.
    pub fn raise_generation(&self, to: u64) {
        if self.generation.fetch_max(to, Ordering::SeqCst) < to {
            self.sequence.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Forgets what has the tag.
    pub fn mark(&self, tag: &str) {
        let now = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
        let mut tags = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        if tags.len() >= MOST_TAGS && !tags.contains_key(tag) {
            self.forget_all();
            tags.clear();
        }
        let mark = tags.entry(tag.into()).or_default();
        *mark = now.max(*mark);
    }

    /// Whether what was read at that moment, with these tags, is still true.
    pub fn hold(&self, then: Since, tags: &[Arc<str>]) -> bool {
        // The tags before the floor: whoever takes marks away has raised it before.
        then.generation == self.generation()
            && (tags.is_empty() || self.tags_hold(then, tags))
            && then.sequence >= self.floor.load(Ordering::SeqCst)
    }

    fn tags_hold(&self, then: Since, tags: &[Arc<str>]) -> bool {
        let marks = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        tags.iter().all(|tag| marks.get(tag).is_none_or(|mark| *mark <= then.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_too_many_tags_are_remembered_everything_is_forgotten() {
        let marks = Marks::default();
        let then = marks.since();
        for tag in 0..MOST_TAGS {
            marks.mark(&tag.to_string());
        }
        let other = ["other".into()];
        assert!(marks.hold(then, &other) && !marks.hold(then, &["0".into()]));
        marks.mark("one more");
        assert!(!marks.hold(then, &other));
        assert!(marks.hold(marks.since(), &["0".into(), "one more".into()]));
        assert_eq!(marks.tags.read().unwrap().len(), 1);
    }
}
