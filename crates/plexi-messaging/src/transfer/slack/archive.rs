use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use plexi_core::plain::deceives;
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, SeqAccess, Visitor};
use zip::ZipArchive;

use super::super::{MAX_DOCUMENT_BYTES, Outlet, TransferError, surrogates};

/// An open export. Only names inside the archive are used: nothing is unpacked to disk.
pub(super) struct Archive {
    path: PathBuf,
    zip: ZipArchive<BufReader<File>>,
    /// Some tools put everything into one folder: its name with a slash, or nothing.
    prefix: String,
    /// Day documents by their folder, in order of date.
    folders: BTreeMap<String, Vec<String>>,
}

impl Archive {
    pub fn open(path: &Path) -> Result<Self, TransferError> {
        let file = File::open(path).map_err(|error| TransferError::file(path, error))?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            TransferError::Format(format!("{}: this is no readable zip file: {error}", path.display()))
        })?;
        // A name that is no text cannot be one of Slack's.
        let names: Vec<String> = zip.file_names().flatten().map(Cow::into_owned).collect();
        let prefix = names
            .iter()
            .filter_map(|name| name.strip_suffix("users.json").or_else(|| name.strip_suffix("channels.json")))
            .min_by_key(|prefix| prefix.len())
            .unwrap_or_default()
            .to_owned();
        let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in &names {
            let Some((folder, day)) = name.strip_prefix(&prefix).and_then(|name| name.rsplit_once('/'))
            else {
                continue;
            };
            if Path::new(day).extension().is_some_and(|extension| extension == "json") {
                folders.entry(folder.to_owned()).or_default().push(name[prefix.len()..].to_owned());
            }
        }
        for days in folders.values_mut() {
            days.sort_unstable();
        }
        Ok(Self { path: path.to_owned(), zip, prefix, folders })
    }

    /// A name for the space: that of the file, without what export tools add to it.
    pub fn title(&self) -> String {
        let stem = self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let title = stem.split(" Slack export").next().unwrap_or_default().trim_end_matches("-slack-export");
        let title: String = title.trim().chars().filter(|c| !deceives(*c)).take(60).collect();
        if title.is_empty() { "Slack".to_owned() } else { title }
    }

    /// The day documents of a folder, in order of date.
    pub fn days(&self, folder: &str) -> Vec<String> {
        self.folders.get(folder).cloned().unwrap_or_default()
    }

    /// The entries of a document of the archive; none when it is not there. What had to be mended is noted.
    pub fn entries<T: DeserializeOwned>(
        &mut self,
        name: &str,
        outlet: &Outlet,
    ) -> Result<Vec<T>, TransferError> {
        outlet.wanted()?;
        let full = format!("{}{name}", self.prefix);
        let broken = |error: &dyn std::fmt::Display| {
            TransferError::Format(format!("{}: {name} cannot be read: {error}", self.path.display()))
        };
        let entry = match self.zip.by_name(&full) {
            Ok(entry) => entry,
            Err(zip::result::ZipError::FileNotFound) => return Ok(Vec::new()),
            Err(error) => return Err(broken(&error)),
        };
        // The size that the archive states is not to be trusted: the reader itself is bounded.
        let mut bytes = Vec::new();
        let read =
            entry.take(MAX_DOCUMENT_BYTES + 1).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        if read as u64 > MAX_DOCUMENT_BYTES {
            return Err(broken(&"it is larger than 512 MiB"));
        }
        let (Entries(entries), mended) = surrogates::read(&bytes).map_err(|error| broken(&error))?;
        if mended {
            outlet.note(surrogates::NOTE, name)?;
        }
        Ok(entries)
    }
}

/// A list that says which of its entries cannot be read.
struct Entries<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesReader(PhantomData))
    }
}

struct EntriesReader<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesReader<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        let at = |entries: &Vec<T>, error: A::Error| {
            de::Error::custom(format_args!("entry {}: {error}", entries.len() + 1))
        };
        while let Some(entry) = list.next_element().map_err(|error| at(&entries, error))? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
