//! Documentation generated from the schema: it cannot differ from the program.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::key::{Path, below, dotted, part_text, variable};
use crate::schema::{ConfigSchema, Shape};

/// The reference of all keys in Markdown: a heading a section, a row a key.
pub fn reference(schema: &ConfigSchema) -> String {
    let mut out = String::from("# Configuration\n\n");
    let intro = schema.root().description();
    if !intro.is_empty() {
        let _ = writeln!(out, "{intro}\n");
    }
    out.push_str(
        "Values come from, weakest first: defaults, the configuration file, the file of the profile, environment\n\
         variables, `--set KEY=VALUE`. The variable of `section.key` is `",
    );
    let _ = writeln!(out, "{}`.", variable(&["section".to_owned(), "key".to_owned()]));
    out.push_str(
        "A secret is text, or `{ file = \"..\" }`, `{ env = \"..\" }`, `{ credential = \"..\" }` or\n\
         `{ command = [\"..\"] }`.\n",
    );
    visit(schema, &mut |path, section, keys| {
        if keys.is_empty() {
            return;
        }
        let title = if path.is_empty() { "top level".to_owned() } else { dotted(path) };
        let _ = write!(out, "\n## {title}\n\n");
        if !path.is_empty() && !section.description().is_empty() {
            let _ = write!(out, "{}\n\n", section.description());
        }
        out.push_str("| key | type | default | restart | meaning |\n|---|---|---|---|---|\n");
        for key in keys {
            let restart = if schema.needs_restart(&key.path) { "yes" } else { "no" };
            let default = match key.default {
                None | Some(Value::Null) => "not set".to_owned(),
                Some(value) => format!("`{}`", toml_text(value)),
            };
            let kind = cell(&key.shape.type_words());
            let meaning = cell(key.shape.description());
            let name = dotted(&key.path);
            let _ = writeln!(out, "| `{name}` | {kind} | {} | {restart} | {meaning} |", cell(&default));
        }
    });
    out
}

/// A configuration file with every key commented out at its default.
pub fn example_toml(schema: &ConfigSchema) -> String {
    let mut out = String::from("# Every key with its default. Remove the leading # to change one.\n");
    visit(schema, &mut |path, section, keys| {
        if keys.is_empty() {
            return;
        }
        out.push('\n');
        if !path.is_empty() {
            comment(&mut out, section.description());
            let _ = writeln!(out, "[{}]", dotted(path));
        }
        for (nth, key) in keys.iter().enumerate() {
            if nth > 0 {
                out.push('\n');
            }
            comment(&mut out, key.shape.description());
            let restart =
                if schema.needs_restart(&key.path) { "; takes effect at the next start" } else { "" };
            let _ = writeln!(out, "# {}{restart}", key.shape.type_words());
            let name = key.path.last().map_or("", String::as_str);
            let name = part_text(name);
            match key.default {
                None | Some(Value::Null) => drop(writeln!(out, "# {name} is not set by default")),
                Some(value) => drop(writeln!(out, "#{name} = {}", toml_text(value))),
            }
        }
    });
    out
}

pub(crate) struct Key<'a> {
    pub(crate) path: Path,
    pub(crate) shape: Shape<'a>,
    pub(crate) default: Option<&'a Value>,
}

type Visitor<'v, 'a> = dyn FnMut(&Path, Shape<'a>, &[Key<'a>]) + 'v;

/// Calls `visitor` for each section with its own keys, outer sections first.
pub(crate) fn visit<'a>(schema: &'a ConfigSchema, visitor: &mut Visitor<'_, 'a>) {
    section(&Path::new(), schema.root(), schema.defaults(), visitor);
}

fn section<'a>(path: &Path, shape: Shape<'a>, default: Option<&'a Value>, visitor: &mut Visitor<'_, 'a>) {
    let mut keys = Vec::new();
    let mut sections = Vec::new();
    for name in shape.properties().into_iter().flat_map(Map::keys) {
        let Some(child) = shape.child(name) else { continue };
        let given = default.and_then(|default| default.get(name)).or_else(|| child.own_default());
        let child = Key { path: below(path, name), shape: child, default: given };
        // a table with free names is one key: its entries are the operator's
        if child.shape.properties().is_some() { sections.push(child) } else { keys.push(child) }
    }
    visitor(path, shape, &keys);
    for child in sections {
        section(&child.path, child.shape, child.default, visitor);
    }
}

fn comment(out: &mut String, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value as TOML writes it on one line.
fn toml_text(value: &Value) -> String {
    match value {
        // TOML has no null; it cannot stand in a default that is set
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(toml_text).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let set = fields.iter().filter(|(_, value)| !value.is_null());
            let pairs: Vec<_> =
                set.map(|(name, value)| format!("{} = {}", part_text(name), toml_text(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
