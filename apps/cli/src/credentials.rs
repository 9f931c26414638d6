//! The tokens that `plexi sign-in` keeps: one JSON file that only its owner can read.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use plexi_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::exit::CliError;

/// What is kept for one server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The account's name.
    pub(crate) name: String,
    /// The access token.
    pub(crate) access_token: String,
    /// Until when it is valid.
    pub(crate) expires_at: Timestamp,
    /// Gets the next access token, once.
    pub(crate) refresh_token: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Document {
    servers: BTreeMap<String, Kept>,
}

/// The credentials file, locked against other runs of `plexi` while it is open: a refresh token works only once.
pub(crate) struct Credentials {
    file: File,
    document: Document,
}

impl Credentials {
    /// Opens the file at `path` or at its usual place, and waits for other runs to finish with it.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self, CliError> {
        let path = match path {
            Some(path) => path,
            None => std::env::home_dir()
                .ok_or_else(|| CliError::failure("there is no home folder for credentials"))?
                .join(".config/plexichat/credentials"),
        };
        let told = |error: std::io::Error| CliError::failure(format!("{}: {error}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(told)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).read(true).write(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&path).map_err(told)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(told)?;
        }
        file.lock().map_err(told)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(told)?;
        let document = if text.trim().is_empty() {
            Document::default()
        } else {
            serde_json::from_str(&text).map_err(|error| {
                CliError::failure(format!("{} is damaged: {error}", path.display()))
                    .remedy("Delete the file and sign in again.")
            })?
        };
        Ok(Self { file, document })
    }

    /// What is kept for a server.
    pub(crate) fn get(&self, server: &str) -> Option<&Kept> {
        self.document.servers.get(server)
    }

    /// Keeps (or with `None` forgets) and writes the file.
    pub(crate) fn set(&mut self, server: &str, kept: Option<Kept>) -> Result<(), CliError> {
        match kept {
            Some(kept) => self.document.servers.insert(server.to_owned(), kept),
            None => self.document.servers.remove(server),
        };
        let text = serde_json::to_vec_pretty(&self.document)?;
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&text)?;
        self.file.sync_data()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_kept_for_each_server_and_only_for_the_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plexichat/credentials");
        let kept = Kept {
            name: "ada".into(),
            access_token: "a".into(),
            expires_at: Timestamp::from_seconds(1),
            refresh_token: "r".into(),
        };
        Credentials::open(Some(path.clone())).unwrap().set("http://one", Some(kept)).unwrap();
        let mut again = Credentials::open(Some(path.clone())).unwrap();
        assert_eq!(again.get("http://one").unwrap().refresh_token, "r");
        assert!(again.get("http://two").is_none());
        again.set("http://one", None).unwrap();
        assert!(again.get("http://one").is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
