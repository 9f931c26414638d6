use std::collections::VecDeque;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::time::Duration;

use plexi_app::log::{
    Level, LogEntry, LogError, LogFileInfo, LogFilter, LogReader, LogSource, LogSummary, Scan,
};
use plexi_core::{Clock as _, SystemClock, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::args::{Global, LogsCommand, Wanted};
use crate::exit::CliError;
use crate::output::{Out, Table};
use crate::remote::Remote;

/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How many targets and messages the summary for people shows.
const SHOWN: usize = 20;
/// The most characters of a target or message that it shows.
const WIDEST: usize = 100;

/// `plexi logs`
pub(crate) async fn run(global: &Global, command: LogsCommand, out: Out) -> Result<(), CliError> {
    if let LogsCommand::Level { level, target, sink } = command {
        return self::level(global, level.as_deref(), target, sink, out).await;
    }
    if global.server.is_some() {
        return Err(CliError::usage("plexi logs reads the data folder of this machine, without --server"));
    }
    let settings = super::config::load(global)?.settings;
    let reader = LogReader::new(&settings.logging, &settings.server.data_dir);
    match command {
        LogsCommand::Files => {
            let files = reader.files()?;
            out.show(&files, |files| file_table(files))
        }
        LogsCommand::Tail { lines, follow, wanted } => {
            let (source, filter) = wanted.read()?;
            let lines = usize::try_from(lines).unwrap_or(usize::MAX);
            tail(&reader, &source, &filter, lines, follow, out).await
        }
        LogsCommand::Grep { text, ignore_case, wanted } => {
            let (source, filter) = wanted.read()?;
            let filter = LogFilter { text: Some(text), ignore_case, ..filter };
            grep(&reader, &source, &filter, out)
        }
        LogsCommand::Level { .. } => Ok(()),
        LogsCommand::Stats { wanted } => {
            let (source, filter) = wanted.read()?;
            let summary = reader.summary(&source, &filter)?;
            out.show(&summary, summary_text)?;
            whole(&summary.scan)
        }
    }
}

/// How much a running server logs.
async fn level(
    global: &Global,
    level: Option<&str>,
    target: Option<String>,
    sink: Option<String>,
    out: Out,
) -> Result<(), CliError> {
    let Some(address) = &global.server else {
        return Err(CliError::usage("levels are changed on a running server")
            .remedy("Name it with --server URL; for good: `plexi config set logging.level=LEVEL`."));
    };
    let named = target.is_some() || sink.is_some();
    let level = match level {
        Some("default") if named => Some(Value::Null),
        Some(level) => {
            let known: Level = level.parse().map_err(|error| CliError::usage(format!("{error}")))?;
            Some(json!(known))
        }
        None => None,
    };
    let remote = Remote::signed_in(address, global).await?;
    let now: Value = match level {
        None => remote.get("admin/logs/levels", &[]).await?,
        Some(level) => {
            let change = match (target, sink) {
                (Some(target), _) => json!({ "targets": { target: level } }),
                (_, Some(sink)) => json!({ "sinks": { sink: level } }),
                _ => json!({ "level": level }),
            };
            remote.change(Method::PATCH, "admin/logs/levels", &change).await?
        }
    };
    out.show(&now, |now| {
        let mut table = Table::new(&["what", "level"]);
        let word = |level: &Value| level.as_str().unwrap_or_default().to_owned();
        table.row(["all others".to_owned(), word(&now["level"])]);
        for (kind, key) in [("target", "targets"), ("to", "sinks")] {
            for (name, level) in now[key].as_object().into_iter().flatten() {
                table.row([format!("{kind} {name}"), word(level)]);
            }
        }
        table.to_string()
    })
}

async fn tail(
    reader: &LogReader,
    source: &LogSource,
    filter: &LogFilter,
    lines: usize,
    follow: bool,
    out: Out,
) -> Result<(), CliError> {
    let mut newest = VecDeque::new();
    let keep = |entry: LogEntry<'_>| {
        newest.push_front(shown(out, &entry));
        if newest.len() == lines { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let (scan, follower) = if follow {
        let (scan, follower) = reader.follow(source, filter, keep)?;
        (scan, Some(follower))
    } else {
        (reader.backwards(source, filter, keep)?, None)
    };
    let mut printer = out.lines();
    for line in newest {
        if printer.line(&line).is_break() {
            return Ok(());
        }
    }
    let Some(mut follower) = follower else {
        // nobody is left to tell
        let _ = printer.flush();
        return whole(&scan);
    };
    if let Err(error) = whole(&scan) {
        // said now, since it goes on all the same and does not end by itself
        out.error(&error);
    }
    loop {
        let mut flow = ControlFlow::Continue(());
        if printer.flush().is_break() {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
        follower.poll(|entry| {
            if flow.is_continue() {
                flow = printer.line(&shown(out, &entry));
            }
        })?;
        if flow.is_break() {
            return Ok(());
        }
    }
}

fn grep(reader: &LogReader, source: &LogSource, filter: &LogFilter, out: Out) -> Result<(), CliError> {
    let mut printer = out.lines();
    let scan = reader.forwards(source, filter, |entry| printer.line(&shown(out, &entry)))?;
    // nobody is left to tell
    let _ = printer.flush();
    if scan.matched == 0 {
        out.note(&format!("nothing found in {} lines", scan.lines));
    }
    whole(&scan)
}

/// As it stands in the file, or as an object in one line.
fn shown(out: Out, entry: &LogEntry<'_>) -> String {
    if out.is_json() { json!(entry.record()).to_string() } else { entry.line().into_owned() }
}

/// Refuses to pass over what could not be read.
fn whole(scan: &Scan) -> Result<(), CliError> {
    if scan.unreadable.is_empty() {
        return Ok(());
    }
    let names = scan.unreadable.join(", ");
    Err(CliError::failure(format!("not read, or not to the end: {names}"))
        .remedy("The file is damaged or not readable for this user. All others were read."))
}

fn file_table(files: &[LogFileInfo]) -> String {
    if files.is_empty() {
        return "there are no logs".to_owned();
    }
    let mut table = Table::new(&["file", "kind", "bytes", "put aside at"]);
    for file in files {
        let kind = json!(file.kind);
        let put_aside = file.put_aside.map_or_else(String::new, |at| at.to_string());
        table.row([&*file.name, kind.as_str().unwrap_or_default(), &file.bytes.to_string(), &put_aside]);
    }
    table.to_string()
}

fn summary_text(summary: &LogSummary) -> String {
    let mut table = Table::new(&["what", "lines"]);
    let mut row = |what: &str, lines: u64| table.row([what, &lines.to_string()]);
    for (level, lines) in &summary.levels {
        row(&level.to_string(), *lines);
    }
    row("of others", summary.foreign);
    row("lost", summary.lost);
    let (first, last) = (time(summary.first), time(summary.last));
    let mut text = format!("{first} to {last}, {} lines looked at\n\n{table}", summary.scan.lines);
    for (title, counts) in [("target", &summary.targets), ("warning or error", &summary.troubles)] {
        if !counts.is_empty() {
            let mut table = Table::new(&[title, "lines"]);
            for (name, lines) in counts.iter().take(SHOWN) {
                let name: String = name.chars().take(WIDEST).collect();
                table.row([&name, &lines.to_string()]);
            }
            // infallible: writing to a String
            let _ = write!(text, "\n{table}");
        }
    }
    text
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

impl Wanted {
    fn read(self) -> Result<(LogSource, LogFilter), CliError> {
        let now = SystemClock.now();
        let at = |text: Option<String>| text.map(|text| point_in_time(&text, now)).transpose();
        let fields = self.fields.iter().map(|pair| {
            let pair = pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
            pair.ok_or_else(|| CliError::usage("--field takes NAME=VALUE"))
        });
        let filter = LogFilter {
            level: self.level,
            from: at(self.since)?,
            until: at(self.until)?,
            target: self.target,
            fields: fields.collect::<Result<_, _>>()?,
            correlation_id: self.correlation_id,
            ..LogFilter::default()
        };
        let source = match (self.plugin, self.file) {
            (Some(plugin), _) => LogSource::Plugin(plugin),
            (None, Some(file)) => LogSource::File(file),
            (None, None) => LogSource::Server,
        };
        Ok((source, filter))
    }
}

/// A time, or how long before `now` it is.
fn point_in_time(text: &str, now: Timestamp) -> Result<Timestamp, CliError> {
    let ago = || {
        let unit = text.chars().last()?;
        let seconds: u64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        let count: u64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
        Some(now.minus(Duration::from_secs(count.checked_mul(seconds)?)))
    };
    Timestamp::parse(text).or_else(ago).ok_or_else(|| {
        CliError::usage(format!("{text} is no time")).remedy("For instance 2026-11-21T09:30:00Z, 15m or 2h.")
    })
}

impl From<LogError> for CliError {
    fn from(error: LogError) -> Self {
        match &error {
            LogError::NoSuchLog { .. } => {
                Self::not_found(error.to_string()).remedy("See `plexi logs files`.")
            }
            _ => Self::coded(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_given_as_such_or_by_how_long_ago_it_is() {
        let now = Timestamp::from_seconds(1_000_000);
        let seconds = |text: &str| point_in_time(text, now).ok().map(Timestamp::as_seconds);
        assert_eq!(seconds("1970-01-02T00:00:00Z"), Some(86_400));
        assert_eq!(seconds("30s"), Some(999_970));
        assert_eq!(seconds("2h"), Some(992_800));
        assert_eq!(seconds("400d"), Some(0));
        for wrong in
            ["", "m", "-5m", "5 minutes", "5w", "99999999999999999999d", "18446744073709551615d", "\u{e9}"]
        {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_a_failure_that_names_it() {
        assert!(whole(&Scan::default()).is_ok());
        let mut scan = Scan::default();
        scan.unreadable.push("latest-x.zip".to_owned());
        assert!(whole(&scan).unwrap_err().message.contains("latest-x.zip"));
    }
}
