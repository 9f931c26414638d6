use std::collections::BTreeMap;
use std::fmt;

use figment::error::Kind;
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider as _};
use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ConfigError, MAX_PROBLEMS, Problem, Problems};
use crate::key::{Path, below, dotted};
use crate::layer::{Layer, find, leaves, remove};
use crate::origin::Origin;
use crate::schema::{ConfigSchema, Shape};
use crate::secret::LITERAL_SHOWN;
use crate::sources::{FileText, Sources};

/// Checks what types cannot say: bounds, forms, and values that must fit together.
pub trait Validate {
    /// What is wrong, each with its key such as `server.listen`; empty when nothing is.
    fn validate(&self) -> Vec<FieldError>;
}

/// What a type must be to hold settings. Every type that is all of it is one.
///
/// Each struct in it should carry `#[serde(default, deny_unknown_fields)]`.
pub trait Settings:
    Serialize + DeserializeOwned + JsonSchema + Default + Clone + Validate + Send + Sync + 'static
{
}

impl<T> Settings for T where
    T: Serialize + DeserializeOwned + JsonSchema + Default + Clone + Validate + Send + Sync + 'static
{
}

/// Settings and where each came from.
#[derive(Clone)]
pub struct Loaded<T> {
    /// The settings.
    pub settings: T,
    /// Where the value of each key comes from.
    pub origins: BTreeMap<String, Origin>,
    /// All values as given, secrets in them included: never shown.
    pub(crate) merged: Dict,
    pub(crate) files: Vec<FileText>,
}

impl<T: Serialize> Loaded<T> {
    /// Every key with its value and origin, sorted by key. A secret shows where it is kept, or `***`.
    pub fn rows(&self) -> Vec<(String, serde_json::Value, Origin)> {
        let all = serde_json::to_value(&self.settings).unwrap_or_default();
        let row = |(key, origin): (&String, &Origin)| {
            let value = crate::history::value_at(&all, key).cloned().unwrap_or_default();
            (key.clone(), value, origin.clone())
        };
        self.origins.iter().map(row).collect()
    }
}

impl<T: fmt::Debug> fmt::Debug for Loaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Loaded");
        shown.field("settings", &self.settings).field("origins", &self.origins).finish_non_exhaustive()
    }
}

/// Reads all layers and checks them whole.
///
/// All problems of all layers are reported at once: syntax, unknown keys, types, and what
/// [`Validate`] finds.
pub fn load<T: Settings>(sources: &Sources) -> Result<Loaded<T>, ConfigError> {
    load_with(&ConfigSchema::of::<T>(), sources)
}

pub(crate) fn load_with<T: Settings>(
    schema: &ConfigSchema,
    sources: &Sources,
) -> Result<Loaded<T>, ConfigError> {
    let mut problems = Problems::default();
    let (mut layers, files) = sources.read(schema, &mut problems);
    let defaults = defaults(schema);
    for layer in &mut layers {
        drop_wrong_types::<T>(schema, &defaults, layer, &mut problems);
    }
    layers.insert(0, defaults);
    let stack = Stack::new(schema, layers);
    let merged = stack.merged();
    let origins = stack.origins(schema, &merged);
    match settings::<T>(&merged) {
        Ok(settings) => {
            for wrong in settings.validate() {
                if !problems.has(&wrong.field) {
                    let origin = origin_of(&origins, &wrong.field);
                    let message = wrong.problem;
                    problems.add(Problem { key: wrong.field, origin, message, suggestion: None });
                }
            }
            if problems.is_empty() {
                return Ok(Loaded { settings, origins, merged, files });
            }
        }
        Err(error) => {
            let key = dotted(&error.path);
            let origin = origin_of(&origins, &key);
            problems.add(describe(schema, &error, &error.path, origin));
        }
    }
    Err(ConfigError::Invalid(problems))
}

/// The settings that `values` make up.
pub(crate) fn settings<T: DeserializeOwned>(values: &Dict) -> Result<T, Box<figment::Error>> {
    let layer = Layer { values: values.clone(), ..Layer::default() };
    Figment::from(layer).extract().map_err(Box::new)
}

/// Layers, weakest first, none of which holds what a stronger one replaces.
struct Stack {
    layers: Vec<Layer>,
    figment: Figment,
}

impl Stack {
    fn new(schema: &ConfigSchema, mut layers: Vec<Layer>) -> Self {
        for (nth, layer) in layers.iter_mut().enumerate() {
            // the name by which figment's metadata leads back to the layer
            layer.name = nth.to_string();
        }
        for strong in 1..layers.len() {
            let (weaker, from) = layers.split_at_mut(strong);
            for path in replaced(schema, &from[0].values) {
                for layer in weaker.iter_mut() {
                    remove(&mut layer.values, &path);
                }
            }
        }
        let figment = layers.iter().fold(Figment::new(), Figment::merge);
        Self { layers, figment }
    }

    fn merged(&self) -> Dict {
        // layers hold values already: giving them out cannot fail
        let mut profiles = self.figment.data().unwrap_or_default();
        profiles.remove(&Profile::Default).unwrap_or_default()
    }

    fn origins(&self, schema: &ConfigSchema, merged: &Dict) -> BTreeMap<String, Origin> {
        let mut paths = Vec::new();
        leaves(schema.root(), merged, &Path::new(), &mut paths);
        let origin = |path: &Path| {
            let metadata = self.figment.get_metadata(find(merged, path)?.tag())?;
            self.layers.get(metadata.name.parse::<usize>().ok()?)?.origin(path).cloned()
        };
        paths.iter().map(|path| (dotted(path), origin(path).unwrap_or(Origin::Default))).collect()
    }
}

/// The settings of a layer that replace those of weaker ones as a whole: figment would mix tables such as
/// `{ file = ".." }` and `{ env = ".." }`.
fn replaced(schema: &ConfigSchema, values: &Dict) -> Vec<Path> {
    let mut paths = Vec::new();
    leaves(schema.root(), values, &Path::new(), &mut paths);
    // an empty section says nothing about what is in it
    paths.retain(|path| !schema.at(path).is_some_and(|shape| shape.is_section()));
    paths
}

fn defaults(schema: &ConfigSchema) -> Layer {
    let mut layer = Layer { name: "default".to_owned(), ..Layer::default() };
    layer.origins.insert(Path::new(), Origin::Default);
    let values = schema.defaults().and_then(|defaults| Value::serialize(defaults).ok());
    if let Some(Value::Dict(_, values)) = values {
        layer.values = values;
    }
    let mut paths = Vec::new();
    leaves(schema.root(), &layer.values, &Path::new(), &mut paths);
    for path in paths {
        // a default secret was hidden when it was written out; the type itself fills it in
        if find(&layer.values, &path).and_then(Value::as_str) == Some(LITERAL_SHOWN) {
            remove(&mut layer.values, &path);
        }
    }
    layer
}

/// Takes out of `layer` each value that has not the type of its key, and reports it.
fn drop_wrong_types<T: DeserializeOwned>(
    schema: &ConfigSchema,
    defaults: &Layer,
    layer: &mut Layer,
    problems: &mut Problems,
) {
    for _ in 0..MAX_PROBLEMS {
        if layer.values.is_empty() {
            return;
        }
        let stack = Stack::new(schema, vec![defaults.clone(), layer.clone()]);
        let Err(error) = settings::<T>(&stack.merged()) else { return };
        let origin = layer.origin(&error.path).cloned().unwrap_or(Origin::Default);
        problems.add(describe(schema, &error, &error.path, origin));
        let Some(wrong) = setting_at(schema, &layer.values, &error.path) else { return };
        remove(&mut layer.values, &wrong);
    }
}

/// The path of the setting in `values` that `path` leads to or into.
fn setting_at(schema: &ConfigSchema, values: &Dict, path: &[String]) -> Option<Path> {
    let mut shape = Some(schema.root());
    let mut found = None;
    for end in 1..=path.len() {
        if !shape.as_ref().is_some_and(Shape::is_section) || find(values, &path[..end]).is_none() {
            break;
        }
        found = Some(path[..end].to_vec());
        shape = shape.and_then(|shape| shape.child(&path[end - 1]));
    }
    found
}

fn describe(schema: &ConfigSchema, error: &figment::Error, path: &[String], origin: Origin) -> Problem {
    let secret = (1..=path.len()).any(|end| schema.at(&path[..end]).is_some_and(|shape| shape.is_secret()));
    let near = |wrong: &str, known: &[&str]| {
        let distance = |name: &&&str| strsim::osa_distance(wrong, name);
        let best = known.iter().min_by_key(distance).filter(|name| distance(name) <= 2);
        best.map(|name| format!("\"{name}\""))
    };
    let (key, message, suggestion) = match &error.kind {
        // the type's own words never repeat the secret; those of other kinds do
        Kind::Message(words) => (path.to_vec(), words.clone(), None),
        _ if secret => (path.to_vec(), crate::secret::EXPECTED.to_owned(), None),
        Kind::UnknownField(name, known) => (below(path, name), "unknown key".to_owned(), near(name, known)),
        // in the words of the schema: the type's own list also has spellings that are merely understood
        Kind::UnknownVariant(name, known) => {
            let words = schema.at(path).map_or_else(|| known.join(" or "), |shape| shape.type_words());
            let documented: Vec<&str> =
                known.iter().copied().filter(|known| words.contains(&format!("\"{known}\""))).collect();
            let near = near(&name.to_lowercase(), &documented);
            (path.to_vec(), format!("found {name:?}, expected {words}"), near)
        }
        // in the words of the schema, which know the bounds
        Kind::InvalidType(found, _) | Kind::InvalidValue(found, _)
            if schema.at(path).is_some_and(|shape| !shape.is_section()) =>
        {
            let words = schema.at(path).map(|shape| shape.type_words()).unwrap_or_default();
            (path.to_vec(), format!("found {found}, expected {words}"), None)
        }
        kind => (path.to_vec(), kind.to_string(), None),
    };
    Problem { key: dotted(&key), origin, message, suggestion }
}

/// The origin of `key`, or of the first key in the section it names, or of the section around it.
pub(crate) fn origin_of(origins: &BTreeMap<String, Origin>, key: &str) -> Origin {
    let mut key = key;
    loop {
        let section = format!("{key}.");
        let inside = || {
            let set = |(name, origin): &(&String, &Origin)| {
                name.starts_with(&section) && !matches!(origin, Origin::Default)
            };
            origins.iter().find(set).map(|(_, origin)| origin)
        };
        if let Some(origin) = origins.get(key).or_else(inside) {
            return origin.clone();
        }
        match key.rsplit_once(['.', '[']) {
            Some((outer, _)) => key = outer,
            None => return Origin::Default,
        }
    }
}
