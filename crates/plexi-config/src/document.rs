//! Single keys changed in the text of a configuration file; everything else stays as it stands.

use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::key::Path;

/// The text of a configuration file while keys in it are changed.
pub(crate) struct Document {
    toml: DocumentMut,
    /// Lines end as on Windows.
    crlf: bool,
}

impl Document {
    /// Reads a text; says what is wrong with one that is not TOML.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let breaks = text.matches('\n').count();
        let crlf = breaks > 0 && text.matches("\r\n").count() == breaks;
        let toml = text.parse().map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
        Ok(Self { toml, crlf })
    }

    /// Whether something stands at `path`.
    pub(crate) fn has(&self, path: &[String]) -> bool {
        let mut item = Some(self.toml.as_item());
        for part in path {
            item = item.and_then(Item::as_table_like).and_then(|table| table.get(part));
        }
        item.is_some_and(|item| !item.is_none())
    }

    /// Puts `value` at `path`, in place of what stands there.
    pub(crate) fn put(&mut self, path: &[String], value: &Json) -> Result<(), String> {
        put(self.toml.as_table_mut(), path, value, false)
    }

    /// Takes out what stands at `path`. Comments above it stay.
    pub(crate) fn take(&mut self, path: &[String]) {
        let left = take(self.toml.as_table_mut(), path);
        if let Some(comment) = left {
            // no key of the root is left to stand below it
            let decor = self.toml.as_table_mut().decor_mut();
            let before = text_of(decor.prefix());
            decor.set_prefix(before + &comment);
        }
    }

    /// The whole text as it is now.
    pub(crate) fn text(&self) -> String {
        let text = self.toml.to_string();
        if self.crlf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text }
    }
}

/// `inline`: the table stands between braces, where no other kind of table may be.
fn put(table: &mut dyn TableLike, path: &[String], value: &Json, inline: bool) -> Result<(), String> {
    let [first, rest @ ..] = path else { return Ok(()) };
    if inline && !table.contains_key(first) {
        close_up(table);
    }
    let blocked = || format!("the file has something else than a section at {first}");
    if rest.is_empty() {
        match (table.get_mut(first), value) {
            // entry by entry, so that the comments between them stay
            (Some(item), Json::Object(wanted)) if item.is_table_like() => {
                let inline = item.is_inline_table();
                let inner = item.as_table_like_mut().ok_or_else(blocked)?;
                let known: Vec<String> = inner.iter().map(|(name, _)| name.to_owned()).collect();
                for gone in known.into_iter().filter(|name| !wanted.contains_key(name)) {
                    keep(inner, &gone);
                }
                for (name, value) in wanted {
                    put(inner, &Path::from([name.clone()]), value, inline)?;
                }
            }
            (Some(Item::Value(old)), _) => {
                let mut new = written(value)?;
                *new.decor_mut() = old.decor().clone();
                *old = new;
            }
            _ => drop(table.insert(first, Item::Value(written(value)?))),
        }
        return Ok(());
    }
    if table.get(first).is_none_or(Item::is_none) {
        let mut section = Table::new();
        section.set_implicit(rest.len() > 1);
        let section = if inline { Item::Value(InlineTable::new().into()) } else { Item::Table(section) };
        table.insert(first, section);
    }
    let item = table.get_mut(first).ok_or_else(blocked)?;
    let inline = item.is_inline_table();
    put(item.as_table_like_mut().ok_or_else(blocked)?, rest, value, inline)
}

/// Takes away the space in front of the closing brace, where a comma will be.
fn close_up(table: &mut dyn TableLike) {
    let last = table.iter_mut().last().map(|(_, item)| item);
    if let Some(value) = last.and_then(Item::as_value_mut)
        && text_of(value.decor().suffix()).trim().is_empty()
    {
        value.decor_mut().set_suffix("");
    }
}

/// Takes out what stands at `path`; gives comments above it that found no place in the root table.
fn take(root: &mut Table, path: &[String]) -> Option<String> {
    let [first, rest @ ..] = path else { return None };
    if rest.is_empty() { keep(root, first) } else { within(root.get_mut(first)?, rest) }
}

fn within(item: &mut Item, path: &[String]) -> Option<String> {
    let [first, rest @ ..] = path else { return None };
    if !rest.is_empty() {
        return within(item.as_table_like_mut()?.get_mut(first)?, rest);
    }
    match item {
        Item::Table(table) => {
            if let Some(comment) = keep(table, first) {
                // the header is what is left to stand above it
                let decor = table.decor_mut();
                let behind = format!("{}\n{}", text_of(decor.suffix()), comment.trim_end_matches('\n'));
                decor.set_suffix(behind);
            }
            None
        }
        other => {
            keep(other.as_table_like_mut()?, first);
            None
        }
    }
}

/// Takes a key out of `table` and gives the comments above it to a neighbour; gives them back when there is none.
fn keep(table: &mut dyn TableLike, name: &str) -> Option<String> {
    let comment = table.key(name).map(|key| text_of(key.leaf_decor().prefix())).unwrap_or_default();
    let values: Vec<String> =
        table.iter().filter(|(_, item)| item.is_value()).map(|(name, _)| name.to_owned()).collect();
    table.remove(name);
    if !comment.contains('#') {
        return None;
    }
    let Some(at) = values.iter().position(|known| known == name) else { return Some(comment) };
    if let Some(next) = values.get(at + 1)
        && let Some(mut key) = table.key_mut(next)
    {
        let decor = key.leaf_decor_mut();
        let own = text_of(decor.prefix());
        decor.set_prefix(comment + &own);
        return None;
    }
    let before = at.checked_sub(1).and_then(|before| values.get(before));
    let before = before.and_then(|before| table.get_mut(before)).and_then(Item::as_value_mut);
    let Some(value) = before else { return Some(comment) };
    let behind = format!("{}\n{}", text_of(value.decor().suffix()), comment.trim_end_matches('\n'));
    value.decor_mut().set_suffix(behind);
    None
}

fn text_of(raw: Option<&toml_edit::RawString>) -> String {
    raw.and_then(toml_edit::RawString::as_str).unwrap_or_default().to_owned()
}

/// A value as TOML has it.
fn written(value: &Json) -> Result<Value, String> {
    Ok(match value {
        Json::Null => return Err("null cannot stand in a list or table".to_owned()),
        Json::Bool(truth) => Value::from(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(float)) if !number.is_u64() => Value::from(float),
            _ => return Err(format!("{number} is too large a number")),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            let items: Result<Vec<Value>, String> = items.iter().map(written).collect();
            Value::Array(Array::from_iter(items?))
        }
        Json::Object(fields) => {
            let mut table = InlineTable::new();
            for (name, value) in fields {
                table.insert(name, written(value)?);
            }
            Value::InlineTable(table)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(dotted: &str) -> Path {
        dotted.split('.').map(str::to_owned).collect()
    }

    fn after_put(text: &str, key: &str, value: &Json) -> String {
        let mut document = Document::read(text).unwrap();
        document.put(&path(key), value).unwrap();
        document.text()
    }

    fn after_take(text: &str, key: &str) -> String {
        let mut document = Document::read(text).unwrap();
        document.take(&path(key));
        document.text()
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        let text = "# ours\ntitle   =  'one' # first\n\n[server] # s\n  listen = \"a\" # why\n# end\n";
        assert_eq!(
            after_put(text, "server.listen", &json!("b")),
            "# ours\ntitle   =  'one' # first\n\n[server] # s\n  listen = \"b\" # why\n# end\n"
        );
        assert_eq!(
            after_put("server.listen = 1 # x\r\n", "server.listen", &json!(2)),
            "server.listen = 2 # x\r\n"
        );
        assert_eq!(
            after_put("server = { a = 1, b = 2 }\n", "server.a", &json!(3)),
            "server = { a = 3, b = 2 }\n"
        );
    }

    #[test]
    fn a_new_key_comes_to_its_section_and_a_new_section_to_the_end() {
        assert_eq!(after_put("", "server.listen", &json!("a")), "[server]\nlisten = \"a\"\n");
        assert_eq!(
            after_put("[server]\nlisten = 1\n\n# on\n[auth]\n", "server.share", &json!(0.5)),
            "[server]\nlisten = 1\nshare = 0.5\n\n# on\n[auth]\n"
        );
        assert_eq!(
            after_put("title = 1\n", "a.b.c", &json!([1, "x"])),
            "title = 1\n\n[a.b]\nc = [1, \"x\"]\n"
        );
        assert_eq!(after_put("a = { b = 1 }\n", "a.c.d", &json!(true)), "a = { b = 1, c = { d = true } }\n");
        assert_eq!(after_put("a.b = 1\n", "a.c", &json!(2)), "a.b = 1\na.c = 2\n");
    }

    #[test]
    fn comments_stay_when_the_key_below_them_goes() {
        assert_eq!(after_take("# ours\na = 1\nb = 2\n", "a"), "# ours\nb = 2\n");
        assert_eq!(after_take("a = 1 # one\n# ours\nb = 2\n", "b"), "a = 1 # one\n# ours\n");
        assert_eq!(after_take("# ours\na = 1\n\n[b]\nc = 1\n", "a"), "# ours\n\n[b]\nc = 1\n");
        assert_eq!(after_take("[b] # b\n# ours\nc = 1\n\n[d]\n", "b.c"), "[b] # b\n# ours\n\n[d]\n");
        assert_eq!(after_take("a = { b = 1, c = 2 }\n", "a.b"), "a = { c = 2 }\n");
        assert_eq!(after_take("a = 1\n", "b.c"), "a = 1\n");
    }

    #[test]
    fn a_table_is_changed_entry_by_entry() {
        let text = "[a]\n# one\nb = 1 # x\n# two\nc = 2\n";
        assert_eq!(after_put(text, "a", &json!({"b": 3, "d": 4})), "[a]\n# one\nb = 3 # x\n# two\nd = 4\n");
    }

    #[test]
    fn what_toml_cannot_hold_is_refused() {
        let mut document = Document::read("a = 1\n").unwrap();
        assert!(document.put(&path("b"), &json!([null])).is_err());
        assert!(document.put(&path("b"), &json!(u64::MAX)).is_err());
        assert!(document.put(&path("a.b"), &json!(1)).is_err());
        assert_eq!(document.text(), "a = 1\n");
        assert!(Document::read("a = = 1").is_err());
    }
}
