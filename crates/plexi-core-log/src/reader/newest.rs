//! The newest of many lines, in memory that does not grow with them.

use std::collections::VecDeque;

/// How much is kept: the text of the lines and what each takes beside it.
pub(crate) const KEPT: usize = 4 * 1024 * 1024;
const EACH: usize = 32;

/// Keeps the lines that were pushed last.
#[derive(Default)]
pub(crate) struct Newest {
    lines: VecDeque<Box<[u8]>>,
    size: usize,
    let_go: u64,
}

impl Newest {
    pub(crate) fn push(&mut self, line: &[u8]) {
        self.size += line.len() + EACH;
        self.lines.push_back(line.into());
        while self.size > KEPT
            && let Some(oldest) = self.lines.pop_front()
        {
            self.size -= oldest.len() + EACH;
            self.let_go += 1;
        }
    }

    /// How many did not fit.
    pub(crate) fn let_go(&self) -> u64 {
        self.let_go
    }

    /// The newest that is left.
    pub(crate) fn pop(&mut self) -> Option<Box<[u8]>> {
        self.lines.pop_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept_and_the_others_counted() {
        let mut newest = Newest::default();
        let long = vec![b'x'; KEPT / 4];
        for nth in 0..6 {
            newest.push(&[&[b'0' + nth], &long[..]].concat());
        }
        assert_eq!(newest.let_go(), 3);
        let kept: Vec<u8> = std::iter::from_fn(|| newest.pop()).map(|line| line[0]).collect();
        assert_eq!(kept, b"543");
    }
}
