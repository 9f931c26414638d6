//! Configuration as an application uses it: its own settings type, real files, variables given as values.

#![expect(clippy::unwrap_used, reason = "the tests' own set-up fails the test")]

mod documentation;
mod editing;
mod layers;
mod problems;
mod reloading;
mod secrets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plexi_config::{ConfigError, Loaded, SecretSource, Sources, Validate, load};
use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a test server.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Demo {
    /// The name shown to people.
    title: String,
    /// The server.
    server: Server,
    /// What is written.
    logging: Logging,
    /// Signing in.
    auth: Auth,
}

/// How the server listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Server {
    /// The address to listen on.
    #[schemars(extend("x-restart" = true))]
    listen: String,
    /// The address under which people reach it.
    public_url: Option<String>,
    /// The longest body, in bytes.
    #[schemars(range(min = 1))]
    max_body_bytes: u64,
    /// Proxies | that are trusted.
    trusted: Vec<String>,
    /// Share of requests.
    share: f64,
    /// The folder of everything.
    #[schemars(extend("x-console" = false))]
    home: String,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            public_url: None,
            max_body_bytes: 1024,
            trusted: vec![],
            share: 0.1,
            home: String::new(),
        }
    }
}

/// What is written to the log.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Logging {
    /// How much.
    level: Level,
    /// How much of single targets.
    targets: BTreeMap<String, Level>,
}

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// Little.
    #[default]
    Info,
    /// Much.
    Debug,
}

/// How people sign in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Auth {
    /// Mixed into passwords.
    pepper: Option<SecretSource>,
    /// Signs tokens.
    signing: SecretSource,
    /// The fewest characters.
    min_length: u8,
    /// The most characters.
    max_length: u8,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            pepper: None,
            signing: SecretSource::File("keys/signing".into()),
            min_length: 8,
            max_length: 64,
        }
    }
}

impl Validate for Demo {
    fn validate(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        if self.server.max_body_bytes == 0 {
            wrong.push(FieldError::new("server.max_body_bytes", "must be at least 1"));
        }
        if self.auth.min_length > self.auth.max_length {
            wrong.push(FieldError::new("auth.min_length", "must not be above auth.max_length"));
        }
        wrong
    }
}

const FILE: &str = "plexichat.toml";

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Loads one file with this text.
fn load_text(text: &str) -> Result<Loaded<Demo>, ConfigError> {
    load(&Sources::new().file(FILE).with_text(FILE, text))
}

/// What is wrong with one file with this text, one problem a line.
fn wrong(text: &str) -> String {
    load_text(text).unwrap_err().to_string()
}

fn file_in(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join(FILE);
    std::fs::write(&path, text).unwrap();
    path
}
