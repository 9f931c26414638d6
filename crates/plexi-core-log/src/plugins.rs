//! Logs of plugins: each has a file of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use plexi_core::Clock;

use crate::archive::Inbox;
use crate::config::{RotationConfig, WhenFull};
use crate::data_dirs::create_private;
use crate::error::LogError;
use crate::file::{LogFile, Place};
use crate::outlet::{Outlet, OwnLines, to_stderr};
use crate::queue::Queue;

/// The target under which the events of plugins are logged; the field `plugin` says of which one.
///
/// ```
/// use plexi_core_log::PLUGIN_TARGET;
///
/// tracing::info!(target: PLUGIN_TARGET, plugin = "greeter", "hello");
/// ```
pub const PLUGIN_TARGET: &str = "plexi_plugin";

/// How many plugins may have a log open.
const MANY: usize = 256;
/// How much text of one plugin may wait, in bytes.
const CAPACITY: usize = 1024 * 1024;
/// The longest name.
const LONGEST: usize = 64;

/// What a log of a plugin is made from.
pub(crate) struct Parts {
    pub(crate) folder: PathBuf,
    pub(crate) rotation: RotationConfig,
    pub(crate) when_full: WhenFull,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) own: OwnLines,
    pub(crate) inbox: Inbox,
}

/// The logs of plugins that are open.
pub(crate) struct Plugins {
    parts: Parts,
    open: RwLock<BTreeMap<String, PluginLog>>,
    /// Held while a log is opened or closed: a file that is still written to is not put aside. Nobody who logs waits for it.
    turn: Mutex<()>,
}

struct PluginLog {
    queue: Arc<Queue>,
    /// Writes until it is dropped.
    _outlet: Outlet,
}

impl Plugins {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts, open: RwLock::default(), turn: Mutex::default() }
    }

    /// Opens the log of a plugin; one that is open stays as it is.
    pub(crate) fn open(&self, name: &str) -> Result<(), LogError> {
        if !is_name(name) {
            return Err(LogError::PluginName { name: crate::escape_ascii(name) });
        }
        let _turn = self.turn();
        {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            if open.contains_key(name) {
                return Ok(());
            }
            if open.len() >= MANY {
                return Err(LogError::TooManyPlugins { most: MANY });
            }
        }
        let Parts { folder, rotation, when_full, clock, own, inbox } = &self.parts;
        let place = Place::of_plugin(folder, name);
        create_private(&place.folder)?;
        let file = LogFile::open(place, rotation.clone(), Arc::clone(clock), inbox.clone())?;
        let queue = Arc::new(Queue::new(CAPACITY, *when_full));
        let outlet = Outlet::start("log-plugin", Arc::clone(&queue), file, own.clone(), to_stderr(own))?;
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(name.to_owned(), PluginLog { queue, _outlet: outlet });
        Ok(())
    }

    /// Closes the log of a plugin after what waits is written.
    pub(crate) fn close(&self, name: &str) {
        let _turn = self.turn();
        let closed = self.open.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        // outside the lock: it waits for the disk
        drop(closed);
    }

    pub(crate) fn close_all(&self) {
        let _turn = self.turn();
        let closed = std::mem::take(&mut *self.open.write().unwrap_or_else(PoisonError::into_inner));
        for log in closed.values() {
            log.queue.close();
        }
        // each is waited for, and all have begun to end
        drop(closed);
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way to the log of a plugin, when it is open.
    pub(crate) fn queue(&self, name: &str) -> Option<Arc<Queue>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(name).map(|log| Arc::clone(&log.queue))
    }

    /// All ways.
    pub(crate) fn queues(&self) -> Vec<Arc<Queue>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.values().map(|log| Arc::clone(&log.queue)).collect()
    }
}

/// Whether a plugin may have this name: it becomes the name of a folder and of a file, on every system.
pub(crate) fn is_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    let ends = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    bytes.len() <= LONGEST && ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(|b| inner(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_that_no_system_takes_for_something_else() {
        for good in ["greeter", "a", "7", "org.example.bot-2", "under_score", &"x".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        let bad = [
            "", ".", "..", "../x", "a/b", "a\\b", "a b", "Greeter", ".hidden", "dot.", "-x", "\u{e9}", "a\0",
        ];
        for bad in bad.iter().copied().chain([&*"x".repeat(65)]) {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
