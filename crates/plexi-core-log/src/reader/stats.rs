//! Counts lines.

use std::collections::BTreeMap;

use plexi_core::Timestamp;
use serde::Serialize;

use super::Scan;
use super::entry::LogEntry;
use crate::level::Level;
use crate::outlet::LOST;

/// How many different names are counted; what comes beyond is counted together.
const NAMES: usize = 1_000;
/// Under which name.
const OTHERS: &str = "(others)";

/// What a log holds, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogSummary {
    /// Lines of each level.
    pub levels: BTreeMap<Level, u64>,
    /// Lines of each target, most first.
    pub targets: Vec<(String, u64)>,
    /// Messages of warnings and errors, most frequent first.
    pub troubles: Vec<(String, u64)>,
    /// Lines that the log says were lost.
    pub lost: u64,
    /// The first line's time.
    pub first: Option<Timestamp>,
    /// The last line's time.
    pub last: Option<Timestamp>,
    /// Lines that this crate did not write.
    pub foreign: u64,
    /// What reading came across.
    pub scan: Scan,
    #[serde(skip)]
    by_target: BTreeMap<String, u64>,
    #[serde(skip)]
    by_message: BTreeMap<String, u64>,
}

impl LogSummary {
    pub(crate) fn add(&mut self, entry: &LogEntry<'_>) {
        let record = entry.record();
        let (Some(level), Some(at)) = (record.level, record.time) else {
            self.foreign += 1;
            return;
        };
        *self.levels.entry(level).or_default() += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        if record.message == LOST {
            let count = record.field("count").and_then(|count| count.parse::<u64>().ok());
            self.lost = self.lost.saturating_add(count.unwrap_or_default());
        }
        count(&mut self.by_target, record.target.unwrap_or_default());
        if level <= Level::Warn {
            count(&mut self.by_message, record.message);
        }
    }

    pub(crate) fn finish(&mut self, scan: Scan) {
        self.scan = scan;
        self.targets = most_first(std::mem::take(&mut self.by_target));
        self.troubles = most_first(std::mem::take(&mut self.by_message));
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: String) {
    let name = if counts.len() < NAMES || counts.contains_key(&name) { name } else { OTHERS.to_owned() };
    *counts.entry(name).or_default() += 1;
}

fn most_first(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
