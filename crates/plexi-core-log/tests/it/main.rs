//! Logging as a server uses it: real files in a folder of their own, a clock that stands still.

#![expect(clippy::unwrap_used, reason = "the tests' own set-up fails the test")]

mod crashes;
mod files;
mod keeping;
mod lines;
mod plugins;
mod reading;
mod sinks;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plexi_core::{ManualClock, Timestamp};
use plexi_core_log::{LogConfig, LogGuard, Logging};
use tempfile::TempDir;
use tracing::Dispatch;

/// Long enough for any machine; nothing waits that long unless it fails.
const PATIENCE: Duration = Duration::from_secs(30);

struct Server {
    clock: Arc<ManualClock>,
    dir: TempDir,
}

impl Server {
    fn new() -> Self {
        let start = Timestamp::parse("2026-11-21T09:30:00.123456Z").unwrap();
        Self { clock: Arc::new(ManualClock::new(start)), dir: tempfile::tempdir().unwrap() }
    }

    fn build(&self, config: &LogConfig) -> (Dispatch, LogGuard) {
        Logging::build(config, self.dir.path(), self.clock.clone()).unwrap()
    }

    /// One run of the server, from opening the log to closing it.
    fn run(&self, config: &LogConfig, work: impl FnOnce()) {
        let (dispatch, guard) = self.build(config);
        assert!(guard.handle().wait_for_archives(PATIENCE));
        tracing::dispatcher::with_default(&dispatch, work);
    }

    fn logs(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    fn latest(&self) -> String {
        std::fs::read_to_string(self.logs().join("latest.txt")).unwrap()
    }

    /// Names of the files in the folder of logs, sorted, without the lock and the room for a crash log.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.logs()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }
}

fn quiet() -> LogConfig {
    LogConfig { console: false, ..LogConfig::default() }
}

fn unzip(path: &Path) -> (String, String) {
    use std::io::Read as _;
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    assert_eq!(zip.len(), 1);
    let mut entry = zip.by_index(0).unwrap();
    let mut text = String::new();
    entry.read_to_string(&mut text).unwrap();
    (entry.name().unwrap().into_owned(), text)
}
