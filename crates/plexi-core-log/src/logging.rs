use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use plexi_core::Clock;
use tracing::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::archive::{Archive, Inbox, Retention, Rules};
use crate::config::LogConfig;
use crate::crash::{CrashLog, Witness};
use crate::error::LogError;
use crate::fields::{Forms, Value};
use crate::file::{FolderLock, LogFile, Place};
use crate::layer::{LogLayer, Tap, Threshold};
use crate::level::{LevelChange, LevelSpec, Levels, LogLevels};
use crate::outlet::{Console, Outlet, OwnLines, end_all, to_stderr};
use crate::plugins::{Parts, Plugins};
use crate::queue::{CAPACITY, Queue};
use crate::sinks::Opening;

/// How long console and sinks may take together to write what waits at the end.
const CLOSING: Duration = Duration::from_secs(10);
/// The longest name of a target whose level is changed while running.
const MAX_TARGET: usize = 200;
/// How many targets have levels of their own, once one was changed while running.
const MAX_TARGETS: usize = 100;

/// Installs logging for the whole process.
///
/// A relative `file.main` lies below `base_dir`. Keep the guard until the end of `main`.
pub fn init(config: &LogConfig, base_dir: &Path, clock: Arc<dyn Clock>) -> Result<LogGuard, LogError> {
    let (dispatch, guard) = Logging::build(config, base_dir, clock)?;
    tracing::dispatcher::set_global_default(dispatch).map_err(|_| LogError::Installed)?;
    Ok(guard)
}

/// Builds logging.
#[derive(Debug, Clone, Copy)]
pub struct Logging;

impl Logging {
    /// Builds logging without installing it: for two servers in one process, and for tests.
    ///
    /// Puts the log of the last run aside and opens a fresh one at once; zipping goes on in the background.
    pub fn build(
        config: &LogConfig,
        base_dir: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<(Dispatch, LogGuard), LogError> {
        if let Some(problem) = config.problems().into_iter().next() {
            return Err(LogError::Setting(problem));
        }
        let place = Place::new(base_dir.join(&config.file.main));
        let lock = FolderLock::take(&place.folder)?;
        let own = OwnLines { format: config.format, clock: Arc::clone(&clock) };
        let to_file = Arc::new(Queue::new(CAPACITY, config.when_full));
        let retention = Arc::new(Retention::default());
        retention.set(config);
        let rules = Rules {
            place: place.clone(),
            compress: config.rotation.compress,
            retention: Arc::clone(&retention),
            clock: Arc::clone(&clock),
        };
        let (archive, inbox) = Archive::start(rules, Arc::clone(&to_file), own.clone())?;
        let file = LogFile::open(place.clone(), config.rotation.clone(), Arc::clone(&clock), inbox.clone())?;
        let file = Outlet::start("log-file", Arc::clone(&to_file), file, own.clone(), to_stderr(&own))?;
        let failures = file.failures();
        let plugins = config.plugins.enabled.then(|| {
            Arc::new(Plugins::new(Parts {
                folder: place.folder.clone(),
                rotation: config.rotation.clone(),
                when_full: config.when_full,
                clock: Arc::clone(&clock),
                own: own.clone(),
                inbox: inbox.clone(),
            }))
        });
        let crash = config.crash.enabled.then(|| {
            let (queue, own, clock) = (Arc::clone(&to_file), own.clone(), Arc::clone(&clock));
            Arc::new(CrashLog::new(&config.crash, Witness { place, queue, own, clock }))
        });
        let mut outlets = vec![file];
        let tap = |queue: Arc<Queue>, format, level| {
            let threshold = Arc::new(Threshold::new(level));
            Tap { queue, format, threshold }
        };
        let mut taps = vec![tap(Arc::clone(&to_file), config.format, config.file.level)];
        let mut names = vec!["file".to_owned()];
        if config.console {
            let queue = Arc::new(Queue::new(CAPACITY, config.when_full));
            let resort = to_stderr(&own);
            outlets.push(Outlet::start("log-console", Arc::clone(&queue), Console, own.clone(), resort)?);
            taps.push(tap(queue, config.format, config.console_level));
            names.push("console".to_owned());
        }
        let program = program();
        for (name, sink) in &config.sinks {
            let opening = Opening { name, config: sink, program: &program, log: &to_file, own: &own };
            let format = sink.queued_as(config);
            let (queue, outlet) = opening.start(format)?;
            outlets.push(outlet);
            taps.push(tap(queue, format, sink.level));
            names.push(format!("sinks.{name}"));
        }
        let stacktraces = Arc::new(AtomicBool::new(config.debug_stacktraces));
        let levels = Arc::new(RwLock::new(Levels::new(&config.levels())));
        let handle = LogHandle {
            levels: Arc::downgrade(&levels),
            queues: taps.iter().map(|tap| Arc::clone(&tap.queue)).collect(),
            names,
            thresholds: taps.iter().map(|tap| Arc::clone(&tap.threshold)).collect(),
            stacktraces: Arc::clone(&stacktraces),
            retention,
            inbox,
            failures,
            plugins: plugins.as_ref().map(Arc::downgrade),
            crash: crash.as_ref().map(Arc::downgrade),
        };
        let layer = LogLayer {
            id: layer_id(),
            changes: AtomicU64::new(0),
            forms: Forms::of(taps.iter().map(|tap| tap.format).chain([config.format])),
            taps,
            format: config.format,
            plugins: plugins.clone(),
            clock,
            stacktraces,
            levels,
        };
        let dispatch = Dispatch::new(Registry::default().with(layer));
        let archive = Some(archive);
        Ok((dispatch, LogGuard { handle, outlets, plugins, archive, crash, own, _lock: lock }))
    }
}

/// A number that no other layer of this process has.
fn layer_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// What the program is called, for those who gather the logs of many.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = name.chars().map(plain).take(48).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

/// Keeps logging alive. Dropping it writes what waits and frees the folder; nothing is logged after.
#[must_use = "dropping the guard ends logging"]
pub struct LogGuard {
    handle: LogHandle,
    outlets: Vec<Outlet>,
    plugins: Option<Arc<Plugins>>,
    archive: Option<Archive>,
    crash: Option<Arc<CrashLog>>,
    own: OwnLines,
    _lock: FolderLock,
}

impl LogGuard {
    /// Writes a crash log for each panic of this process from now on, until this guard is dropped. `build` says in it what
    /// crashed, for instance name and version of the program. Does nothing when crash logs are switched off.
    pub fn catch_panics(&self, build: &str) {
        if let Some(crash) = &self.crash {
            crash.catch_panics(build);
        }
    }

    /// A handle to steer logging with.
    pub fn handle(&self) -> LogHandle {
        self.handle.clone()
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        // the archive may still report into the file: it goes first
        self.archive = None;
        if let Some(plugins) = &self.plugins {
            plugins.close_all();
        }
        // the file is the first: it takes what the others tell at their end
        let others = self.outlets.split_off(1);
        for left in end_all(others, Instant::now() + CLOSING) {
            let name = self.handle.names.get(left.nth + 1).map_or("", String::as_str);
            let name = name.strip_prefix("sinks.").unwrap_or(name);
            let fields = [
                ("sink", Value::Text(name)),
                ("count", Value::Unsigned(left.count)),
                ("error", Value::Text("it did not take them in time")),
            ];
            if let Some(file) = self.handle.queues.first() {
                file.tell(&self.own.warn("log lines were lost at the end", &fields));
            }
        }
    }
}

impl fmt::Debug for LogGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogGuard").field("stats", &self.handle.stats()).finish_non_exhaustive()
    }
}

/// What logging has done since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LogStats {
    /// Lines written to the file.
    pub written: u64,
    /// Lines lost on the way to the file.
    pub lost: u64,
    /// Writes to the file that failed; each was tried again.
    pub failed_writes: u64,
}

/// How many lines went to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkCount {
    /// Where: `file`, `console` or `sinks.NAME`.
    pub name: String,
    /// Lines written.
    pub written: u64,
    /// Lines lost on the way.
    pub lost: u64,
}

/// Changes levels while running, flushes, counts. Cheap to clone.
#[derive(Clone)]
pub struct LogHandle {
    levels: Weak<RwLock<Levels>>,
    queues: Vec<Arc<Queue>>,
    /// What they are called.
    names: Vec<String>,
    /// How severe events must be for file, console and sinks, in this order.
    thresholds: Vec<Arc<Threshold>>,
    stacktraces: Arc<AtomicBool>,
    retention: Arc<Retention>,
    inbox: Inbox,
    failures: Arc<AtomicU64>,
    plugins: Option<Weak<Plugins>>,
    crash: Option<Weak<CrashLog>>,
}

impl LogHandle {
    /// Replaces all levels, for instance by `info,plexi_web=debug`.
    pub fn set_level(&self, spec: &str) -> Result<(), LogError> {
        self.set_levels(&spec.parse()?)
    }

    /// Replaces all levels.
    pub fn set_levels(&self, spec: &LevelSpec) -> Result<(), LogError> {
        let levels = self.levels.upgrade().ok_or(LogError::Stopped)?;
        *levels.write().unwrap_or_else(PoisonError::into_inner) = Levels::new(spec);
        tracing::callsite::rebuild_interest_cache();
        Ok(())
    }

    /// The levels as they are.
    pub fn levels(&self) -> Result<LogLevels, LogError> {
        let levels = self.levels.upgrade().ok_or(LogError::Stopped)?;
        let LevelSpec { level, targets } =
            levels.read().unwrap_or_else(PoisonError::into_inner).spec().clone();
        let sinks = self.names.iter().cloned().zip(self.thresholds.iter().map(|threshold| threshold.get()));
        Ok(LogLevels { level, targets, sinks: sinks.collect() })
    }

    /// Changes single levels, all of them or none. They count until the next start, or until the configuration is applied again.
    pub fn change_levels(&self, change: &LevelChange) -> Result<LogLevels, LogError> {
        let mut chosen = Vec::new();
        for (name, level) in &change.sinks {
            let known = self.names.iter().position(|known| known == name);
            let threshold = known.and_then(|nth| self.thresholds.get(nth));
            chosen.push((threshold.ok_or_else(|| LogError::no_sink(name))?, *level));
        }
        let LogLevels { level, mut targets, .. } = self.levels()?;
        for (target, level) in &change.targets {
            if target.is_empty() || target.len() > MAX_TARGET {
                return Err(LogError::Targets(format!("a target has 1 to {MAX_TARGET} characters")));
            }
            match level {
                Some(level) => drop(targets.insert(target.clone(), *level)),
                None => drop(targets.remove(target)),
            }
        }
        if targets.len() > MAX_TARGETS {
            return Err(LogError::Targets(format!("at most {MAX_TARGETS} targets have levels of their own")));
        }
        self.set_levels(&LevelSpec { level: change.level.unwrap_or(level), targets })?;
        for (threshold, level) in chosen {
            threshold.set(level);
        }
        self.levels()
    }

    /// Takes over what may change while running: all levels, `debug_stacktraces`, and `retention_days` and `retention_max_mb`,
    /// which count when the next file is put aside.
    pub fn apply(&self, config: &LogConfig) -> Result<(), LogError> {
        self.stacktraces.store(config.debug_stacktraces, Ordering::Relaxed);
        self.retention.set(config);
        let console = config.console.then_some(config.console_level);
        let sinks = config.sinks.values().map(|sink| sink.level);
        let levels = [config.file.level].into_iter().chain(console).chain(sinks);
        for (threshold, level) in self.thresholds.iter().zip(levels) {
            threshold.set(level);
        }
        self.set_levels(&config.levels())
    }

    /// Opens the log of a plugin, `plugins/<name>/<name>.log` beside the server's own: from now on the plugin's events, which are
    /// logged under [`PLUGIN_TARGET`](crate::PLUGIN_TARGET), go there. One that is open stays so. Does nothing when plugins have no
    /// logs of their own.
    pub fn open_plugin(&self, name: &str) -> Result<(), LogError> {
        match &self.plugins {
            None => Ok(()),
            Some(plugins) => plugins.upgrade().ok_or(LogError::Stopped)?.open(name),
        }
    }

    /// Closes the log of a plugin after what waits is written; what it logs later goes where all events go.
    pub fn close_plugin(&self, name: &str) {
        if let Some(plugins) = self.plugins.as_ref().and_then(Weak::upgrade) {
            plugins.close(name);
        }
    }

    /// Waits until everything logged before is written; `false` when that takes longer than `patience`.
    pub fn flush(&self, patience: Duration) -> bool {
        let plugins = self.plugins.as_ref().and_then(Weak::upgrade);
        let plugins = plugins.map(|plugins| plugins.queues()).unwrap_or_default();
        self.queues.iter().chain(&plugins).all(|queue| queue.flush(patience))
    }

    /// Waits until all files that were put aside are zipped; `false` when that takes longer than `patience`.
    pub fn wait_for_archives(&self, patience: Duration) -> bool {
        self.inbox.wait_until_empty(patience)
    }

    /// Writes a crash log: the end of the log, `reason`, a backtrace, build and uptime. Its path; `None` when crash logs are
    /// switched off or it could not be written. For the error that ends a program.
    pub fn write_crash(&self, reason: &str) -> Option<PathBuf> {
        self.crash.as_ref()?.upgrade()?.write(reason)
    }

    /// How many lines were written to each place and lost on the way to it: `file`, `console`, `sinks.NAME`.
    pub fn counts(&self) -> Vec<SinkCount> {
        let counted = |(name, queue): (&String, &Arc<Queue>)| {
            let (written, lost) = queue.counts();
            SinkCount { name: name.clone(), written, lost }
        };
        self.names.iter().zip(&self.queues).map(counted).collect()
    }

    /// What was written and lost.
    pub fn stats(&self) -> LogStats {
        let (written, lost) = self.queues.first().map(|queue| queue.counts()).unwrap_or_default();
        LogStats { written, lost, failed_writes: self.failures.load(Ordering::Relaxed) }
    }
}

impl fmt::Debug for LogHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogHandle").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
