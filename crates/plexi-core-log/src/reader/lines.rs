//! Finds lines in bytes, forwards and backwards, in memory that does not grow with the file or with a line.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use memchr::{memchr, memrchr};

/// The longest part of a line that is kept; the log's own lines are shorter.
pub(crate) const LONGEST: usize = 128 * 1024;
/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// What is done with a line; it says whether to go on.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&[u8]) -> ControlFlow<()>;

/// Cuts blocks into lines. Empty lines are left out, what of a line is beyond [`LONGEST`] is too.
#[derive(Default)]
pub(crate) struct Splitter {
    begun: Vec<u8>,
}

impl Splitter {
    pub(crate) fn feed(&mut self, mut block: &[u8], visit: Visit<'_>) -> ControlFlow<()> {
        while let Some(at) = memchr(b'\n', block) {
            let line = &block[..at];
            block = &block[at + 1..];
            if self.begun.is_empty() {
                give(line, visit)?;
            } else {
                append(&mut self.begun, line);
                let flow = visit(&self.begun);
                self.begun.clear();
                flow?;
            }
        }
        append(&mut self.begun, block);
        ControlFlow::Continue(())
    }

    /// The last so many bytes do not count: they are not there any more. Lines that were given out stay so.
    pub(crate) fn take_back(&mut self, count: u64) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.begun.truncate(self.begun.len().saturating_sub(count));
    }

    /// No more comes: what has no line break is a line as well.
    pub(crate) fn end(&mut self, visit: Visit<'_>) -> ControlFlow<()> {
        let last = std::mem::take(&mut self.begun);
        give(&last, visit)
    }
}

fn append(line: &mut Vec<u8>, more: &[u8]) {
    let room = LONGEST - line.len();
    line.extend_from_slice(&more[..more.len().min(room)]);
}

fn give(line: &[u8], visit: Visit<'_>) -> ControlFlow<()> {
    if line.is_empty() { ControlFlow::Continue(()) } else { visit(&line[..line.len().min(LONGEST)]) }
}

/// Visits all lines from where `source` stands to its end.
pub(crate) fn forwards(source: &mut dyn Read, visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
    let mut splitter = Splitter::default();
    let mut block = vec![0; BLOCK];
    loop {
        let read = match source.read(&mut block) {
            Ok(0) => return Ok(splitter.end(visit)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if splitter.feed(&block[..read], visit).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// Bytes that can be read from any place.
pub(crate) trait Blocks {
    /// How many there are.
    fn len(&mut self) -> io::Result<u64>;

    /// Fills `block` with what stands at `at`.
    fn read_at(&mut self, at: u64, block: &mut [u8]) -> io::Result<()>;
}

impl<R: Read + Seek> Blocks for R {
    fn len(&mut self) -> io::Result<u64> {
        self.seek(SeekFrom::End(0))
    }

    fn read_at(&mut self, at: u64, block: &mut [u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.read_exact(block)
    }
}

/// Visits all lines of `source`, the last one first: exactly those that [`forwards`] finds.
pub(crate) fn backwards(source: &mut dyn Blocks, visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
    let mut block = vec![0; BLOCK];
    // the beginning of what is known of a line whose beginning is not found yet
    let mut tail = Vec::new();
    let mut left = source.len()?;
    while left > 0 {
        let size = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        left -= size as u64;
        source.read_at(left, &mut block[..size])?;
        let mut rest = &block[..size];
        while let Some(at) = memrchr(b'\n', rest) {
            let line = &rest[at + 1..];
            rest = &rest[..at];
            let flow = if tail.is_empty() {
                give(line, visit)
            } else {
                prepend(&mut tail, line);
                let flow = visit(&tail);
                tail.clear();
                flow
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        prepend(&mut tail, rest);
    }
    Ok(give(&tail, visit))
}

/// Where the last whole line ends.
pub(crate) fn end_of_lines(source: &mut dyn Blocks) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut left = source.len()?;
    while left > 0 {
        let size = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        left -= size as u64;
        source.read_at(left, &mut block[..size])?;
        if let Some(at) = memrchr(b'\n', &block[..size]) {
            return Ok(left + at as u64 + 1);
        }
    }
    Ok(0)
}

fn prepend(tail: &mut Vec<u8>, line: &[u8]) {
    tail.splice(..0, line.iter().copied());
    tail.truncate(LONGEST);
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn all_forwards(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut keep = |line: &[u8]| {
            found.push(line.to_vec());
            ControlFlow::Continue(())
        };
        assert!(forwards(&mut Cursor::new(bytes), &mut keep).unwrap().is_continue());
        found
    }

    fn all_backwards(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut keep = |line: &[u8]| {
            found.push(line.to_vec());
            ControlFlow::Continue(())
        };
        assert!(backwards(&mut Cursor::new(bytes), &mut keep).unwrap().is_continue());
        found
    }

    #[test]
    fn a_line_longer_than_any_block_is_cut_at_its_end_in_both_directions() {
        let mut bytes = b"first\n".to_vec();
        bytes.extend((0..3 * LONGEST).map(|nth| b'a' + u8::try_from(nth % 26).unwrap()));
        bytes.extend(b"\nlast");
        let lines = all_forwards(&bytes);
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [5, LONGEST, 4]);
        assert_eq!(lines[1], bytes[6..6 + LONGEST]);
        let mut turned = all_backwards(&bytes);
        turned.reverse();
        assert_eq!(turned, lines);
    }

    /// Pieces that make lines, empty lines and lines around the bounds of blocks.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            Just(vec![b'\n'; 3]),
            (BLOCK - 3..BLOCK + 3).prop_map(|len| vec![b'x'; len]),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.join(&b'\n'))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn backwards_finds_what_forwards_finds_in_turned_order(bytes in pieces()) {
            let lines = all_forwards(&bytes);
            let mut turned = all_backwards(&bytes);
            turned.reverse();
            prop_assert_eq!(&turned, &lines);
            let expected: Vec<_> = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
            prop_assert_eq!(lines, expected);
        }

        #[test]
        fn the_size_of_the_blocks_that_come_in_makes_no_difference(bytes in pieces(), size in 1..200_usize) {
            let mut splitter = Splitter::default();
            let mut found = Vec::new();
            let mut keep = |line: &[u8]| {
                found.push(line.to_vec());
                ControlFlow::Continue(())
            };
            for block in bytes.chunks(size) {
                prop_assert!(splitter.feed(block, &mut keep).is_continue());
            }
            prop_assert!(splitter.end(&mut keep).is_continue());
            prop_assert_eq!(found, all_forwards(&bytes));
        }
    }
}
