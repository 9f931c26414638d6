//! The JSON Schema of the settings, and what is read from it: which keys there are and of which kind.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::key::{Path, below};

/// How deep the keys of a schema are followed; recursive types end there.
const MAX_DEPTH: usize = 16;
/// Marks a key that takes effect at the next start.
const RESTART: &str = "x-restart";
/// Marks, with `false`, a key that nobody changes from elsewhere.
const CONSOLE: &str = "x-console";
/// Marks a key that holds a secret.
pub(crate) const SECRET: &str = "x-secret";

/// The JSON Schema of a settings type, with its defaults: the one source of keys, types and documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigSchema(Value);

impl ConfigSchema {
    /// The schema of `T`, everything in place (no `$ref`), with the whole default configuration.
    pub fn of<T: JsonSchema + Serialize + Default>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<T>();
        // settings that cannot be written as JSON have no defaults to show
        let defaults = serde_json::to_value(T::default()).unwrap_or_default();
        schema.insert("default".to_owned(), defaults);
        Self(schema.into())
    }

    /// The schema as JSON, for editors and snapshots.
    pub fn as_json(&self) -> &Value {
        &self.0
    }

    pub(crate) fn root(&self) -> Shape<'_> {
        Shape::of(&self.0)
    }

    pub(crate) fn defaults(&self) -> Option<&Value> {
        self.0.get("default")
    }

    /// What the schema says about the key at `path`.
    pub(crate) fn at(&self, path: &[String]) -> Option<Shape<'_>> {
        path.iter().try_fold(self.root(), |shape, part| shape.child(part))
    }

    /// Whether the key at `path`, or a section around it, takes effect at the next start only.
    pub(crate) fn needs_restart(&self, path: &[String]) -> bool {
        (0..=path.len()).any(|end| self.at(&path[..end]).is_some_and(|shape| shape.marked(RESTART)))
    }

    /// Every section and key with its path, in the order of the schema.
    pub(crate) fn keys(&self) -> Vec<(Path, Shape<'_>)> {
        let mut found = Vec::new();
        collect(self.root(), &Vec::new(), &mut found);
        found
    }
}

fn collect<'a>(shape: Shape<'a>, path: &Path, found: &mut Vec<(Path, Shape<'a>)>) {
    for name in shape.properties().into_iter().flat_map(Map::keys) {
        if let Some(child) = shape.child(name)
            && path.len() < MAX_DEPTH
        {
            let path = below(path, name);
            found.push((path.clone(), child));
            collect(child, &path, found);
        }
    }
}

/// What a value of a key is made with.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Form {
    /// The kind of value.
    pub kind: FormKind,
    /// What there is to choose from; of a list or table, for each entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The least it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The most it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// Whether it may be without any value.
    pub optional: bool,
}

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FormKind {
    /// True or false.
    Switch,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A text.
    Text,
    /// One of some texts.
    Choice,
    /// Values in order.
    List,
    /// Values by free names.
    Table,
    /// A secret, which is never shown.
    Secret,
}

/// What a schema says about one key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<'a> {
    /// As written, where marks and descriptions stand.
    outer: &'a Value,
    /// Without the `null` of an optional value.
    inner: &'a Value,
}

impl<'a> Shape<'a> {
    fn of(schema: &'a Value) -> Self {
        let mut inner = schema;
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            let mut real = choices.iter().filter(|choice| choice.get("type") != Some(&"null".into()));
            if let (Some(only), None) = (real.next(), real.next()) {
                inner = only;
            }
        }
        Self { outer: schema, inner }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.outer.get(name).or_else(|| self.inner.get(name))
    }

    /// The keys of a section.
    pub(crate) fn properties(&self) -> Option<&'a Map<String, Value>> {
        self.inner.get("properties").and_then(Value::as_object)
    }

    /// The kind of all values of a table with free names.
    pub(crate) fn entries(&self) -> Option<Self> {
        self.inner.get("additionalProperties").filter(|schema| schema.is_object()).map(Self::of)
    }

    /// The kind of all items of a list.
    pub(crate) fn items(&self) -> Option<Self> {
        self.inner.get("items").filter(|schema| schema.is_object()).map(Self::of)
    }

    /// Whether this is a table whose keys are settings of their own.
    pub(crate) fn is_section(&self) -> bool {
        self.properties().is_some() || self.entries().is_some()
    }

    pub(crate) fn child(&self, name: &str) -> Option<Self> {
        let named = self.properties().and_then(|properties| properties.get(name)).map(Self::of);
        named.or_else(|| self.entries())
    }

    pub(crate) fn marked(&self, mark: &str) -> bool {
        self.get(mark) == Some(&Value::Bool(true))
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.marked(SECRET)
    }

    /// Whether it is changed on the server's machine only.
    pub(crate) fn is_kept_from_console(&self) -> bool {
        self.get(CONSOLE) == Some(&Value::Bool(false))
    }

    /// Whether this is a table or list of sections, not of plain values.
    pub(crate) fn holds_sections(&self) -> bool {
        self.entries().or_else(|| self.items()).is_some_and(|inner| inner.is_section() || inner.is_secret())
    }

    pub(crate) fn description(&self) -> &'a str {
        self.get("description").and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn own_default(&self) -> Option<&'a Value> {
        self.outer.get("default")
    }

    fn variants(&self) -> Vec<&'a Value> {
        if let Some(values) = self.inner.get("enum").and_then(Value::as_array) {
            return values.iter().collect();
        }
        let choices = self.inner.get("oneOf").or_else(|| self.inner.get("anyOf")).and_then(Value::as_array);
        let constants = |choice: &'a Value| {
            let listed = choice.get("enum").and_then(Value::as_array);
            listed.into_iter().flatten().chain(choice.get("const"))
        };
        choices.into_iter().flatten().flat_map(constants).collect()
    }

    fn types(&self) -> Vec<&'a str> {
        let named = match self.inner.get("type") {
            Some(Value::String(name)) => vec![name.as_str()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        named.into_iter().filter(|name| *name != "null").collect()
    }

    /// Whether only text can stand here, so that `12` is the text of two digits.
    pub(crate) fn is_text(&self) -> bool {
        let variants = self.variants();
        self.types() == ["string"] || (!variants.is_empty() && variants.iter().all(|value| value.is_string()))
    }

    /// What a value of it is made with.
    pub(crate) fn form(&self) -> Form {
        let optional = std::ptr::from_ref(self.outer) != std::ptr::from_ref(self.inner)
            || self
                .inner
                .get("type")
                .and_then(Value::as_array)
                .is_some_and(|names| names.contains(&"null".into()));
        let variants = self.variants();
        let kind = match self.types().as_slice() {
            _ if self.is_secret() => FormKind::Secret,
            _ if !variants.is_empty() => FormKind::Choice,
            _ if self.items().is_some() => FormKind::List,
            _ if self.is_section() => FormKind::Table,
            ["boolean"] => FormKind::Switch,
            ["integer"] => FormKind::Integer,
            ["number"] => FormKind::Number,
            _ => FormKind::Text,
        };
        let entry = self.entries().or_else(|| self.items());
        let variants = entry.map_or(variants, |entry| entry.variants());
        let choices = variants.into_iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let bound = |name: &str| self.inner.get(name).and_then(Value::as_f64);
        Form { kind, choices, minimum: bound("minimum"), maximum: bound("maximum"), optional }
    }

    /// The type in words, with its bounds.
    pub(crate) fn type_words(&self) -> String {
        if self.is_secret() {
            return "secret".to_owned();
        }
        let variants = self.variants();
        if !variants.is_empty() {
            return variants.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        }
        if let Some(items) = self.items() {
            return format!("list of {}", items.type_words());
        }
        if let Some(entries) = self.entries() {
            return format!("table of {}", entries.type_words());
        }
        let words = match self.types().as_slice() {
            [] => "any".to_owned(),
            types => types.join(" or "),
        };
        let bound = |name: &str| self.inner.get(name).map(ToString::to_string);
        match (bound("minimum"), bound("maximum")) {
            (Some(low), Some(high)) => format!("{words}, {low} to {high}"),
            (Some(low), None) => format!("{words}, at least {low}"),
            (None, Some(high)) => format!("{words}, at most {high}"),
            (None, None) => words,
        }
    }
}
