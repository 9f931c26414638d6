use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use plexi_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ConfigError;
use crate::key::part_text;
use crate::load::Loaded;
use crate::secret::LITERAL_SHOWN;

/// How many versions are kept.
const KEPT: usize = 50;

/// A configuration that was applied. Holds no secret: a secret in the text is replaced by `***`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Counted from 1.
    pub number: u64,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// All settings.
    pub settings: Value,
    /// The configuration files as they were.
    pub files: Vec<VersionFile>,
}

impl Version {
    /// The keys that differ between this version and what is loaded now.
    pub fn changes_to<T: Serialize>(&self, loaded: &Loaded<T>) -> Vec<Change> {
        changes(&self.settings, &serde_json::to_value(&loaded.settings).unwrap_or_default())
    }
}

/// A configuration file of a [`Version`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionFile {
    /// The file.
    pub path: PathBuf,
    /// Its text; `None` when there was no such file.
    pub text: Option<String>,
}

/// A key that differs between two configurations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The key.
    pub key: String,
    /// The earlier value; null when the key was not there.
    pub before: Option<Value>,
    /// The later value; null when the key is gone.
    pub after: Option<Value>,
}

/// The configurations that were applied: numbered files in a folder of their own, the last fifty.
#[derive(Clone, Debug)]
pub struct History {
    folder: PathBuf,
}

impl History {
    /// Opens the history in `folder` (usually `config-history` in the data folder) and creates it if missing.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, ConfigError> {
        let folder = folder.into();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder.create(&folder).map_err(ConfigError::io("create", &folder))?;
        Ok(Self { folder })
    }

    /// The numbers of the versions kept, oldest first.
    pub fn numbers(&self) -> Result<Vec<u64>, ConfigError> {
        let unreadable = || ConfigError::io("read", &self.folder);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(unreadable())? {
            let name = entry.map_err(unreadable())?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".json"));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The versions kept, oldest first; one that cannot be read is left out.
    pub fn versions(&self) -> Result<Vec<Version>, ConfigError> {
        Ok(self.numbers()?.into_iter().filter_map(|number| self.version(number).ok()).collect())
    }

    /// One version.
    pub fn version(&self, number: u64) -> Result<Version, ConfigError> {
        let bytes = fs::read(self.path(number)).map_err(|_| ConfigError::NoVersion(number))?;
        serde_json::from_slice(&bytes).map_err(|_| ConfigError::NoVersion(number))
    }

    /// The keys that differ between two versions.
    pub fn diff(&self, before: u64, after: u64) -> Result<Vec<Change>, ConfigError> {
        Ok(changes(&self.version(before)?.settings, &self.version(after)?.settings))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:06}.json"))
    }

    /// Keeps what was loaded, unless it is the same as the last one; gives the number it has.
    pub(crate) fn record<T: Serialize>(
        &self,
        loaded: &Loaded<T>,
        now: Timestamp,
    ) -> Result<u64, ConfigError> {
        let numbers = self.numbers()?;
        let last = numbers.last().copied().unwrap_or(0);
        let settings = serde_json::to_value(&loaded.settings)
            .map_err(io::Error::from)
            .map_err(ConfigError::io("write", &self.folder))?;
        let files = loaded.files.iter().map(|file| {
            let places =
                file.literals.iter().map(|(_, place)| (place.clone(), format!("\"{LITERAL_SHOWN}\"")));
            let text = file.text.as_ref().map(|text| replace(text, places.collect()));
            VersionFile { path: file.path.clone(), text }
        });
        let version = Version { number: last + 1, applied_at: now, settings, files: files.collect() };
        if let Ok(known) = self.version(last)
            && (&known.settings, &known.files) == (&version.settings, &version.files)
        {
            return Ok(last);
        }
        let path = self.path(version.number);
        let text = serde_json::to_vec_pretty(&version).map_err(io::Error::from);
        text.and_then(|text| write_atomically(&path, &text)).map_err(ConfigError::io("write", &path))?;
        for old in numbers.iter().rev().skip(KEPT - 1) {
            // kept longer than needed is no harm; the next one tries again
            let _ = fs::remove_file(self.path(*old));
        }
        Ok(version.number)
    }
}

/// Puts `replacements` in place of pieces of `text` that do not overlap.
pub(crate) fn replace(text: &str, mut replacements: Vec<(std::ops::Range<usize>, String)>) -> String {
    replacements.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut text = text.to_owned();
    for (place, new) in replacements {
        text.replace_range(place, &new);
    }
    text
}

/// Replaces a file so that a crash leaves the old or the new one whole. A link stays a link.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().map_or_else(Default::default, ToOwned::to_owned);
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary)?;
    if let Ok(old) = fs::metadata(&path) {
        file.set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, &path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn flatten<'a>(value: &'a Value, key: &str, found: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let name = part_text(name);
                let key = if key.is_empty() { name } else { format!("{key}.{name}") };
                flatten(value, &key, found);
            }
        }
        _ => drop(found.insert(key.to_owned(), value)),
    }
}

/// The value with the dotted `key`.
pub(crate) fn value_at<'a>(all: &'a Value, key: &str) -> Option<&'a Value> {
    if key.is_empty() {
        return Some(all);
    }
    all.as_object()?.iter().find_map(|(name, value)| {
        let rest = key.strip_prefix(&part_text(name))?;
        if rest.is_empty() { Some(value) } else { value_at(value, rest.strip_prefix('.')?) }
    })
}

pub(crate) fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten(before, "", &mut old);
    flatten(after, "", &mut new);
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let differs = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    let change = |key: &String| Change {
        key: key.clone(),
        before: old.get(key).map(|value| (*value).clone()),
        after: new.get(key).map(|value| (*value).clone()),
    };
    differs.map(change).collect()
}
