//! Follows a log while it is written and put aside.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::ControlFlow;

use plexi_core::Timestamp;

use super::entry::LogEntry;
use super::files::{LogFileInfo, LogFileKind, Opened, Series, ToRead, is_same, look};
use super::filter::{LogFilter, Matcher};
use super::lines::{Splitter, Visit, end_of_lines};
use crate::error::LogError;

/// Tells what was added to a log since it was asked last, through any number of rotations.
pub struct Follower {
    series: Series,
    matcher: Matcher,
    /// The file that is read; it stays open, whatever it is called by now.
    file: Option<File>,
    /// How far.
    at: u64,
    splitter: Splitter,
    /// When the newest file that is behind us was put aside.
    behind: Option<Timestamp>,
}

impl Follower {
    /// A follower that goes on where the files that come with it end.
    pub(crate) fn new(series: Series, filter: &LogFilter) -> io::Result<(Self, Vec<ToRead>)> {
        let (mut file, listed) = series.at_once()?;
        let at = file.as_mut().map_or(Ok(0), |file| end_of_lines(file))?;
        let mut current = file.as_ref().map(File::try_clone).transpose()?;
        let behind = listed.iter().filter_map(|file| file.put_aside).max();
        let take = |file: LogFileInfo| match file.kind {
            LogFileKind::Current => (file, current.take().map(|file| Opened::Plain(file, at))),
            _ => (file, None),
        };
        let files = listed.into_iter().map(take).collect();
        let (matcher, splitter) = (Matcher::new(filter), Splitter::default());
        Ok((Self { series, matcher, file, at, splitter, behind }, files))
    }

    /// Visits the whole lines that came since the last call and that the filter wants.
    pub fn poll(&mut self, mut visit: impl FnMut(LogEntry<'_>)) -> Result<(), LogError> {
        let folder = self.series.folder.clone();
        self.advance(&mut visit).map_err(LogError::io("read", folder))
    }

    fn advance(&mut self, visit: &mut dyn FnMut(LogEntry<'_>)) -> io::Result<()> {
        // before the file is read to its end: a file that is put aside after this look is left for the next call
        let there = look(&self.series.path())?;
        let name = self.series.current_name();
        let Self { matcher, splitter, file, at, .. } = self;
        let mut give = |line: &[u8]| {
            if matcher.fits(line) {
                visit(LogEntry::new(&name, line));
            }
            ControlFlow::Continue(())
        };
        let was = match file {
            Some(open) => {
                read_rest(open, at, splitter, &mut give)?;
                Some(open.metadata()?)
            }
            None => None,
        };
        let unchanged = match (&was, &there) {
            (Some(was), Some(there)) => is_same(was, there),
            (_, None) => true,
            (None, Some(_)) => false,
        };
        if unchanged {
            return Ok(());
        }
        // put aside: what it held is told to its end, then what was put aside after it
        let _ = splitter.end(&mut give);
        let (current, files) = self.series.at_once()?;
        let newer = files.into_iter().filter(|file| file.put_aside > self.behind);
        let mut newer: Vec<_> = newer.filter(|file| file.kind != LogFileKind::Current).collect();
        if let Some(last) = newer.last() {
            self.behind = last.put_aside;
        }
        if was.is_some() && !newer.is_empty() {
            newer.remove(0);
        }
        for between in &newer {
            let _ = Opened::open(between)?.forwards(&mut give)?;
        }
        (*file, *at) = (current, 0);
        file.as_mut().map_or(Ok(()), |open| read_rest(open, at, splitter, &mut give))
    }
}

fn read_rest(file: &mut File, at: &mut u64, splitter: &mut Splitter, give: Visit<'_>) -> io::Result<()> {
    // the server takes back part of a line that it could not write whole
    let there = file.metadata()?.len().min(*at);
    splitter.take_back(*at - there);
    *at = there;
    file.seek(SeekFrom::Start(*at))?;
    let mut block = vec![0; 64 * 1024];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(read) => {
                *at += read as u64;
                let _ = splitter.feed(&block[..read], give);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
