//! Reads logs back: the current file, those that were put aside, and those of plugins.

mod entry;
mod files;
mod filter;
mod follow;
mod lines;
mod newest;
mod stats;

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plexi_core::Timestamp;
use serde::Serialize;
use zip::ZipArchive;

use crate::config::LogConfig;
use crate::crash;
use crate::error::LogError;
use crate::file::Place;
use crate::line::fixed_width;

pub use entry::{LogEntry, LogRecord};
pub use files::{LogFileInfo, LogFileKind};
pub use filter::LogFilter;
pub use follow::Follower;
pub use stats::LogSummary;

pub(crate) use entry::Head;
use files::{Opened, Series, ToRead};
use filter::Matcher;
use newest::Newest;

/// The most that [`LogReader::view`] shows of a file.
pub const VIEW_AT_MOST: usize = 4 * 1024 * 1024;
/// The folder of the plugins' logs beside the server's own.
pub(crate) const PLUGINS: &str = "plugins";
/// By how much lines may stand out of order: callers take the time before they hand a line over.
const OUT_OF_ORDER: Duration = Duration::from_mins(1);

/// Which log is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogSource {
    /// The server's own with all that was put aside of it.
    #[default]
    Server,
    /// A plugin's with all that was put aside of it.
    Plugin(String),
    /// One file, as [`LogReader::files`] names it.
    File(String),
}

/// What reading came across.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Scan {
    /// Lines looked at.
    pub lines: u64,
    /// Lines that the filter wanted.
    pub matched: u64,
    /// Files that could not be read, or not to their end.
    pub unreadable: Vec<String>,
}

/// The end of a log file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogView {
    /// The file.
    pub file: String,
    /// Whether the file begins earlier.
    pub cut: bool,
    /// Whole lines of printable ASCII, oldest first.
    pub lines: Vec<String>,
}

impl LogView {
    /// The lines, to be taken apart.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = LogEntry<'_>> {
        self.lines.iter().map(|line| LogEntry::new(&self.file, line.as_bytes()))
    }
}

/// Reads the logs of one server, also while it writes them. Needs no index; its memory does not grow with the files.
///
/// ```
/// use plexi_core::SystemClock;
/// use plexi_core_log::{Level, LogConfig, LogFilter, LogReader, LogSource, Logging};
/// use std::{ops::ControlFlow, sync::Arc};
///
/// let dir = tempfile::tempdir().unwrap();
/// let config = LogConfig { console: false, ..LogConfig::default() };
/// let (dispatch, guard) = Logging::build(&config, dir.path(), Arc::new(SystemClock)).unwrap();
/// tracing::dispatcher::with_default(&dispatch, || {
///     tracing::info!("started");
///     tracing::error!(user = "zoe", "failed");
/// });
/// drop(guard);
///
/// let reader = LogReader::new(&config, dir.path());
/// let errors = LogFilter { level: Some(Level::Error), ..LogFilter::default() };
/// let mut found = Vec::new();
/// reader
///     .backwards(&LogSource::Server, &errors, |entry| {
///         found.push(entry.record().field("user").unwrap().into_owned());
///         ControlFlow::Continue(())
///     })
///     .unwrap();
/// assert_eq!(found, ["zoe"]);
/// ```
#[derive(Clone, Debug)]
pub struct LogReader {
    main: Series,
    plugins: PathBuf,
}

impl LogReader {
    /// Reads what a server with this configuration writes; `base_dir` as in [`init`](crate::init).
    pub fn new(config: &LogConfig, base_dir: &Path) -> Self {
        let place = Place::new(base_dir.join(&config.file.main));
        let plugins = place.folder.join(PLUGINS);
        let current = place.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let main = Series {
            folder: place.folder,
            current: current.unwrap_or_default(),
            stem: place.stem,
            plugin: None,
            prefix: String::new(),
        };
        Self { main, plugins }
    }

    /// All log files: crash logs and the server's own, oldest first, then those of each plugin.
    pub fn files(&self) -> Result<Vec<LogFileInfo>, LogError> {
        let crashes = Series { stem: crash::STEM.to_owned(), current: String::new(), ..self.main.clone() };
        let mut found = crashes.files().map_err(LogError::io("read", &crashes.folder))?;
        for series in [self.main.clone()].into_iter().chain(self.plugin_series()?) {
            found.extend(series.files().map_err(LogError::io("read", &series.folder))?);
        }
        Ok(found)
    }

    fn plugin_series(&self) -> Result<Vec<Series>, LogError> {
        let entries = match fs::read_dir(&self.plugins) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(LogError::io("read", &self.plugins)(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(LogError::io("read", &self.plugins))?;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if let (true, Some(plugin)) = (is_folder, entry.file_name().to_str()) {
                found.push(Series {
                    folder: entry.path(),
                    current: format!("{plugin}.log"),
                    stem: plugin.to_owned(),
                    plugin: Some(plugin.to_owned()),
                    prefix: format!("{PLUGINS}/{plugin}/"),
                });
            }
        }
        found.sort_by(|one, other| one.plugin.cmp(&other.plugin));
        Ok(found)
    }

    fn series(&self, source: &LogSource) -> Result<Series, LogError> {
        let LogSource::Plugin(wanted) = source else { return Ok(self.main.clone()) };
        let found = self.plugin_series()?.into_iter().find(|series| series.plugin.as_ref() == Some(wanted));
        found.ok_or_else(|| LogError::no_file(wanted))
    }

    /// What is read, oldest first, each opened when its turn comes; the current file at once, so that a rotation
    /// meanwhile takes nothing away.
    fn opened(&self, source: &LogSource) -> Result<Vec<ToRead>, LogError> {
        if let LogSource::File(name) = source {
            let found = self.files()?.into_iter().find(|file| file.name == *name);
            return Ok(vec![(found.ok_or_else(|| LogError::no_file(name))?, None)]);
        }
        let series = self.series(source)?;
        series.to_read().map_err(LogError::io("read", &series.folder))
    }

    /// Visits the lines that `filter` wants, oldest first, until `visit` says to stop. A file that cannot be read is told
    /// in the result and does not keep the others from being read.
    pub fn forwards(
        &self,
        source: &LogSource,
        filter: &LogFilter,
        visit: impl FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<Scan, LogError> {
        let files = self.opened(source)?;
        Ok(Search::new(filter, false, visit).run(files))
    }

    /// The same, newest first: the end of a plain file is found without reading what is before it.
    pub fn backwards(
        &self,
        source: &LogSource,
        filter: &LogFilter,
        visit: impl FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<Scan, LogError> {
        let mut files = self.opened(source)?;
        files.reverse();
        Ok(Search::new(filter, true, visit).run(files))
    }

    /// The lines that `filter` wants of the last `tail_bytes` of a file, at most of [`VIEW_AT_MOST`].
    pub fn view(&self, name: &str, filter: &LogFilter, tail_bytes: usize) -> Result<LogView, LogError> {
        let found = self.files()?.into_iter().find(|file| file.name == name);
        let file = found.ok_or_else(|| LogError::no_file(name))?;
        let tail = Opened::open(&file).and_then(|opened| opened.tail(tail_bytes.min(VIEW_AT_MOST)));
        let (bytes, whole) = tail.map_err(LogError::io("read", &file.path))?;
        let mut matcher = Matcher::new(filter);
        let mut lines = bytes.split(|b| *b == b'\n');
        if !whole {
            // begins in the middle of a line
            lines.next();
        }
        let wanted = lines.filter(|line| !line.is_empty() && matcher.fits(line));
        let lines = wanted.map(|line| LogEntry::new(name, line).line().into_owned()).collect();
        Ok(LogView { file: file.name, cut: !whole, lines })
    }

    /// As [`LogReader::backwards`], and then a follower that goes on exactly where that began. A file that was put aside is
    /// not followed.
    pub fn follow(
        &self,
        source: &LogSource,
        filter: &LogFilter,
        visit: impl FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<(Scan, Follower), LogError> {
        let series = match source {
            LogSource::File(name) if *name != self.main.current => return Err(LogError::no_file(name)),
            _ => self.series(source)?,
        };
        let folder = series.folder.clone();
        let (follower, mut files) = Follower::new(series, filter).map_err(LogError::io("read", folder))?;
        files.reverse();
        Ok((Search::new(filter, true, visit).run(files), follower))
    }

    /// Counts the lines that `filter` wants.
    pub fn summary(&self, source: &LogSource, filter: &LogFilter) -> Result<LogSummary, LogError> {
        let mut summary = LogSummary::default();
        let scan = self.forwards(source, filter, |entry| {
            summary.add(&entry);
            ControlFlow::Continue(())
        })?;
        summary.finish(scan);
        Ok(summary)
    }
}

/// One search through files in an order.
struct Search<V> {
    matcher: Matcher,
    turned: bool,
    /// Files put aside before are too old.
    from: Option<Timestamp>,
    /// In this order nothing after a line beyond this is wanted.
    beyond: Option<String>,
    visit: V,
}

impl<V: FnMut(LogEntry<'_>) -> ControlFlow<()>> Search<V> {
    fn new(filter: &LogFilter, turned: bool, visit: V) -> Self {
        let from = filter.from.map(|from| from.minus(OUT_OF_ORDER));
        let beyond =
            if turned { from } else { filter.until.map(|until| until.plus(OUT_OF_ORDER)) }.map(fixed_width);
        Self { matcher: Matcher::new(filter), turned, from, beyond, visit }
    }

    fn run(mut self, files: Vec<ToRead>) -> Scan {
        let mut scan = Scan::default();
        for (file, opened) in files {
            if self.from.zip(file.put_aside).is_some_and(|(from, put_aside)| put_aside < from) {
                continue;
            }
            let opened = opened.map_or_else(|| Opened::open(&file), Ok);
            let read = opened.and_then(|opened| match opened {
                Opened::Archive(archive) if self.turned => {
                    self.turned_archive(&file.name, archive, &mut scan)
                }
                opened => self.one(&file.name, opened, &mut scan),
            });
            match read {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(_) => scan.unreadable.push(file.name),
            }
        }
        scan
    }

    fn one(&mut self, name: &str, opened: Opened, scan: &mut Scan) -> io::Result<ControlFlow<()>> {
        let turned = self.turned;
        let mut visit = |line: &[u8]| {
            scan.lines += 1;
            if self.matcher.fits(line) {
                scan.matched += 1;
                return (self.visit)(LogEntry::new(name, line));
            }
            if self.is_beyond(line) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        if turned { opened.backwards(&mut visit) } else { opened.forwards(&mut visit) }
    }

    /// The text of an archive comes from its start on. So a pass through it keeps the newest lines that are wanted, which are then visited; there is
    /// another pass only for those that did not fit, when somebody still wants them.
    fn turned_archive(
        &mut self,
        name: &str,
        mut archive: ZipArchive<File>,
        scan: &mut Scan,
    ) -> io::Result<ControlFlow<()>> {
        let mut left = u64::MAX;
        while left > 0 {
            let mut newest = Newest::default();
            let mut wanted = 0;
            let mut keep = |line: &[u8]| {
                if wanted == left {
                    return ControlFlow::Break(());
                }
                scan.lines += 1;
                if self.matcher.fits(line) {
                    wanted += 1;
                    newest.push(line);
                }
                ControlFlow::Continue(())
            };
            let read = lines::forwards(&mut archive.by_index(0)?, &mut keep);
            left = newest.let_go();
            while let Some(line) = newest.pop() {
                scan.matched += 1;
                if (self.visit)(LogEntry::new(name, &line)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            // what stands before a damaged place was visited; where it stopped says nothing more
            let _ = read?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn is_beyond(&self, line: &[u8]) -> bool {
        let Some(beyond) = &self.beyond else { return false };
        let time = Head::of(line).time;
        time.is_some_and(|time| if self.turned { time < beyond.as_bytes() } else { time > beyond.as_bytes() })
    }
}
