//! One layer: values with the place of each, read from TOML, variables or flags.

use std::collections::BTreeMap;
use std::ops::Range;

use figment::value::{Dict, Map, Num, Tag, Value};
use figment::{Metadata, Profile, Provider};
use toml::de::{DeTable, DeValue};

use crate::error::{Problem, Problems};
use crate::key::{Path, below, dotted, variable};
use crate::origin::Origin;
use crate::schema::{ConfigSchema, Shape};
use crate::secret::COMMAND;
use crate::suggest::nearest;

/// Values of one source, and where each stands.
#[derive(Clone, Default)]
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) values: Dict,
    pub(crate) origins: BTreeMap<Path, Origin>,
    /// Secrets that stand in the text itself: key and place. Of a command its arguments, whose key ends in the program.
    pub(crate) literals: Vec<(Path, Range<usize>)>,
}

impl Layer {
    /// The place of the value at `path`, or of what is nearest around it.
    pub(crate) fn origin(&self, path: &[String]) -> Option<&Origin> {
        (0..=path.len()).rev().find_map(|end| self.origins.get(&path[..end]))
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// Reads values against the schema: names unknown keys and remembers places and secrets.
pub(crate) struct Reader<'a> {
    pub(crate) schema: &'a ConfigSchema,
    pub(crate) layer: &'a mut Layer,
    pub(crate) problems: &'a mut Problems,
    /// The place of a piece of the text.
    pub(crate) origin: &'a dyn Fn(Range<usize>) -> Origin,
    /// How a key is written in this source.
    pub(crate) written: fn(&[String]) -> String,
}

impl Reader<'_> {
    pub(crate) fn table(&mut self, shape: Shape<'_>, table: &DeTable<'_>, path: &Path) -> Dict {
        let mut dict = Dict::new();
        for (name, value) in table {
            if self.problems.is_full() {
                break;
            }
            let path = below(path, name.get_ref());
            match shape.child(name.get_ref()) {
                Some(child) => {
                    self.layer.origins.insert(path.clone(), (self.origin)(name.span()));
                    let value = self.value(Some(child), value.get_ref(), value.span(), &path);
                    dict.insert(name.get_ref().to_string(), value);
                }
                None => self.unknown(&path, (self.origin)(name.span())),
            }
        }
        dict
    }

    pub(crate) fn unknown(&mut self, path: &Path, origin: Origin) {
        let suggestion = nearest(self.schema, path).map(|meant| (self.written)(&meant));
        let message = "unknown key".to_owned();
        self.problems.add(Problem { key: dotted(path), origin, message, suggestion });
    }

    /// Converts a value. Below a `shape` that is not a section nothing is known, and nothing unknown.
    pub(crate) fn value(
        &mut self,
        shape: Option<Shape<'_>>,
        value: &DeValue<'_>,
        span: Range<usize>,
        path: &Path,
    ) -> Value {
        if shape.is_some_and(|shape| shape.is_secret()) {
            if value.is_str() {
                self.layer.literals.push((path.clone(), span));
            } else if let Some((program, arguments)) = arguments(value) {
                self.layer.literals.push((below(&below(path, COMMAND), &program), arguments));
            }
        }
        match value {
            DeValue::Table(table) => {
                let dict = match shape.filter(Shape::is_section) {
                    Some(section) => self.table(section, table, path),
                    None => self.free_table(table, path),
                };
                Value::Dict(Tag::Default, dict)
            }
            DeValue::Array(items) => {
                let item_shape = shape.and_then(|shape| shape.items());
                let mut list = Vec::new();
                for (nth, item) in items.iter().enumerate() {
                    let path = below(path, &nth.to_string());
                    self.layer.origins.insert(path.clone(), (self.origin)(item.span()));
                    list.push(self.value(item_shape, item.get_ref(), item.span(), &path));
                }
                Value::Array(Tag::Default, list)
            }
            _ => scalar(value),
        }
    }

    fn free_table(&mut self, table: &DeTable<'_>, path: &Path) -> Dict {
        let mut dict = Dict::new();
        for (name, value) in table {
            let path = below(path, name.get_ref());
            self.layer.origins.insert(path.clone(), (self.origin)(name.span()));
            let value = self.value(None, value.get_ref(), value.span(), &path);
            dict.insert(name.get_ref().to_string(), value);
        }
        dict
    }
}

/// The program of a command that prints a secret, and the place of its arguments, if it has any.
fn arguments(secret: &DeValue<'_>) -> Option<(String, Range<usize>)> {
    let command = secret.as_table()?.get(COMMAND)?.get_ref().as_array()?;
    let (program, first, last) = (command.first()?, command.get(1)?, command.last()?);
    let program = program.get_ref().as_str().unwrap_or_default().to_owned();
    Some((program, first.span().start..last.span().end))
}

fn scalar(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Integer(number) => {
            let digits = number.as_str().trim_start_matches('+');
            match i128::from_str_radix(digits, number.radix()) {
                Ok(small) if i64::try_from(small).is_ok() => {
                    Value::Num(Tag::Default, Num::I64(i64::try_from(small).unwrap_or_default()))
                }
                Ok(big) => Value::Num(Tag::Default, Num::I128(big)),
                // beyond 128 bits nothing fits: the type error names the key
                Err(_) => Value::from(digits.to_owned()),
            }
        }
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::from(number.as_str().to_owned()),
        },
        DeValue::Boolean(truth) => Value::from(*truth),
        DeValue::Datetime(at) => Value::from(at.to_string()),
        DeValue::String(text) => Value::from(text.to_string()),
        // tables and lists are converted by the caller
        DeValue::Table(_) | DeValue::Array(_) => Value::from(Dict::new()),
    }
}

/// Reads a file. A file with errors of syntax gives those and no values.
pub(crate) fn read_toml(
    schema: &ConfigSchema,
    path: &std::path::Path,
    text: &str,
    problems: &mut Problems,
) -> Layer {
    let mut layer = Layer { name: path.display().to_string(), ..Layer::default() };
    let place = |span: Range<usize>| Some(crate::origin::Place::of(text, span.start));
    let origin = |span| Origin::File { path: path.to_owned(), place: place(span) };
    layer.origins.insert(Path::new(), Origin::File { path: path.to_owned(), place: None });
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let mut reader = Reader { schema, layer: &mut layer, problems, origin: &origin, written: dotted };
        let values = reader.table(schema.root(), table.get_ref(), &Path::new());
        layer.values = values;
        return layer;
    }
    for error in errors {
        let origin = Origin::File { path: path.to_owned(), place: error.span().and_then(place) };
        let message = error.message().to_owned();
        problems.add(Problem { key: String::new(), origin, message, suggestion: None });
    }
    layer
}

/// Reads one value given as text: a variable or a flag.
pub(crate) fn read_text(
    schema: &ConfigSchema,
    path: &Path,
    text: &str,
    origin: &Origin,
    layer: &mut Layer,
    problems: &mut Problems,
) {
    let written = if matches!(origin, Origin::Environment { .. }) { variable } else { dotted };
    let same = |_| origin.clone();
    let mut reader = Reader { schema, layer, problems, origin: &same, written };
    let Some(shape) = schema.at(path).filter(|_| !path.is_empty()) else {
        reader.unknown(path, origin.clone());
        return;
    };
    let verbatim = shape.is_text() || (shape.is_secret() && !text.trim_start().starts_with('{'));
    let value = match DeValue::parse(text.trim()) {
        Ok(parsed) if !verbatim => reader.value(Some(shape), parsed.get_ref(), 0..0, path),
        _ => Value::from(text.to_owned()),
    };
    layer.origins.insert(path.clone(), origin.clone());
    put(&mut layer.values, path, value);
}

/// Puts `value` at `path`, making the sections around it.
pub(crate) fn put(dict: &mut Dict, path: &[String], value: Value) {
    let [first, rest @ ..] = path else { return };
    if rest.is_empty() {
        dict.insert(first.clone(), value);
        return;
    }
    let section = dict.entry(first.clone()).or_insert_with(|| Value::from(Dict::new()));
    if !matches!(section, Value::Dict(..)) {
        *section = Value::from(Dict::new());
    }
    if let Value::Dict(_, inner) = section {
        put(inner, rest, value);
    }
}

/// Takes out the value at `path`; `false` when there is none.
pub(crate) fn remove(dict: &mut Dict, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => dict.remove(last).is_some(),
        [first, rest @ ..] => match dict.get_mut(first) {
            Some(Value::Dict(_, inner)) => remove(inner, rest),
            _ => false,
        },
    }
}

/// The value at `path`.
pub(crate) fn find<'a>(dict: &'a Dict, path: &[String]) -> Option<&'a Value> {
    match path {
        [] => None,
        [last] => dict.get(last),
        [first, rest @ ..] => match dict.get(first) {
            Some(Value::Dict(_, inner)) => find(inner, rest),
            _ => None,
        },
    }
}

/// The paths of all settings in `dict`: what stands below sections; an empty section is one itself.
pub(crate) fn leaves(shape: Shape<'_>, dict: &Dict, path: &Path, found: &mut Vec<Path>) {
    for (name, value) in dict {
        let path = below(path, name);
        match (shape.child(name).filter(Shape::is_section), value) {
            (Some(section), Value::Dict(_, inner)) if !inner.is_empty() => {
                leaves(section, inner, &path, found);
            }
            _ => found.push(path),
        }
    }
}
