//! Puts an earlier configuration back.

use std::path::{Path, PathBuf};

use crate::edit::{NewText, Prepared, content_of};
use crate::error::{ConfigError, Problems};
use crate::history::{History, Version, VersionFile, replace};
use crate::key::dotted;
use crate::layer::read_toml;
use crate::load::{Settings, load_with};
use crate::schema::ConfigSchema;
use crate::secret::LITERAL_SHOWN;
use crate::sources::Sources;

impl History {
    /// The texts of the files of `sources` as they were in a version, checked with the other layers as they are
    /// now. Secrets that stood in the text are taken from the files of today.
    ///
    /// Works also when the files of today are not valid.
    pub(crate) fn prepare<T: Settings>(
        &self,
        number: u64,
        sources: &Sources,
    ) -> Result<Prepared<T>, ConfigError> {
        let version = self.version(number)?;
        let schema = ConfigSchema::of::<T>();
        let mut checked = sources.clone();
        let mut files = Vec::new();
        for path in sources.paths() {
            let text = match &kept(&version, &path)?.text {
                Some(text) => Some(with_secrets_of_today(&schema, number, &path, text)?),
                None => None,
            };
            let before = content_of(&path)?;
            let after = text.clone().unwrap_or_default();
            checked = checked.with_text(path.clone(), after.clone());
            if text.is_some() || before.is_some() {
                files.push(NewText { path, before, after });
            }
        }
        let loaded = load_with::<T>(&schema, &checked)?;
        Ok(Prepared { files, loaded })
    }

    /// Writes the files of a version back, each whole or not at all; when they would not be valid, nothing is
    /// written. A file that was not there is emptied.
    pub fn put_back<T: Settings>(&self, number: u64, sources: &Sources) -> Result<(), ConfigError> {
        self.prepare::<T>(number, sources)?.write()
    }
}

/// The file of the version at `path`, or the one of its name when the server runs from another folder.
fn kept<'a>(version: &'a Version, path: &Path) -> Result<&'a VersionFile, ConfigError> {
    let same = version.files.iter().find(|file| file.path == path);
    let same_name = || version.files.iter().find(|file| file.path.file_name() == path.file_name());
    let missing = || ConfigError::FileNotKept { version: version.number, path: PathBuf::from(path) };
    same.or_else(same_name).ok_or_else(missing)
}

fn with_secrets_of_today(
    schema: &ConfigSchema,
    version: u64,
    path: &Path,
    text: &str,
) -> Result<String, ConfigError> {
    let kept = read_toml(schema, path, text, &mut Problems::default());
    let now = std::fs::read_to_string(path).unwrap_or_default();
    let today = read_toml(schema, path, &now, &mut Problems::default());
    let mut replacements = Vec::new();
    for (key, place) in kept.literals {
        if !text[place.clone()].contains(LITERAL_SHOWN) {
            continue;
        }
        let Some((_, current)) = today.literals.iter().find(|(name, _)| *name == key) else {
            return Err(ConfigError::SecretNotKept { version, key: dotted(&key) });
        };
        replacements.push((place, now[current.clone()].to_owned()));
    }
    Ok(replace(text, replacements))
}
