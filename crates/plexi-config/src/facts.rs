//! All that is known about each key, for those who look at the configuration and change it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::edit::{Editor, Locked, locked};
use crate::history::value_at;
use crate::key::dotted;
use crate::load::{Loaded, origin_of};
use crate::origin::Origin;
use crate::reference::visit;
use crate::schema::{ConfigSchema, Form};

/// All that is known about a key. A secret shows where it is kept, or `***`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct KeyFacts {
    /// The key.
    pub key: String,
    /// The section that it stands in; empty for the root.
    pub section: String,
    /// What it is for.
    pub meaning: String,
    /// What a value is made with.
    pub form: Form,
    /// The value.
    pub value: Json,
    /// The value that counts until the next start, where it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<Json>,
    /// The value when nobody sets any; null when there is none.
    pub default: Json,
    /// Where the value comes from.
    pub origin: Origin,
    /// Whether a change takes effect at the next start.
    pub needs_restart: bool,
    /// Why it cannot be changed here, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked: Option<Lock>,
}

/// Why a key cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lock {
    /// It is a secret.
    Secret,
    /// It is a table or list of sections.
    Section,
    /// It is changed on the server's machine only.
    Machine,
    /// It is set by a variable or an option, which is stronger than the file.
    Stronger,
}

impl From<Locked> for Lock {
    fn from(why: Locked) -> Self {
        match why {
            Locked::Secret => Self::Secret,
            Locked::Section => Self::Section,
            Locked::Machine => Self::Machine,
            Locked::Stronger(_) => Self::Stronger,
        }
    }
}

/// The facts of every key. `running` are the settings in effect.
pub(crate) fn facts<T: Serialize>(
    schema: &ConfigSchema,
    loaded: &Loaded<T>,
    running: &T,
    editor: Editor,
) -> Vec<KeyFacts> {
    let all = serde_json::to_value(&loaded.settings).unwrap_or_default();
    let running = serde_json::to_value(running).unwrap_or_default();
    let mut found = Vec::new();
    visit(schema, &mut |path, _, keys| {
        for known in keys {
            let key = dotted(&known.path);
            let value = value_at(&all, &key).cloned().unwrap_or_default();
            let needs_restart = schema.needs_restart(&known.path);
            let used = value_at(&running, &key).cloned().unwrap_or_default();
            found.push(KeyFacts {
                section: dotted(path),
                meaning: known.shape.description().to_owned(),
                form: known.shape.form(),
                in_use: (needs_restart && used != value).then_some(used),
                default: known.default.cloned().unwrap_or_default(),
                origin: origin_of(&loaded.origins, &key),
                needs_restart,
                locked: locked(schema, &loaded.origins, &known.path, editor).map(Lock::from),
                value,
                key,
            });
        }
    });
    found
}
