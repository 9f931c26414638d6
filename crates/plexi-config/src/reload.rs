use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use figment::value::Dict;
use plexi_core::Clock;
use tokio::sync::watch;

use crate::error::ConfigError;
use crate::history::History;
use crate::key::{Path, dotted};
use crate::layer::{find, leaves, put, remove};
use crate::live::Live;
use crate::load::{Loaded, Settings, load_with, settings};
use crate::origin::Origin;
use crate::schema::ConfigSchema;
use crate::sources::Sources;

/// What a reload did.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reloaded {
    /// Keys that changed and are in effect now.
    pub changed: Vec<String>,
    /// Keys whose values differ from the running ones and take effect at the next start.
    pub needs_restart: Vec<String>,
    /// The number of this configuration in the history, if one is kept.
    pub version: Option<u64>,
}

type Publish<T> = Box<dyn Fn(&T) + Send>;
type Stamps = Vec<Option<(SystemTime, u64)>>;

struct State<T> {
    loaded: Loaded<T>,
    /// The values in effect; differs from `loaded` in keys that need a restart.
    running: Dict,
    stamps: Stamps,
    sections: Vec<Publish<T>>,
}

/// Holds the configuration of a running server and changes it, all or nothing.
pub struct Reloader<T> {
    sources: Sources,
    schema: ConfigSchema,
    history: Option<History>,
    clock: Arc<dyn Clock>,
    live: watch::Sender<Arc<T>>,
    state: Mutex<State<T>>,
}

impl<T: Settings> Reloader<T> {
    /// Loads the configuration and keeps it in the history, if there is one.
    pub fn start(
        sources: Sources,
        history: Option<History>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let schema = ConfigSchema::of::<T>();
        // taken before the files are read: a change in between is seen as one
        let stamps = sources.stamps();
        let loaded = load_with::<T>(&schema, &sources)?;
        if let Some(history) = &history {
            history.record(&loaded, clock.now())?;
        }
        let live = watch::Sender::new(Arc::new(loaded.settings.clone()));
        let running = loaded.merged.clone();
        let state = Mutex::new(State { loaded, running, stamps, sections: Vec::new() });
        Ok(Self { sources, schema, history, clock, live, state })
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // the state is replaced whole: a panic elsewhere does not spoil it
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings in effect, and word of changes.
    pub fn live(&self) -> Live<T> {
        Live::new(self.live.subscribe())
    }

    /// One section of the settings in effect, told only when the section itself changes.
    pub fn section<U>(&self, section: impl Fn(&T) -> U + Send + 'static) -> Live<U>
    where
        U: PartialEq + Send + Sync + 'static,
    {
        let mut state = self.state();
        let (sender, receiver) = watch::channel(Arc::new(section(&self.live.borrow())));
        state.sections.push(Box::new(move |settings| {
            let new = section(settings);
            sender.send_if_modified(|current| {
                let differs = **current != new;
                if differs {
                    *current = Arc::new(new);
                }
                differs
            });
        }));
        Live::new(receiver)
    }

    /// What was loaded last, with the origin of every key; keys that need a restart may differ from
    /// [`Reloader::live`].
    pub fn loaded(&self) -> Loaded<T> {
        self.state().loaded.clone()
    }

    /// The origin of every key.
    pub fn origins(&self) -> BTreeMap<String, Origin> {
        self.state().loaded.origins.clone()
    }

    /// The schema of the settings.
    pub fn schema(&self) -> &ConfigSchema {
        &self.schema
    }

    /// The history, if one is kept.
    pub fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// Whether a configuration file has changed since it was last read, by its time and length.
    pub fn changed_since_load(&self) -> bool {
        let now = self.sources.stamps();
        self.state().stamps != now
    }

    /// Reads all layers again and applies them; when anything is not valid, nothing changes.
    pub fn reload(&self) -> Result<Reloaded, ConfigError> {
        let mut state = self.state();
        let stamps = self.sources.stamps();
        // also when the files are not valid: the same mistake is reported once, not at every look
        state.stamps = stamps;
        let loaded = load_with::<T>(&self.schema, &self.sources)?;
        let all = self.differing(&state.running, &loaded.merged);
        let (mut waiting, mut changed): (Vec<Path>, Vec<Path>) =
            all.into_iter().partition(|path| self.schema.needs_restart(path));
        let mut running = loaded.merged.clone();
        for path in &waiting {
            match find(&state.running, path) {
                Some(old) => put(&mut running, path, old.clone()),
                None => drop(remove(&mut running, path)),
            }
        }
        let mixed = settings::<T>(&running).ok().filter(|settings| settings.validate().is_empty());
        if mixed.is_none() {
            // the new values are valid only together with those that need a restart
            waiting.append(&mut changed);
        }
        let version = match &self.history {
            Some(history) => Some(history.record(&loaded, self.clock.now())?),
            None => None,
        };
        state.loaded = loaded;
        if let Some(settings) = mixed {
            state.running = running;
            if !changed.is_empty() {
                for publish in &state.sections {
                    publish(&settings);
                }
                self.live.send_replace(Arc::new(settings));
            }
        }
        let keys = |mut paths: Vec<Path>| {
            paths.sort();
            paths.iter().map(|path| dotted(path)).collect()
        };
        Ok(Reloaded { changed: keys(changed), needs_restart: keys(waiting), version })
    }

    fn differing(&self, old: &Dict, new: &Dict) -> Vec<Path> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        leaves(self.schema.root(), old, &Path::new(), &mut before);
        leaves(self.schema.root(), new, &Path::new(), &mut after);
        let paths: BTreeSet<Path> = before.into_iter().chain(after).collect();
        // as JSON, where a number is the same whatever its width
        let value = |dict, path: &Path| find(dict, path).and_then(|value| serde_json::to_value(value).ok());
        let empty = |found: &Option<serde_json::Value>| {
            found.as_ref().and_then(serde_json::Value::as_object).is_some_and(serde_json::Map::is_empty)
        };
        let differs = |path: &Path| {
            let (old, new) = (value(old, path), value(new, path));
            // a table that was or became empty is told by its entries
            let section = self.schema.at(path).is_some_and(|shape| shape.is_section());
            old != new && !(section && (empty(&old) || empty(&new)))
        };
        paths.into_iter().filter(|path| differs(path)).collect()
    }

    /// Puts the files of a version back ([`History::put_back`]) and reloads.
    pub fn roll_back(&self, number: u64) -> Result<Reloaded, ConfigError> {
        let history = self.history.as_ref().ok_or(ConfigError::NoVersion(number))?;
        history.put_back::<T>(number, &self.sources)?;
        self.reload()
    }
}

impl<T: fmt::Debug> fmt::Debug for Reloader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloader").field("live", &self.live.borrow()).finish_non_exhaustive()
    }
}
