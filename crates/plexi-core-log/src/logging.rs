use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use plexi_core::Clock;
use tracing::Dispatch;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::archive::{Archive, Inbox, Retention, Rules};
use crate::config::LogConfig;
use crate::crash::{CrashLog, Witness};
use crate::error::LogError;
use crate::fields::Forms;
use crate::file::{FolderLock, LogFile, Place};
use crate::layer::{LogLayer, Tap};
use crate::level::{LevelSpec, Levels};
use crate::outlet::{Console, Outlet, OwnLines, to_stderr};
use crate::queue::{CAPACITY, Queue};

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
        let file = Outlet::start("log-file", Arc::clone(&to_file), file, own.clone(), to_stderr())?;
        let failures = file.failures();
        let crash = config.crash.enabled.then(|| {
            let (queue, own, clock) = (Arc::clone(&to_file), own.clone(), Arc::clone(&clock));
            Arc::new(CrashLog::new(&config.crash, Witness { place, queue, own, clock }))
        });
        let mut outlets = vec![file];
        let mut queues = vec![to_file];
        if config.console {
            let to_console = Arc::new(Queue::new(CAPACITY, config.when_full));
            outlets.push(Outlet::start("log-console", Arc::clone(&to_console), Console, own, to_stderr())?);
            queues.push(to_console);
        }
        let stacktraces = Arc::new(AtomicBool::new(config.debug_stacktraces));
        let levels = Arc::new(RwLock::new(Levels::new(&config.levels())));
        let tap = |queue: &Arc<Queue>| Tap { queue: Arc::clone(queue), format: config.format };
        let layer = LogLayer {
            taps: queues.iter().map(tap).collect(),
            forms: Forms::of([config.format]),
            clock,
            stacktraces: Arc::clone(&stacktraces),
            levels: Arc::clone(&levels),
        };
        let levels = Arc::downgrade(&levels);
        let dispatch = Dispatch::new(Registry::default().with(layer));
        let handle = LogHandle {
            levels,
            queues,
            stacktraces,
            retention,
            inbox,
            failures,
            crash: crash.as_ref().map(Arc::downgrade),
        };
        Ok((dispatch, LogGuard { handle, outlets, archive: Some(archive), crash, _lock: lock }))
    }
}

/// Keeps logging alive. Dropping it writes what waits and frees the folder; nothing is logged after.
#[must_use = "dropping the guard ends logging"]
pub struct LogGuard {
    handle: LogHandle,
    outlets: Vec<Outlet>,
    archive: Option<Archive>,
    crash: Option<Arc<CrashLog>>,
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
        self.outlets.clear();
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

/// Changes levels while running, flushes, counts. Cheap to clone.
#[derive(Clone)]
pub struct LogHandle {
    levels: Weak<RwLock<Levels>>,
    queues: Vec<Arc<Queue>>,
    stacktraces: Arc<AtomicBool>,
    retention: Arc<Retention>,
    inbox: Inbox,
    failures: Arc<AtomicU64>,
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

    /// Takes over what may change while running: levels, `debug_stacktraces`, `retention_days` and `retention_max_mb`, which
    /// count when the next file is put aside.
    pub fn apply(&self, config: &LogConfig) -> Result<(), LogError> {
        self.stacktraces.store(config.debug_stacktraces, Ordering::Relaxed);
        self.retention.set(config);
        self.set_levels(&config.levels())
    }

    /// Waits until everything logged before is written; `false` when that takes longer than `patience`.
    pub fn flush(&self, patience: Duration) -> bool {
        self.queues.iter().all(|queue| queue.flush(patience))
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
