use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use plexi_core::Secret;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ConfigError;

/// What stands for a secret that was given as text.
pub(crate) const LITERAL_SHOWN: &str = "***";
/// The key of a command that prints a secret.
pub(crate) const COMMAND: &str = "command";
/// What a secret may be.
pub(crate) const EXPECTED: &str =
    "expected a secret: text, or a table with one of file, env, credential (a name) or command (a list)";
/// The longest secret, in bytes.
const MAX_SECRET: u64 = 64 * 1024;
/// Why what was shown instead of a secret is not one.
const NOT_SHOWN: &str = "*** stands for a secret that was not shown; give the secret itself";
/// How long a command may take.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Where a secret is kept, or the secret itself.
///
/// `{ file = "keys/pepper" }`, `{ env = "NAME" }`, `{ credential = "name" }` (systemd), `{ command = ["prog", "arg"] }`
/// or text. Printing and writing it out show the place; text and the arguments of a command show as `***`.
#[derive(Clone)]
#[non_exhaustive]
pub enum SecretSource {
    /// In the configuration itself.
    Literal(Secret<String>),
    /// In a file; relative to the context's base folder.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
    /// A systemd credential, in the folder that `CREDENTIALS_DIRECTORY` names.
    Credential(String),
    /// Printed by a command: program and arguments, no shell.
    Command(Vec<String>),
}

/// What secrets are read with.
#[derive(Clone, Default)]
pub struct SecretContext {
    /// The variables to read; commands see them and no others.
    pub environment: BTreeMap<String, String>,
    /// What relative files are relative to.
    pub base_dir: PathBuf,
}

impl fmt::Debug for SecretContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // values of variables are secrets as often as not
        f.debug_struct("SecretContext").field("base_dir", &self.base_dir).finish_non_exhaustive()
    }
}

impl SecretSource {
    /// Reads the secret; one line break at its end is not part of it.
    ///
    /// Blocks for up to ten seconds when a command gives it. An empty secret and one above 64 KiB are refused.
    pub fn resolve(&self, context: &SecretContext) -> Result<Secret<String>, ConfigError> {
        let failed = |reason: String| ConfigError::Secret { place: format!("{self:?}"), reason };
        let variable = |name: &str| {
            let value = context.environment.get(name);
            value.cloned().ok_or_else(|| failed(format!("the variable {name} is not set")))
        };
        let mut text = match self {
            Self::Literal(secret) => return Ok(secret.clone()),
            Self::Env(name) => variable(name)?,
            Self::File(path) => {
                read_file(&context.base_dir.join(path)).map_err(|error| failed(error.to_string()))?
            }
            Self::Credential(name) => {
                let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
                if !plain {
                    return Err(failed("a credential is a plain name".to_owned()));
                }
                let folder = PathBuf::from(variable("CREDENTIALS_DIRECTORY")?);
                read_file(&folder.join(name)).map_err(|error| failed(error.to_string()))?
            }
            Self::Command(command) => run(command, &context.environment).map_err(failed)?,
        };
        if text.ends_with('\n') {
            text.pop();
        }
        if text.ends_with('\r') {
            text.pop();
        }
        if text.is_empty() {
            return Err(failed("the secret is empty".to_owned()));
        }
        Ok(Secret::new(text))
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    read_text(File::open(path)?)
}

fn read_text(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(MAX_SECRET + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SECRET {
        return Err(io::Error::other("the secret is larger than 64 KiB"));
    }
    Ok(text)
}

fn run(command: &[String], environment: &BTreeMap<String, String>) -> Result<String, String> {
    let [program, arguments @ ..] = command else { return Err("the command is empty".to_owned()) };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let Some(output) = child.stdout.take() else { return Err("has no output".to_owned()) };
    let (sender, receiver) = mpsc::channel();
    let reader = std::thread::Builder::new().name("secret-command".to_owned());
    // it ends with the output; after a time-out nobody listens any more
    let started = reader.spawn(move || drop(sender.send(read_text(output))));
    let read = started.map_err(|error| error.to_string()).and_then(|_| {
        let read = receiver.recv_timeout(MAX_TIME).map_err(|_| "took longer than 10 seconds".to_owned())?;
        read.map_err(|error| error.to_string())
    });
    if read.is_err() {
        // it may have ended by itself
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let text = read?;
    if status.success() { Ok(text) } else { Err(format!("failed with {status}")) }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(_) => f.write_str(LITERAL_SHOWN),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Credential(name) => write!(f, "credential {name}"),
            Self::Command(command) => write!(f, "command {}", command.first().map_or("", String::as_str)),
        }
    }
}

impl PartialEq for SecretSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(a), Self::Literal(b)) => a.expose() == b.expose(),
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Env(a), Self::Env(b)) | (Self::Credential(a), Self::Credential(b)) => a == b,
            (Self::Command(a), Self::Command(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for SecretSource {}

impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Literal(_) => serializer.serialize_str(LITERAL_SHOWN),
            Self::File(path) => serializer.collect_map([("file", path)]),
            Self::Env(name) => serializer.collect_map([("env", name)]),
            Self::Credential(name) => serializer.collect_map([("credential", name)]),
            Self::Command(command) => {
                // arguments may hold what should not be shown
                let arguments = (command.len() > 1).then_some(LITERAL_SHOWN);
                let shown: Vec<&str> =
                    command.first().map(String::as_str).into_iter().chain(arguments).collect();
                serializer.collect_map([(COMMAND, shown)])
            }
        }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretSource, E> {
        match text {
            LITERAL_SHOWN => Err(E::custom(NOT_SHOWN)),
            "" => Err(E::custom("the secret is empty")),
            _ => Ok(SecretSource::Literal(Secret::new(text.to_owned()))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretSource, A::Error> {
        let wrong = || de::Error::custom(EXPECTED);
        let kind: Cow<'de, str> = map.next_key()?.ok_or_else(wrong)?;
        let source = match &*kind {
            "file" => SecretSource::File(map.next_value()?),
            "env" => SecretSource::Env(map.next_value()?),
            "credential" => SecretSource::Credential(map.next_value()?),
            COMMAND => {
                let command: Vec<String> = map.next_value()?;
                if command.iter().any(|part| part == LITERAL_SHOWN) {
                    return Err(de::Error::custom(NOT_SHOWN));
                }
                SecretSource::Command(command)
            }
            _ => return Err(wrong()),
        };
        if map.next_key::<Cow<'de, str>>()?.is_some() {
            return Err(wrong());
        }
        Ok(source)
    }
}

impl JsonSchema for SecretSource {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretSource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = |name: &str, value: serde_json::Value| {
            serde_json::json!({
                "type": "object", "properties": {name: value}, "required": [name], "additionalProperties": false,
            })
        };
        let text = || serde_json::json!({"type": "string"});
        json_schema!({
            crate::schema::SECRET: true,
            "oneOf": [
                {"type": "string", "writeOnly": true},
                one("file", text()),
                one("env", text()),
                one("credential", text()),
                one(COMMAND, serde_json::json!({"type": "array", "items": text(), "minItems": 1})),
            ],
        })
    }
}
