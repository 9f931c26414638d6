//! The schema of an input is its gate: what the OpenAPI document forbids, the server refuses, because both come
//! from one place. Knows the part of JSON Schema 2020-12 that the input types use.

use std::collections::HashMap;

use plexi_core::FieldError;
use regex::Regex;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// At most so many problems are listed; the rest would not help anybody.
const MAX_PROBLEMS: usize = 20;

/// What an input must look like.
#[derive(Clone, Debug)]
pub struct Contract {
    schema: Value,
    patterns: HashMap<String, Regex>,
}

impl Contract {
    /// The contract of an input type, everything inlined.
    pub fn of<T: JsonSchema + ?Sized>() -> Self {
        let settings = SchemaSettings::draft2020_12().for_deserialize().with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        });
        let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
        drop_null_defaults(&mut schema);
        let mut patterns = HashMap::new();
        collect_patterns(&schema, &mut patterns);
        Self { schema, patterns }
    }

    /// The schema, for the OpenAPI document.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The properties of the object with their schemas, in order of name.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Value)> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
    }

    /// Whether a property must be there.
    pub fn requires(&self, property: &str) -> bool {
        let required = self.schema.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|name| name == property))
    }

    /// Everything that is wrong with `value`.
    pub fn problems(&self, value: &Value) -> Vec<FieldError> {
        let mut found = Vec::new();
        self.check(&self.schema, value, "", &mut found);
        found
    }

    /// Builds an object of text parameters (query, path), each read as what its schema says.
    pub fn read_text(&self, pairs: &[(String, String)]) -> Result<Value, Vec<FieldError>> {
        let mut object = Map::new();
        let mut problems = Vec::new();
        for (name, text) in pairs {
            let Some(schema) = self.schema.get("properties").and_then(|all| all.get(name)) else {
                problems.push(FieldError::new(plain_name(name), "is not known here"));
                continue;
            };
            let value = match kind_of(schema) {
                Some("integer") => text.parse::<i64>().ok().map(Value::from),
                Some("boolean") => text.parse::<bool>().ok().map(Value::from),
                _ => Some(Value::from(text.as_str())),
            };
            match value {
                Some(value) => {
                    if object.insert(name.clone(), value).is_some() {
                        problems.push(FieldError::new(name, "is given more than once"));
                    }
                }
                None => problems.push(FieldError::new(name, kind_words(kind_of(schema).unwrap_or_default()))),
            }
        }
        let object = Value::Object(object);
        if problems.is_empty() {
            problems = self.problems(&object);
        }
        if problems.is_empty() { Ok(object) } else { Err(problems) }
    }

    fn check(&self, schema: &Value, value: &Value, path: &str, found: &mut Vec<FieldError>) {
        if found.len() >= MAX_PROBLEMS {
            return;
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(choices) = schema.get(word).and_then(Value::as_array) {
                self.check_choices(choices, value, path, found);
            }
        }
        if let Some(kinds) = schema.get("type")
            && !is_of_kind(kinds, value)
        {
            let kind = kinds.as_str().or_else(|| kinds.get(0).and_then(Value::as_str)).unwrap_or_default();
            found.push(FieldError::new(name_of(path), kind_words(kind)));
            return;
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            found.push(FieldError::new(name_of(path), one_of(allowed)));
        }
        if let Some(constant) = schema.get("const")
            && constant != value
        {
            found.push(FieldError::new(name_of(path), one_of(std::slice::from_ref(constant))));
        }
        match value {
            Value::Object(object) => self.check_object(schema, object, path, found),
            Value::Array(items) => self.check_array(schema, items, path, found),
            Value::String(text) => self.check_text(schema, text, path, found),
            Value::Number(number) => check_number(schema, number, path, found),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check_choices(&self, choices: &[Value], value: &Value, path: &str, found: &mut Vec<FieldError>) {
        let mut nearest: Option<Vec<FieldError>> = None;
        for choice in choices {
            let mut problems = Vec::new();
            self.check(choice, value, path, &mut problems);
            if problems.is_empty() {
                return;
            }
            if choice.get("type").is_none_or(|kind| is_of_kind(kind, value)) {
                nearest.get_or_insert(problems);
            }
        }
        let constants: Vec<Value> =
            choices.iter().filter_map(|choice| choice.get("const").cloned()).collect();
        if constants.is_empty() {
            let fallback = || vec![FieldError::new(name_of(path), "is of the wrong kind")];
            found.extend(nearest.unwrap_or_else(fallback));
        } else {
            found.push(FieldError::new(name_of(path), one_of(&constants)));
        }
    }

    fn check_object(
        &self,
        schema: &Value,
        object: &Map<String, Value>,
        path: &str,
        found: &mut Vec<FieldError>,
    ) {
        if let Some(most) = bound(schema, "maxProperties")
            && object.len() as u64 > most
        {
            found.push(FieldError::new(name_of(path), format!("must have at most {most} entries")));
            return;
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, value) in object {
            match properties.and_then(|all| all.get(name)) {
                Some(property) => self.check(property, value, &join(path, name), found),
                None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    found.push(FieldError::new(join(path, &plain_name(name)), "is not known here"));
                }
                None => {
                    if let Some(rest) = schema.get("additionalProperties").filter(|rest| rest.is_object()) {
                        self.check(rest, value, &join(path, &plain_name(name)), found);
                    }
                }
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                found.push(FieldError::new(join(path, name), "is required"));
            }
        }
    }

    fn check_array(&self, schema: &Value, items: &[Value], path: &str, found: &mut Vec<FieldError>) {
        let (least, most) = (bound(schema, "minItems"), bound(schema, "maxItems"));
        let count = items.len() as u64;
        if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
            let problem = format!("must have {} entries", range_words(least, most));
            found.push(FieldError::new(name_of(path), problem));
            return;
        }
        if let Some(schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.check(schema, item, &format!("{path}[{index}]"), found);
            }
        }
    }

    fn check_text(&self, schema: &Value, text: &str, path: &str, found: &mut Vec<FieldError>) {
        let (least, most) = (bound(schema, "minLength"), bound(schema, "maxLength"));
        if least.is_some() || most.is_some() {
            let count = text.chars().count() as u64;
            if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
                let problem = format!("must be {} characters", range_words(least, most));
                found.push(FieldError::new(name_of(path), problem));
                return;
            }
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && self.patterns.get(pattern).is_none_or(|compiled| !compiled.is_match(text))
        {
            found.push(FieldError::new(name_of(path), format!("must match {pattern}")));
        }
        let problem = match schema.get("format").and_then(Value::as_str) {
            Some("uuid") if !is_uuid(text) => "must be a UUID",
            Some("date-time") if OffsetDateTime::parse(text, &Rfc3339).is_err() => "must be an RFC 3339 time",
            _ => return,
        };
        found.push(FieldError::new(name_of(path), problem));
    }
}

fn check_number(schema: &Value, number: &serde_json::Number, path: &str, found: &mut Vec<FieldError>) {
    let (least, most) = (schema.get("minimum"), schema.get("maximum"));
    let value = number.as_f64().unwrap_or(f64::NAN);
    let below = least.and_then(Value::as_f64).is_some_and(|least| value < least);
    let above = most.and_then(Value::as_f64).is_some_and(|most| value > most);
    if below || above {
        let words = range_words(least.and_then(Value::as_u64), most.and_then(Value::as_u64));
        found.push(FieldError::new(name_of(path), format!("must be {words}")));
    }
}

fn bound(schema: &Value, word: &str) -> Option<u64> {
    schema.get(word).and_then(Value::as_u64)
}

fn range_words(least: Option<u64>, most: Option<u64>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => String::from("in range"),
    }
}

fn kind_of(schema: &Value) -> Option<&str> {
    let kind = schema.get("type")?;
    kind.as_str().or_else(|| kind.get(0).and_then(Value::as_str))
}

fn kind_words(kind: &str) -> &'static str {
    match kind {
        "integer" => "must be a whole number",
        "number" => "must be a number",
        "boolean" => "must be true or false",
        "string" => "must be text",
        "array" => "must be a list",
        "object" => "must be an object",
        _ => "is of the wrong kind",
    }
}

fn is_of_kind(kinds: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    }
}

fn one_of(allowed: &[Value]) -> String {
    let words: Vec<String> =
        allowed.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
    format!("must be {}", words.join(" or "))
}

fn name_of(path: &str) -> &str {
    if path.is_empty() { "body" } else { path }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A name that the caller chose, short and printable enough to be repeated to them.
fn plain_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// The hyphenated form only, in either case.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `Option` with `#[serde(default)]` documents a default of null, which the contract refuses.
pub(crate) fn drop_null_defaults(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            object.values_mut().for_each(drop_null_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_null_defaults),
        _ => {}
    }
}

fn collect_patterns(schema: &Value, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Value::Object(object) => {
            if let Some(pattern) = object.get("pattern").and_then(Value::as_str)
                && let Ok(compiled) = Regex::new(pattern)
            {
                patterns.insert(pattern.to_owned(), compiled);
            }
            object.values().for_each(|value| collect_patterns(value, patterns));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_patterns(item, patterns)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Sample {
        #[schemars(length(min = 1, max = 4), regex(pattern = "^[a-z]+$"))]
        name: String,
        #[serde(default)]
        #[schemars(with = "u32", range(min = 1, max = 200))]
        limit: Option<u32>,
        #[serde(default)]
        #[schemars(length(max = 2))]
        ids: Vec<plexi_core::UserId>,
        #[serde(default)]
        flag: Option<bool>,
    }

    fn problems(value: &Value) -> Vec<String> {
        let found = Contract::of::<Sample>().problems(value);
        found.into_iter().map(|problem| format!("{} {}", problem.field, problem.problem)).collect()
    }

    #[test]
    fn all_problems_are_named_at_once_with_their_paths() {
        let bad = json!({"name": 7, "limit": 0, "ids": ["x"], "extra": {"deep": 1}});
        assert_eq!(
            problems(&bad),
            [
                "extra is not known here",
                "ids[0] must be a UUID",
                "limit must be 1 to 200",
                "name must be text"
            ]
        );
        assert_eq!(problems(&json!({})), ["name is required"]);
        assert_eq!(problems(&json!([])), ["body must be an object"]);
    }

    #[test]
    fn null_is_no_absence_unless_the_type_says_so() {
        assert_eq!(problems(&json!({"name": "a", "limit": null})), ["limit must be a whole number"]);
        assert!(problems(&json!({"name": "a", "flag": null})).is_empty());
    }

    #[test]
    fn text_parameters_are_read_as_what_they_should_be() {
        let contract = Contract::of::<Sample>();
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let read = contract.read_text(&[pair("name", "ab"), pair("limit", "20"), pair("flag", "true")]);
        assert_eq!(read.unwrap(), json!({"name": "ab", "limit": 20, "flag": true}));
        assert!(contract.read_text(&[pair("name", "a"), pair("name", "b")]).is_err());
        assert!(contract.read_text(&[pair("name", "a"), pair("limit", "many")]).is_err());
    }
}
