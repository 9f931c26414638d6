//! Changes of the configuration by hand, one key at a time: checked whole before anything is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::document::Document;
use crate::error::{ConfigError, Problem, Problems};
use crate::history::{Change, changes, write_atomically};
use crate::key::{Path, dotted};
use crate::layer::{Layer, find, read_text};
use crate::load::{Loaded, Settings, load_with, origin_of};
use crate::origin::Origin;
use crate::schema::ConfigSchema;
use crate::sources::{MAX_FILE, Sources};
use crate::suggest::nearest;

/// The most keys changed at once.
const MAX_EDITS: usize = 100;

/// New values by key; null takes a key out of the file, so that a weaker layer or the default counts again.
pub type Edits = BTreeMap<String, Json>;

/// Who changes the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Editor {
    /// Somebody who is on the machine anyway. Changes everything but secrets.
    Operator,
    /// Somebody who signed in from elsewhere. Keys marked `x-console: false` are not theirs: with them somebody who stole a session could
    /// run programs, read files or lock everybody out.
    Console,
}

/// What a change does, or would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edited {
    /// The number of the configuration that it was made upon, or that it became; there is none where no server runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The files that it writes.
    pub files: Vec<PathBuf>,
    /// The keys whose values differ afterwards. Secrets are hidden.
    pub changes: Vec<Change>,
    /// Those that take effect at once.
    pub changed: Vec<String>,
    /// Those that take effect at the next start, also from changes before this one.
    pub needs_restart: Vec<String>,
}

/// New texts of files, checked as a whole and not written yet.
pub(crate) struct Prepared<T> {
    pub(crate) files: Vec<NewText>,
    pub(crate) loaded: Loaded<T>,
}

/// A file with the text that it shall have, and the one that it had.
pub(crate) struct NewText {
    pub(crate) path: PathBuf,
    pub(crate) before: Option<Vec<u8>>,
    pub(crate) after: String,
}

impl<T: Settings> Prepared<T> {
    /// What differs from `loaded`.
    pub(crate) fn changes_from(&self, loaded: &Loaded<T>) -> Vec<Change> {
        let json = |loaded: &Loaded<T>| serde_json::to_value(&loaded.settings).unwrap_or_default();
        changes(&json(loaded), &json(&self.loaded))
    }

    /// Writes the files, each whole or not at all. When one cannot be written, those before it are as they were.
    pub(crate) fn write(&self) -> Result<(), ConfigError> {
        write_all(&self.files)
    }

    /// Puts the former texts back.
    pub(crate) fn put_back(&self) -> Result<(), ConfigError> {
        self.files.iter().try_for_each(NewText::put_back)
    }
}

fn write_all(files: &[NewText]) -> Result<(), ConfigError> {
    for (nth, file) in files.iter().enumerate() {
        if let Err(error) = file.write() {
            files[..nth].iter().try_for_each(NewText::put_back)?;
            return Err(error);
        }
    }
    Ok(())
}

impl NewText {
    fn write(&self) -> Result<(), ConfigError> {
        if let Some(folder) = self.path.parent().filter(|_| self.before.is_none()) {
            fs::create_dir_all(folder).map_err(ConfigError::io("create", folder))?;
        }
        write_atomically(&self.path, self.after.as_bytes()).map_err(ConfigError::io("write", &self.path))
    }

    fn put_back(&self) -> Result<(), ConfigError> {
        match &self.before {
            Some(bytes) => write_atomically(&self.path, bytes),
            None => fs::remove_file(&self.path),
        }
        .map_err(ConfigError::io("write", &self.path))
    }
}

/// The content of a file; `None` when there is none.
pub(crate) fn content_of(path: &FilePath) -> Result<Option<Vec<u8>>, ConfigError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError::io("read", path)(error)),
    }
}

/// The file that changes are written to: the strongest that is there, else the first.
pub(crate) fn target(sources: &Sources) -> Option<PathBuf> {
    let paths = sources.paths();
    paths.iter().rev().find(|path| path.exists()).or_else(|| paths.first()).cloned()
}

/// Makes the text that the file has after `edits` and checks it with all other layers. Writes nothing.
pub(crate) fn prepare<T: Settings>(
    schema: &ConfigSchema,
    sources: &Sources,
    origins: &BTreeMap<String, Origin>,
    edits: &Edits,
    editor: Editor,
) -> Result<Prepared<T>, ConfigError> {
    let mut problems = Problems::default();
    let mut refuse = |key: &str, origin: Origin, message: String, suggestion: Option<String>| {
        problems.add(Problem { key: key.to_owned(), origin, message, suggestion });
    };
    let Some(path) = target(sources) else {
        refuse("", Origin::Default, "there is no configuration file to write to".to_owned(), None);
        return Err(ConfigError::Refused(problems));
    };
    let before = content_of(&path)?;
    let in_file = |place| Origin::File { path: path.clone(), place };
    if edits.len() > MAX_EDITS {
        refuse("", in_file(None), format!("at most {MAX_EDITS} keys are changed at once"), None);
        return Err(ConfigError::Refused(problems));
    }
    let text = std::str::from_utf8(before.as_deref().unwrap_or_default());
    let read = text.map_err(|error| error.to_string()).and_then(Document::read);
    let mut document = match read {
        Ok(document) => document,
        Err(message) => {
            refuse("", in_file(None), message, None);
            return Err(ConfigError::Refused(problems));
        }
    };
    for (key, value) in edits {
        let key_path = match known(schema, key) {
            Ok(key_path) => key_path,
            Err(suggestion) => {
                refuse(key, in_file(None), "unknown key".to_owned(), suggestion);
                continue;
            }
        };
        if let Some(locked) = locked(schema, origins, &key_path, editor) {
            refuse(key, origin_of(origins, key), locked.to_string(), None);
            continue;
        }
        let done = if !value.is_null() {
            document.put(&key_path, value)
        } else if document.has(&key_path) {
            document.take(&key_path);
            Ok(())
        } else {
            match origin_of(origins, key) {
                Origin::File { path: other, .. } if other != path => Err("stands in another file".to_owned()),
                _ => Ok(()),
            }
        };
        if let Err(message) = done {
            refuse(key, origin_of(origins, key), message, None);
        }
    }
    let after = document.text();
    if u64::try_from(after.len()).unwrap_or(u64::MAX) > MAX_FILE {
        refuse("", in_file(None), "would be larger than 1 MiB".to_owned(), None);
        return Err(ConfigError::Refused(problems));
    }
    match load_with::<T>(schema, &sources.clone().with_text(path.clone(), after.clone())) {
        Ok(loaded) if problems.is_empty() => {
            let unchanged = before.as_deref().unwrap_or_default() == after.as_bytes();
            let files = if unchanged { Vec::new() } else { vec![NewText { path, before, after }] };
            Ok(Prepared { files, loaded })
        }
        Ok(_) => Err(ConfigError::Refused(problems)),
        Err(ConfigError::Invalid(found)) => {
            for problem in found.as_slice() {
                problems.add(problem.clone());
            }
            Err(ConfigError::Refused(problems))
        }
        Err(other) => Err(other),
    }
}

/// The path of a key that exists; else the key that was probably meant.
fn known(schema: &ConfigSchema, key: &str) -> Result<Path, Option<String>> {
    let parts = toml_edit::Key::parse(key).map_err(|_| None)?;
    let path: Path = parts.iter().map(|part| part.get().to_owned()).collect();
    let inside_secret =
        || (1..path.len()).any(|end| schema.at(&path[..end]).is_some_and(|shape| shape.is_secret()));
    if schema.at(&path).is_some() || inside_secret() {
        Ok(path)
    } else {
        Err(nearest(schema, &path).map(|meant| dotted(&meant)))
    }
}

/// Why a key cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Locked {
    #[error(
        "is a secret: write where it is kept into the file on the server's machine, or see `plexi secret`"
    )]
    Secret,
    #[error("is a section: change the keys in it")]
    Section,
    #[error("is changed on the server's machine only")]
    Machine,
    #[error("is set by {0}, which is stronger than the file")]
    Stronger(Origin),
}

/// Why the key at `path` cannot be changed, if it cannot.
pub(crate) fn locked(
    schema: &ConfigSchema,
    origins: &BTreeMap<String, Origin>,
    path: &[String],
    editor: Editor,
) -> Option<Locked> {
    let around = || (1..=path.len()).filter_map(|end| schema.at(&path[..end]));
    if around().any(|shape| shape.is_secret()) {
        return Some(Locked::Secret);
    }
    if editor == Editor::Console && around().any(|shape| shape.is_kept_from_console()) {
        return Some(Locked::Machine);
    }
    if schema.at(path).is_some_and(|shape| shape.properties().is_some() || shape.holds_sections()) {
        return Some(Locked::Section);
    }
    let key = dotted(path);
    let below = format!("{key}.");
    let stronger = origins
        .iter()
        .filter(|(name, _)| **name == key || name.starts_with(&below))
        .find(|(_, origin)| matches!(origin, Origin::Environment { .. } | Origin::Flag { .. }));
    stronger.map(|(_, origin)| Locked::Stronger(origin.clone()))
}

impl ConfigSchema {
    /// Reads `KEY=VALUE` as the command line takes it: as TOML, or as it stands where the key takes text.
    pub fn read_pair(&self, pair: &str) -> Result<(String, Json), ConfigError> {
        let mut problems = Problems::default();
        let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
        let key = key.trim();
        let origin = Origin::Flag { key: key.to_owned() };
        if !pair.contains('=') {
            let message = "must be KEY=VALUE, for instance logging.level=debug".to_owned();
            problems.add(Problem { key: String::new(), origin, message, suggestion: None });
            return Err(ConfigError::Refused(problems));
        }
        let path = match known(self, key) {
            Ok(path) => path,
            Err(suggestion) => {
                let message = "unknown key".to_owned();
                problems.add(Problem { key: key.to_owned(), origin, message, suggestion });
                return Err(ConfigError::Refused(problems));
            }
        };
        let mut layer = Layer::default();
        read_text(self, &path, text, &origin, &mut layer, &mut problems);
        match find(&layer.values, &path).and_then(|value| serde_json::to_value(value).ok()) {
            Some(value) if problems.is_empty() => Ok((key.to_owned(), value)),
            _ => Err(ConfigError::Refused(problems)),
        }
    }
}

/// A change of configuration files by the operator of a machine, with nothing running that would have to agree: checked, not
/// written yet. A server that runs takes it over by itself.
pub struct FileEdit {
    /// What it would do.
    pub edited: Edited,
    files: Vec<NewText>,
}

impl FileEdit {
    /// Checks `edits` of the files of `sources`.
    pub fn prepare<T: Settings>(sources: &Sources, edits: &Edits) -> Result<Self, ConfigError> {
        let schema = ConfigSchema::of::<T>();
        let now = load_with::<T>(&schema, sources)?;
        let prepared = prepare::<T>(&schema, sources, &now.origins, edits, Editor::Operator)?;
        let differing = prepared.changes_from(&now);
        let keys = differing.iter().map(|change| change.key.clone());
        let restarts = |key: &String| known(&schema, key).is_ok_and(|path| schema.needs_restart(&path));
        let (needs_restart, changed) = keys.partition(restarts);
        let files = prepared.files.iter().map(|file| file.path.clone()).collect();
        let edited = Edited { version: None, files, changes: differing, changed, needs_restart };
        Ok(Self { edited, files: prepared.files })
    }

    /// Writes the files.
    pub fn write(self) -> Result<Edited, ConfigError> {
        write_all(&self.files)?;
        Ok(self.edited)
    }
}
