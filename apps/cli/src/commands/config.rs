use std::fmt::Write as _;
use std::path::PathBuf;

use plexi_app::config::{
    Change, ConfigError, ConfigSchema, Edited, Edits, FileEdit, History, Loaded, Origin, Version,
    example_toml, reference,
};
use plexi_app::{HISTORY, Settings, SettingsArgs};
use plexi_core::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::args::{ConfigCommand, Global, ReferenceFormat};
use crate::exit::{CliError, Exit};
use crate::output::{Out, Table, emit, plain};
use crate::remote::Remote;

/// What the options say of the configuration.
pub(crate) fn args(global: &Global) -> SettingsArgs {
    SettingsArgs { config: global.config.clone(), profile: global.profile.clone(), set: global.set.clone() }
}

/// The configuration in force.
pub(crate) fn load(global: &Global) -> Result<Loaded<Settings>, CliError> {
    Ok(args(global).load()?)
}

/// `plexi config`
pub(crate) async fn run(global: &Global, command: ConfigCommand, out: Out) -> Result<(), CliError> {
    if let Some(address) = &global.server {
        return there(address, global, command, out).await;
    }
    match command {
        ConfigCommand::Show { origin, key } => show(load(global)?.rows(), origin, key.as_deref(), out),
        ConfigCommand::Check => check(global, out),
        ConfigCommand::Reference { format } => {
            let schema = ConfigSchema::of::<Settings>();
            match format {
                ReferenceFormat::Markdown => emit(&reference(&schema)),
                ReferenceFormat::Schema => emit(&serde_json::to_string_pretty(schema.as_json())?),
            }
            Ok(())
        }
        ConfigCommand::Example => {
            emit(&example_toml(&ConfigSchema::of::<Settings>()));
            Ok(())
        }
        ConfigCommand::Set { pairs, unset, dry_run } => set(global, &edits(&pairs, unset)?, dry_run, out),
        ConfigCommand::History => {
            let versions = folder(global)?.versions().map_err(plexi_app::AppError::from)?;
            history(&versions.into_iter().map(Kept::from).collect::<Vec<_>>(), out)
        }
        ConfigCommand::Diff { from, to } => diff(global, from, to, out),
        ConfigCommand::Rollback { version } => roll_back(global, version, out),
    }
}

/// The same on a server that runs elsewhere.
async fn there(address: &str, global: &Global, command: ConfigCommand, out: Out) -> Result<(), CliError> {
    if let ConfigCommand::Check | ConfigCommand::Reference { .. } | ConfigCommand::Example = command {
        return Err(CliError::usage("this works on the configuration of this machine, without --server"));
    }
    let remote = &Remote::signed_in(address, global).await?;
    match command {
        ConfigCommand::Show { origin, key } => {
            let items: Vec<RemoteKey> = remote.all("admin/config", &[]).await?;
            let rows = items.into_iter().map(|item| (item.key, item.value, item.origin));
            show(rows.collect(), origin, key.as_deref(), out)
        }
        ConfigCommand::Set { pairs, unset, dry_run } => {
            let (method, path) =
                if dry_run { (Method::POST, "admin/config/check") } else { (Method::PATCH, "admin/config") };
            let body = json!({ "version": present(remote).await?, "changes": edits(&pairs, unset)? });
            told_edited(&remote.change::<Edited>(method, path, &body).await?, dry_run, out)
        }
        ConfigCommand::History => {
            let mut items: Vec<Kept> = remote.all("admin/config/history", &[]).await?;
            items.reverse();
            history(&items, out)
        }
        ConfigCommand::Diff { from, to } => {
            let to = to.map(|to| to.to_string());
            let query: Vec<_> = to.iter().map(|to| ("to", to.as_str())).collect();
            let mut compared: Value =
                remote.get(&format!("admin/config/history/{from}"), &query).await.map_err(see_history)?;
            let changes: Vec<Change> = serde_json::from_value(compared["changes"].take())?;
            out.show(&changes, |changes| table(changes))
        }
        ConfigCommand::Rollback { version } => {
            let body = json!({ "number": version, "version": present(remote).await? });
            let done = remote.change::<Edited>(Method::POST, "admin/config/rollback", &body).await;
            told_edited(&done.map_err(see_history)?, false, out)
        }
        ConfigCommand::Check | ConfigCommand::Reference { .. } | ConfigCommand::Example => Ok(()),
    }
}

/// The number of the configuration that a server has now.
async fn present(remote: &Remote) -> Result<Value, CliError> {
    Ok(remote.get::<Value>("admin/config", &[]).await?["version"].take())
}

fn see_history(error: CliError) -> CliError {
    match error.exit {
        Exit::NotFound => error.remedy("See `plexi config history`."),
        _ => error,
    }
}

/// A key as the API has it.
#[derive(Deserialize)]
struct RemoteKey {
    key: String,
    value: Value,
    origin: Origin,
}

/// A configuration that was applied.
#[derive(Deserialize)]
struct Kept {
    number: u64,
    applied_at: Timestamp,
    files: Vec<PathBuf>,
}

impl From<Version> for Kept {
    fn from(version: Version) -> Self {
        let there = version.files.into_iter().filter(|file| file.text.is_some());
        Self {
            number: version.number,
            applied_at: version.applied_at,
            files: there.map(|file| file.path).collect(),
        }
    }
}

/// What is to change.
fn edits(pairs: &[String], unset: Vec<String>) -> Result<Edits, CliError> {
    let schema = ConfigSchema::of::<Settings>();
    let mut edits: Edits = unset.into_iter().map(|key| (key, Value::Null)).collect();
    for pair in pairs {
        let (key, value) = schema.read_pair(pair).map_err(|error| CliError::coded(&error))?;
        edits.insert(key, value);
    }
    Ok(edits)
}

fn set(global: &Global, edits: &Edits, dry_run: bool, out: Out) -> Result<(), CliError> {
    let refused = |error: ConfigError| match error {
        ConfigError::Refused(_) => CliError::coded(&error),
        other => plexi_app::AppError::from(other).into(),
    };
    let edit = FileEdit::prepare::<Settings>(&args(global).sources(), edits).map_err(refused)?;
    let edited = if dry_run { edit.edited } else { edit.write().map_err(refused)? };
    told_edited(&edited, dry_run, out)
}

fn told_edited(edited: &Edited, dry_run: bool, out: Out) -> Result<(), CliError> {
    out.show(edited, |edited| {
        let mut text = table(&edited.changes);
        for file in &edited.files {
            let done = if dry_run { "would be written" } else { "is written" };
            // infallible: writing to a String
            let _ = write!(text, "\n{} {done}", plain(&file.display().to_string()));
        }
        if !edited.needs_restart.is_empty() {
            let _ = write!(text, "\nat the next start: {}", plain(&edited.needs_restart.join(" ")));
        }
        text
    })
}

fn show(
    mut rows: Vec<(String, Value, Origin)>,
    origin: bool,
    prefix: Option<&str>,
    out: Out,
) -> Result<(), CliError> {
    rows.retain(|(key, _, _)| prefix.is_none_or(|prefix| key.starts_with(prefix)));
    let told: Vec<Value> = rows
        .iter()
        .map(|(key, value, from)| {
            let mut row = json!({ "key": key, "value": value });
            if origin {
                row["origin"] = json!(from.to_string());
            }
            row
        })
        .collect();
    out.show(&told, |_| {
        let lines = rows.iter().map(|(key, value, from)| {
            let set =
                if value.is_null() { format!("# {key} is not set") } else { format!("{key} = {value}") };
            plain(&if origin { format!("{set}  ({from})") } else { set })
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn check(global: &Global, out: Out) -> Result<(), CliError> {
    let settings = load(global)?.settings;
    settings.breached_passwords()?;
    let warnings = settings.warnings();
    out.show(&json!({ "valid": true, "warnings": warnings }), |_| {
        let mut text = "the configuration is valid".to_owned();
        for warning in &warnings {
            // infallible: writing to a String
            let _ = write!(text, "\nwarning: {} {}", warning.field, warning.problem);
        }
        text
    })
}

/// The history in the data folder; in the one of the defaults when the configuration of today is not valid, which is when
/// an earlier one is wanted.
fn folder(global: &Global) -> Result<History, CliError> {
    let settings = load(global).map(|loaded| loaded.settings).unwrap_or_default();
    let folder = settings.server.data_dir.join(HISTORY);
    if !folder.is_dir() {
        return Err(CliError::not_found(format!("{} does not exist", folder.display())).remedy(
            "A server keeps its configuration there at each start. Say where: --set server.data_dir=FOLDER.",
        ));
    }
    Ok(History::open(folder).map_err(plexi_app::AppError::from)?)
}

fn history(versions: &[Kept], out: Out) -> Result<(), CliError> {
    let told: Vec<Value> = versions
        .iter()
        .map(|version| {
            json!({ "version": version.number, "applied_at": version.applied_at, "files": version.files })
        })
        .collect();
    out.show(&told, |_| {
        let mut table = Table::new(&["version", "applied at", "files"]);
        for version in versions {
            let files: Vec<String> = version.files.iter().map(|file| file.display().to_string()).collect();
            table.row([version.number.to_string(), version.applied_at.to_string(), files.join(" ")]);
        }
        table.to_string()
    })
}

fn diff(global: &Global, from: u64, to: Option<u64>, out: Out) -> Result<(), CliError> {
    let history = folder(global)?;
    let changes = match to {
        Some(to) => history.diff(from, to).map_err(|error| told(&history, error))?,
        None => history.version(from).map_err(|error| told(&history, error))?.changes_to(&load(global)?),
    };
    out.show(&changes, |changes| table(changes))
}

fn table(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "no difference".to_owned();
    }
    let mut table = Table::new(&["key", "before", "after"]);
    for change in changes {
        let side = |value: &Option<Value>| value.as_ref().map_or_else(String::new, shown);
        table.row([change.key.clone(), side(&change.before), side(&change.after)]);
    }
    table.to_string()
}

/// What the history refuses; a version that is not there with those that are.
fn told(history: &History, error: ConfigError) -> CliError {
    match error {
        ConfigError::Invalid(_) => plexi_app::AppError::from(error).into(),
        ConfigError::NoVersion(_) => {
            let known = history.numbers().unwrap_or_default();
            let known: Vec<String> = known.iter().map(u64::to_string).collect();
            CliError::not_found(error.to_string()).remedy(if known.is_empty() {
                "The history is empty.".to_owned()
            } else {
                format!("There are {}; `plexi config history` lists them.", known.join(", "))
            })
        }
        ConfigError::SecretNotKept { .. } | ConfigError::FileNotKept { .. } => {
            CliError::failure(error.to_string())
        }
        other => CliError::coded(&other),
    }
}

fn roll_back(global: &Global, version: u64, out: Out) -> Result<(), CliError> {
    let history = folder(global)?;
    history.put_back::<Settings>(version, &args(global).sources()).map_err(|error| told(&history, error))?;
    out.done(&format!(
        "the configuration files are as in version {version}; a running server takes them over by itself"
    ))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "not set".to_owned(),
        other => other.to_string(),
    }
}
