//! The log files of the server, and what stands at their ends.

use http::Method;
use plexi_auth::Caller;
use plexi_core::{Permission, Timestamp};
use plexi_core_log::{Level, LevelChange, LogEntry, LogFileInfo, LogFileKind, LogFilter, LogLevels, LogView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::Found;
use crate::call::{Call, Nothing};
use crate::error::ApiError;
use crate::operations::Operation;

/// How much of a file is looked at when nothing else is wished, in KiB.
const TAIL_KIB: u32 = 256;
/// How many lines are answered when nothing else is wished.
const LINES: u32 = 500;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/admin/logs/files", "logs.files", "The log files", files)
            .needs(Permission::LogsRead),
        Operation::new(Method::GET, "/admin/logs/view", "logs.view", "The end of a log file", view)
            .needs(Permission::LogsRead),
        Operation::new(Method::GET, "/admin/logs/levels", "logs.levels", "How much is logged", levels)
            .needs(Permission::LogsRead),
        Operation::new(
            Method::PATCH,
            "/admin/logs/levels",
            "logs.change_levels",
            "Change how much is logged, by target and by sink",
            change_levels,
        )
        .needs(Permission::SystemManage),
    ]
}

async fn levels(call: Call<Caller>) -> Result<Found<LogLevels>, ApiError> {
    Ok(Found(call.web.operator.log_levels()?))
}

async fn change_levels(
    call: Call<Caller, Nothing, Nothing, LevelChange>,
) -> Result<Found<LogLevels>, ApiError> {
    let levels = call.web.operator.change_log_levels(&call.body)?;
    tracing::warn!(user = %call.actor().user, change = ?call.body, "levels of the log are changed until the next start");
    Ok(Found(levels))
}

/// A log file.
#[derive(Serialize, JsonSchema)]
struct LogFile {
    /// Its name, as the view takes it; a plugin's with its folder.
    name: String,
    /// What it is.
    kind: LogFileKind,
    /// The plugin it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<String>,
    /// Its size in bytes, of an archive the packed one.
    bytes: u64,
    /// When it was put aside: everything in it is older.
    #[serde(skip_serializing_if = "Option::is_none")]
    put_aside: Option<Timestamp>,
}

/// All log files that are kept.
#[derive(Serialize, JsonSchema)]
struct LogFiles {
    /// Crash logs and the server's own, oldest first, then those of each plugin.
    items: Vec<LogFile>,
}

impl From<LogFileInfo> for LogFile {
    fn from(file: LogFileInfo) -> Self {
        let LogFileInfo { name, kind, plugin, bytes, put_aside, .. } = file;
        Self { name, kind, plugin, bytes, put_aside }
    }
}

async fn files(call: Call<Caller>) -> Result<Found<LogFiles>, ApiError> {
    let files = call.web.logs.read(plexi_core_log::LogReader::files).await?;
    Ok(Found(LogFiles { items: files.into_iter().map(LogFile::from).collect() }))
}

/// Which lines of which file. All conditions that are given must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ViewQuery {
    /// The file, by a name of the list.
    #[schemars(length(min = 1, max = 256))]
    file: String,
    /// How much of the end of the file is looked at, in KiB.
    #[serde(default = "tail_kb")]
    #[schemars(range(min = 1, max = 4_096))]
    tail_kb: u32,
    /// How many lines at most, the newest.
    #[serde(default = "most_lines")]
    #[schemars(range(min = 1, max = 2_000))]
    lines: u32,
    /// At least this severe.
    #[serde(default)]
    #[schemars(with = "Level")]
    level: Option<Level>,
    /// The line holds this, in small or capital letters.
    #[serde(default)]
    #[schemars(with = "String", length(max = 200))]
    text: Option<String>,
    /// Logged by this module or one below it.
    #[serde(default)]
    #[schemars(with = "String", length(max = 200))]
    target: Option<String>,
    /// Belongs to this request.
    #[serde(default)]
    #[schemars(with = "String", length(max = 200))]
    correlation_id: Option<String>,
    /// Logged at this time or later.
    #[serde(default)]
    #[schemars(with = "Timestamp")]
    since: Option<Timestamp>,
    /// Logged before this time.
    #[serde(default)]
    #[schemars(with = "Timestamp")]
    until: Option<Timestamp>,
}

const fn tail_kb() -> u32 {
    TAIL_KIB
}

const fn most_lines() -> u32 {
    LINES
}

/// The end of a log file.
#[derive(Serialize, JsonSchema)]
struct LogTail {
    /// The file.
    file: String,
    /// Whether the file begins before what was looked at.
    cut: bool,
    /// How many lines fit, of those that were looked at.
    matched: u64,
    /// The newest of them, oldest first.
    items: Vec<LogLine>,
}

/// A line of the log. Only `message` and `line` are there when the server did not write it.
#[derive(Serialize, JsonSchema)]
struct LogLine {
    /// When it was logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// How severe it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    /// Which module logged it.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    /// What it says.
    message: String,
    /// The request it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    /// What else it says, by name; all texts when the log is written as text.
    fields: Map<String, Value>,
    /// All of it as it stands in the file, in printable ASCII.
    line: String,
}

impl From<LogEntry<'_>> for LogLine {
    fn from(entry: LogEntry<'_>) -> Self {
        let line = entry.line().into_owned();
        let record = entry.record();
        Self {
            at: record.time,
            level: record.level,
            target: record.target,
            message: record.message,
            correlation_id: record.correlation_id,
            fields: record.fields,
            line,
        }
    }
}

impl LogTail {
    fn of(view: LogView, most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let skipped = view.lines.len().saturating_sub(most);
        let matched = u64::try_from(view.lines.len()).unwrap_or(u64::MAX);
        let items = view.entries().skip(skipped).map(LogLine::from).collect();
        Self { cut: view.cut, matched, items, file: view.file }
    }
}

async fn view(call: Call<Caller, Nothing, ViewQuery>) -> Result<Found<LogTail>, ApiError> {
    let ViewQuery { file, tail_kb, lines, level, text, target, correlation_id, since, until } = call.query;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let filter = LogFilter {
        level,
        from: since,
        until,
        text: given(text),
        ignore_case: true,
        target: given(target),
        correlation_id: given(correlation_id),
        ..LogFilter::default()
    };
    let bytes = usize::try_from(tail_kb).unwrap_or(usize::MAX).saturating_mul(1_024);
    let tail =
        move |reader: &plexi_core_log::LogReader| Ok(LogTail::of(reader.view(&file, &filter, bytes)?, lines));
    Ok(Found(call.web.logs.read(tail).await?))
}
