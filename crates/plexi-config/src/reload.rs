use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use figment::value::Dict;
use plexi_core::Clock;
use tokio::sync::watch;

use crate::edit::{Edited, Editor, Edits, Locked, Prepared, content_of, locked, prepare, target};
use crate::error::{ConfigError, Problem, Problems};
use crate::facts::{KeyFacts, facts};
use crate::history::History;
use crate::key::{Path, dotted};
use crate::layer::{find, leaves, put, remove};
use crate::live::Live;
use crate::load::{Loaded, Settings, load_with, origin_of, settings};
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
    version: u64,
    sections: Vec<Publish<T>>,
}

impl<T> State<T> {
    /// Refuses when the configuration is another than the one looked at, or is being changed in the files.
    fn is_as_seen(&self, seen: Option<u64>) -> Result<(), ConfigError> {
        let present = self.version;
        if let Some(seen) = seen.filter(|seen| *seen != present) {
            return Err(ConfigError::Outdated { seen, present });
        }
        for file in &self.loaded.files {
            if content_of(&file.path)?.as_deref() != file.text.as_deref().map(str::as_bytes) {
                return Err(ConfigError::NotTakenOver { path: file.path.clone() });
            }
        }
        Ok(())
    }
}

/// What becomes of a configuration that is to be applied.
struct Plan<T> {
    /// The values in effect afterwards; `None` when they cannot be without a restart.
    running: Option<(Dict, T)>,
    changed: Vec<String>,
    waiting: Vec<String>,
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
        let version = history.as_ref().map_or(Ok(1), |history| history.record(&loaded, clock.now()))?;
        let live = watch::Sender::new(Arc::new(loaded.settings.clone()));
        let running = loaded.merged.clone();
        let state = Mutex::new(State { loaded, running, stamps, version, sections: Vec::new() });
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
        self.reload_into(&mut self.state())
    }

    fn reload_into(&self, state: &mut State<T>) -> Result<Reloaded, ConfigError> {
        // also when the files are not valid: the same mistake is reported once, not at every look
        state.stamps = self.sources.stamps();
        let loaded = load_with::<T>(&self.schema, &self.sources)?;
        let Plan { running, changed, waiting } = self.plan(state, &loaded);
        let version = match &self.history {
            Some(history) => Some(history.record(&loaded, self.clock.now())?),
            None => None,
        };
        let differs = !self.differing(&state.loaded.merged, &loaded.merged).is_empty();
        state.version = version.unwrap_or(state.version + u64::from(differs));
        state.loaded = loaded;
        if let Some((running, settings)) = running {
            state.running = running;
            if !changed.is_empty() {
                for publish in &state.sections {
                    publish(&settings);
                }
                self.live.send_replace(Arc::new(settings));
            }
        }
        Ok(Reloaded { changed, needs_restart: waiting, version })
    }

    /// What becomes of it when `loaded` is applied.
    fn plan(&self, state: &State<T>, loaded: &Loaded<T>) -> Plan<T> {
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
        let keys = |mut paths: Vec<Path>| {
            paths.sort();
            paths.iter().map(|path| dotted(path)).collect()
        };
        let running = mixed.map(|settings| (running, settings));
        Plan { running, changed: keys(changed), waiting: keys(waiting) }
    }

    /// The number of the configuration that is loaded: that of the history, or counted from 1 where none is kept.
    pub fn version(&self) -> u64 {
        self.state().version
    }

    /// The file that changes are written to.
    pub fn file(&self) -> Option<PathBuf> {
        target(&self.sources)
    }

    /// The version, and every key with all that is known about it, in the order of the schema.
    pub fn facts(&self, editor: Editor) -> (u64, Vec<KeyFacts>) {
        let state = self.state();
        (state.version, facts(&self.schema, &state.loaded, &self.live.borrow(), editor))
    }

    /// Has `told` called with the settings at each change, before anybody is answered that it is made.
    pub fn on_change(&self, told: impl Fn(&T) + Send + 'static) {
        self.state().sections.push(Box::new(told));
    }

    /// Checks a change of the configuration file and says what it would do; changes nothing. `seen` is the version that the change
    /// was made upon: when it is another one now, the change is refused.
    pub fn propose(&self, edits: &Edits, editor: Editor, seen: Option<u64>) -> Result<Edited, ConfigError> {
        let state = self.state();
        state.is_as_seen(seen)?;
        let prepared = prepare(&self.schema, &self.sources, &state.loaded.origins, edits, editor)?;
        Ok(self.outcome(&state, &prepared))
    }

    /// Writes a change into the configuration file and applies it. All or nothing: when it is not applied, the file is as before.
    pub fn apply(&self, edits: &Edits, editor: Editor, seen: Option<u64>) -> Result<Edited, ConfigError> {
        let mut state = self.state();
        state.is_as_seen(seen)?;
        let prepared = prepare(&self.schema, &self.sources, &state.loaded.origins, edits, editor)?;
        self.replace(&mut state, &prepared)
    }

    /// Puts the files of a version back and applies them, all or nothing.
    pub fn roll_back(&self, number: u64, editor: Editor, seen: Option<u64>) -> Result<Edited, ConfigError> {
        let mut state = self.state();
        state.is_as_seen(seen)?;
        let history = self.history.as_ref().ok_or(ConfigError::NoVersion(number))?;
        let prepared = history.prepare::<T>(number, &self.sources)?;
        if editor == Editor::Console {
            self.is_for_console(&state, &prepared)?;
        }
        self.replace(&mut state, &prepared)
    }

    fn replace(&self, state: &mut State<T>, prepared: &Prepared<T>) -> Result<Edited, ConfigError> {
        let mut done = self.outcome(state, prepared);
        prepared.write()?;
        match self.reload_into(state) {
            Ok(_) => {
                done.version = Some(state.version);
                Ok(done)
            }
            Err(error) => {
                prepared.put_back()?;
                state.stamps = self.sources.stamps();
                Err(error)
            }
        }
    }

    fn outcome(&self, state: &State<T>, prepared: &Prepared<T>) -> Edited {
        let Plan { changed, waiting, .. } = self.plan(state, &prepared.loaded);
        Edited {
            version: Some(state.version),
            files: prepared.files.iter().map(|file| file.path.clone()).collect(),
            changes: prepared.changes_from(&state.loaded),
            changed,
            needs_restart: waiting,
        }
    }

    /// Refuses when something changes that is not the console's to change.
    fn is_for_console(&self, state: &State<T>, prepared: &Prepared<T>) -> Result<(), ConfigError> {
        let mut problems = Problems::default();
        for path in self.differing(&state.loaded.merged, &prepared.loaded.merged) {
            if let Some(why @ (Locked::Secret | Locked::Machine)) =
                locked(&self.schema, &state.loaded.origins, &path, Editor::Console)
            {
                let key = dotted(&path);
                let origin = origin_of(&state.loaded.origins, &key);
                problems.add(Problem { key, origin, message: why.to_string(), suggestion: None });
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError::Refused(problems)) }
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
}

impl<T: fmt::Debug> fmt::Debug for Reloader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloader").field("live", &self.live.borrow()).finish_non_exhaustive()
    }
}
