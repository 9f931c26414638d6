use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path as FilePath, PathBuf};
use std::time::SystemTime;

use crate::error::{Problem, Problems};
use crate::key::Path;
use crate::layer::{Layer, read_text, read_toml};
use crate::origin::{Origin, Place};
use crate::schema::ConfigSchema;

/// What every variable that sets a key begins with.
pub const ENV_PREFIX: &str = "PLEXICHAT_";
/// The largest configuration file, in bytes.
pub(crate) const MAX_FILE: u64 = 1024 * 1024;

/// Where the configuration comes from, weakest first: defaults, file, file of the profile, environment, flags.
///
/// Nothing is read until [`load`](crate::load), and nothing but what is named here.
#[derive(Clone, Default)]
pub struct Sources {
    file: Option<(PathBuf, bool)>,
    profile: Option<String>,
    environment: BTreeMap<String, String>,
    reserved: BTreeSet<String>,
    flags: Vec<String>,
    texts: BTreeMap<PathBuf, String>,
}

/// The variables of this process whose names and values are text, for [`Sources::environment`] and
/// [`SecretContext`](crate::SecretContext). The one place that reads them.
pub fn from_process_env() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

impl Sources {
    /// Defaults only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads this file, which must be there.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some((path.into(), true));
        self
    }

    /// Reads this file if it is there.
    #[must_use]
    pub fn file_if_present(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some((path.into(), false));
        self
    }

    /// Also reads the file of a profile, beside the file: `plexichat.PROFILE.toml` for `plexichat.toml`. It must
    /// be there.
    #[must_use]
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// Takes the variables that begin with [`ENV_PREFIX`]; `PLEXICHAT_SERVER__LISTEN` sets `server.listen`.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment.extend(variables.into_iter().filter(|(name, _)| name.starts_with(ENV_PREFIX)));
        self
    }

    /// Names variables with the prefix that mean something else and set no key.
    #[must_use]
    pub fn reserve<'a>(mut self, variables: impl IntoIterator<Item = &'a str>) -> Self {
        self.reserved.extend(variables.into_iter().map(str::to_owned));
        self
    }

    /// Takes `KEY=VALUE` pairs of the command line.
    #[must_use]
    pub fn flags(mut self, pairs: impl IntoIterator<Item = String>) -> Self {
        self.flags.extend(pairs);
        self
    }

    /// Takes `text` as the content of the file `path` instead of reading it: to check a text before it is
    /// written.
    #[must_use]
    pub fn with_text(mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.texts.insert(path.into(), text.into());
        self
    }

    /// The files that are read, weakest first, and whether each must be there.
    fn files(&self, problems: &mut Problems) -> Vec<(PathBuf, bool)> {
        let mut files: Vec<_> = self.file.iter().cloned().collect();
        let Some(profile) = &self.profile else { return files };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let base = self.file.as_ref().map(|(path, _)| path.as_path());
        if let Some(base) = base
            && !profile.is_empty()
            && profile.chars().all(plain)
        {
            files.push((base.with_extension(format!("{profile}.toml")), true));
        } else {
            problems.add(Problem {
                key: String::new(),
                origin: Origin::Flag { key: "profile".to_owned() },
                message: "a profile is named by letters, digits, - and _, beside a configuration file"
                    .to_owned(),
                suggestion: None,
            });
        }
        files
    }

    /// The files that are read, weakest first.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files(&mut Problems::default()).into_iter().map(|(path, _)| path).collect()
    }

    /// Marks of the files as they are now; they differ when a file was changed.
    pub(crate) fn stamps(&self) -> Vec<Option<(SystemTime, u64)>> {
        let stamp = |path: PathBuf| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        self.paths().into_iter().map(stamp).collect()
    }

    /// Reads all sources, weakest first.
    pub(crate) fn read(&self, schema: &ConfigSchema, problems: &mut Problems) -> (Vec<Layer>, Vec<FileText>) {
        let mut layers = Vec::new();
        let mut texts = Vec::new();
        for (path, required) in self.files(problems) {
            let text = match self.texts.get(&path) {
                Some(text) => Some(text.clone()),
                None => read_file(&path, required, problems),
            };
            let layer = read_toml(schema, &path, text.as_deref().unwrap_or_default(), problems);
            texts.push(FileText { path, text, literals: layer.literals.clone() });
            layers.push(layer);
        }
        layers.push(self.read_environment(schema, problems));
        layers.push(self.read_flags(schema, problems));
        (layers, texts)
    }

    fn read_environment(&self, schema: &ConfigSchema, problems: &mut Problems) -> Layer {
        let mut layer = Layer::default();
        for (name, value) in &self.environment {
            if self.reserved.contains(name) {
                continue;
            }
            let key = name.strip_prefix(ENV_PREFIX).unwrap_or(name).to_ascii_lowercase();
            let path: Path = key.split("__").map(str::to_owned).collect();
            let origin = Origin::Environment { name: name.clone() };
            read_text(schema, &path, value, &origin, &mut layer, problems);
        }
        layer
    }

    fn read_flags(&self, schema: &ConfigSchema, problems: &mut Problems) -> Layer {
        let mut layer = Layer::default();
        for pair in &self.flags {
            let Some((key, value)) = pair.split_once('=') else {
                problems.add(Problem {
                    key: String::new(),
                    origin: Origin::Flag { key: pair.clone() },
                    message: "must be KEY=VALUE, for instance server.listen=127.0.0.1:8080".to_owned(),
                    suggestion: None,
                });
                continue;
            };
            let path: Path = key.trim().split('.').map(str::to_owned).collect();
            let origin = Origin::Flag { key: key.trim().to_owned() };
            read_text(schema, &path, value, &origin, &mut layer, problems);
        }
        layer
    }
}

/// The text of a file as it was read; `None` when there was no file.
#[derive(Clone)]
pub(crate) struct FileText {
    pub(crate) path: PathBuf,
    pub(crate) text: Option<String>,
    /// Secrets in the text: key and place.
    pub(crate) literals: Vec<(Path, std::ops::Range<usize>)>,
}

fn read_file(path: &FilePath, required: bool, problems: &mut Problems) -> Option<String> {
    let mut told = |place, message: String| {
        let origin = Origin::File { path: path.to_owned(), place };
        problems.add(Problem { key: String::new(), origin, message, suggestion: None });
        None
    };
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !required => return None,
        Err(error) => return told(None, format!("cannot be read: {error}")),
        Ok(_) if bytes.len() as u64 > MAX_FILE => return told(None, "is larger than 1 MiB".to_owned()),
        Ok(_) => {}
    }
    String::from_utf8(bytes)
        .or_else(|error| {
            let (valid, bytes) = (error.utf8_error().valid_up_to(), error.into_bytes());
            let before = String::from_utf8_lossy(&bytes[..valid]);
            told(Some(Place::of(&before, before.len())), "is not UTF-8 from here on".to_owned()).ok_or(())
        })
        .ok()
}
