use std::fmt::Write as _;

use plexi_app::config::{Change, ConfigError, ConfigSchema, History, Loaded, example_toml, reference};
use plexi_app::{HISTORY, Settings, SettingsArgs};
use serde_json::{Value, json};

use crate::args::{ConfigCommand, Global, ReferenceFormat};
use crate::exit::CliError;
use crate::output::{Out, Table, emit, plain};

/// What the options say of the configuration.
pub(crate) fn args(global: &Global) -> SettingsArgs {
    SettingsArgs { config: global.config.clone(), profile: global.profile.clone(), set: global.set.clone() }
}

/// The configuration in force.
pub(crate) fn load(global: &Global) -> Result<Loaded<Settings>, CliError> {
    Ok(args(global).load()?)
}

/// `plexi config`
pub(crate) fn run(global: &Global, command: ConfigCommand, out: Out) -> Result<(), CliError> {
    if global.server.is_some() {
        return Err(CliError::usage(
            "plexi config works on the configuration of this machine, without --server",
        ));
    }
    match command {
        ConfigCommand::Show { origin, key } => show(global, origin, key.as_deref(), out),
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
        ConfigCommand::History => history(global, out),
        ConfigCommand::Diff { from, to } => diff(global, from, to, out),
        ConfigCommand::Rollback { version } => roll_back(global, version, out),
    }
}

fn show(global: &Global, origin: bool, prefix: Option<&str>, out: Out) -> Result<(), CliError> {
    let mut rows = load(global)?.rows();
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

fn history(global: &Global, out: Out) -> Result<(), CliError> {
    let versions = folder(global)?.versions().map_err(plexi_app::AppError::from)?;
    let told: Vec<Value> = versions
        .iter()
        .map(|version| {
            let files: Vec<_> =
                version.files.iter().filter(|file| file.text.is_some()).map(|file| &file.path).collect();
            json!({ "version": version.number, "applied_at": version.applied_at, "files": files })
        })
        .collect();
    out.show(&told, |_| {
        let mut table = Table::new(&["version", "applied at", "files"]);
        for version in &versions {
            let files = version.files.iter().filter(|file| file.text.is_some());
            let files: Vec<String> = files.map(|file| file.path.display().to_string()).collect();
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
