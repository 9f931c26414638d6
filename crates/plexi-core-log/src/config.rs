use std::collections::BTreeMap;
use std::path::PathBuf;

use plexi_core::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::level::{Level, LevelSpec};
use crate::plugins::{PLUGIN_TARGET, is_name};

/// How logs are written: section `logging`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// From which level on events are written.
    pub level: Level,
    /// Levels of single targets, for instance `sqlx = "warn"`. A target covers the modules below it.
    pub targets: BTreeMap<String, Level>,
    /// The form of a line.
    #[schemars(extend("x-restart" = true))]
    pub format: Format,
    /// Whether lines also go to standard error.
    #[schemars(extend("x-restart" = true))]
    pub console: bool,
    /// How severe an event must be to go to standard error, of those that `level` and `targets` let through.
    pub console_level: Option<Level>,
    /// What happens to an event when more wait to be written than there is room for.
    #[schemars(extend("x-restart" = true))]
    pub when_full: WhenFull,
    /// Whether stack traces are written; they are written at DEBUG and below only.
    pub debug_stacktraces: bool,
    /// For how many days rotated logs are kept; 0 keeps them for ever.
    #[schemars(range(max = 36500))]
    pub retention_days: u32,
    /// How much room in MiB rotated and crash logs take at most; the oldest are deleted. 0 sets no limit.
    #[schemars(range(max = 1_048_576))]
    pub retention_max_mb: u32,
    /// What is left when the server crashes.
    pub crash: CrashConfig,
    /// The log file.
    pub file: FileConfig,
    /// When the file is put aside and a fresh one begun.
    pub rotation: RotationConfig,
    /// Logs of plugins.
    pub plugins: PluginsConfig,
    /// Where else events go, each under a name of its own: `kind` (syslog, journald, http or otlp), `address`, `level`,
    /// `format`, `when_full`, `authorization_file`.
    #[schemars(extend("x-restart" = true, "x-console" = false))]
    pub sinks: BTreeMap<String, SinkConfig>,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: Level::Info,
            targets: BTreeMap::new(),
            format: Format::Text,
            console: true,
            console_level: None,
            when_full: WhenFull::Drop,
            debug_stacktraces: false,
            retention_days: 14,
            retention_max_mb: 1024,
            crash: CrashConfig::default(),
            file: FileConfig::default(),
            rotation: RotationConfig::default(),
            plugins: PluginsConfig::default(),
            sinks: BTreeMap::new(),
        }
    }
}

/// The form of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Time, level, target, message, `key=value`.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What happens to an event when more wait to be written than there is room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WhenFull {
    /// Below WARN it is lost at once, WARN after a second. What is lost is counted and told in the log. An ERROR has room
    /// of its own.
    #[default]
    Drop,
    /// Whoever logs it waits for room, except while writing fails.
    Block,
}

/// What is left when the server crashes: section `logging.crash`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CrashConfig {
    /// Whether a crash log is written beside the log: the end of the log, the reason, a backtrace, build and uptime.
    #[schemars(extend("x-restart" = true))]
    pub enabled: bool,
    /// How much of the end of the log it holds, in KiB.
    #[schemars(extend("x-restart" = true), range(max = 4096))]
    pub tail_kb: u32,
}

impl Default for CrashConfig {
    fn default() -> Self {
        Self { enabled: true, tail_kb: 256 }
    }
}

/// The log file: section `logging.file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FileConfig {
    /// The current log file; relative to the data folder.
    #[schemars(extend("x-restart" = true, "x-console" = false))]
    pub main: PathBuf,
    /// How severe an event must be to go to the file, of those that `logging.level` and `.targets` let through.
    pub level: Option<Level>,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self { main: PathBuf::from("logs/latest.txt"), level: None }
    }
}

/// When the log file is put aside and a fresh one begun: section `logging.rotation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RotationConfig {
    /// Whether the file of the last run is put aside at start-up.
    #[schemars(extend("x-restart" = true))]
    pub on_startup: bool,
    /// Whether files that were put aside are zipped.
    #[schemars(extend("x-restart" = true))]
    pub compress: bool,
    /// At which size in MiB the file is put aside; 0 sets no limit.
    #[schemars(extend("x-restart" = true), range(max = 4096))]
    pub max_size_mb: u32,
    /// After how many hours the file is put aside; 0 sets no limit.
    #[schemars(extend("x-restart" = true), range(max = 8760))]
    pub max_age_hours: u32,
}

impl Default for RotationConfig {
    fn default() -> Self {
        Self { on_startup: true, compress: true, max_size_mb: 64, max_age_hours: 24 }
    }
}

/// Logs of plugins: section `logging.plugins`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PluginsConfig {
    /// Whether each plugin has a file of its own, `logs/plugins/<plugin>/<plugin>.log`; otherwise its events go where all others go.
    #[schemars(extend("x-restart" = true))]
    pub enabled: bool,
    /// From which level on events of plugins are written.
    pub level: Level,
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self { enabled: true, level: Level::Info }
    }
}

/// One of the places that events go to besides file and console: section `logging.sinks.NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SinkConfig {
    /// What it is.
    pub kind: SinkKind,
    /// Where it is: of syslog a socket's path (`/dev/log` when absent) or `host:port` for TCP, of journald a socket's path, of http
    /// and otlp a URL.
    #[serde(default)]
    pub address: Option<String>,
    /// How severe an event must be, of those that `logging.level` and `.targets` let through.
    #[serde(default)]
    pub level: Option<Level>,
    /// The form of a line, of syslog only; as the log's when absent.
    #[serde(default)]
    pub format: Option<Format>,
    /// What happens to an event when more wait than there is room for.
    #[serde(default)]
    pub when_full: WhenFull,
    /// A file with the value of the header `Authorization`, of http and otlp only; read at start-up.
    #[serde(default)]
    pub authorization_file: Option<PathBuf>,
}

/// What a sink is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SinkKind {
    /// RFC 5424, to a socket of the system or over TCP.
    Syslog,
    /// The journal of systemd, in its own protocol.
    Journald,
    /// Lines of JSON in the body of a POST.
    Http,
    /// OpenTelemetry over HTTP, in the JSON encoding.
    Otlp,
}

/// Who can read what is sent to a URL.
enum Url {
    /// Only the receiver, or nobody outside this machine.
    Safe,
    /// Everybody on the way.
    Open,
    /// It is none that events can be sent to.
    Other,
}

impl Url {
    fn of(text: &str) -> Self {
        let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
        match (text.strip_prefix("https://").map(host), text.strip_prefix("http://").map(host)) {
            (Some(host), _) | (_, Some(host)) if host.is_empty() || host.contains('@') => Self::Other,
            (Some(_), _) => Self::Safe,
            (None, Some(host)) => {
                let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                    Some((name, _)) => name,
                    None => host.split_once(':').map_or(&*host, |(name, _)| name),
                };
                let ip = name.parse::<std::net::IpAddr>();
                let here = name == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
                if here { Self::Safe } else { Self::Open }
            }
            (None, None) => Self::Other,
        }
    }
}

/// What is wrong with an address to send to, as the key and the problem.
pub(crate) fn url_problem(address: &str, authorized: bool) -> Option<(&'static str, &'static str)> {
    match Url::of(address) {
        Url::Other => Some(("address", "must be a URL with http:// or https:// and without a password")),
        Url::Open if authorized => {
            Some(("authorization_file", "needs https://, or an address of this machine"))
        }
        Url::Open | Url::Safe => None,
    }
}

/// How many sinks there may be.
const MANY_SINKS: usize = 16;

impl SinkConfig {
    /// What is wrong, as the key and the problem.
    fn problem(&self) -> Option<(&'static str, &'static str)> {
        let address = self.address.as_deref();
        match self.kind {
            SinkKind::Http | SinkKind::Otlp if cfg!(not(feature = "http")) => {
                Some(("kind", "is not part of this build: it lacks the feature `http`"))
            }
            SinkKind::Journald if cfg!(not(unix)) => Some(("kind", "is not known on this system")),
            SinkKind::Http | SinkKind::Otlp => {
                url_problem(address.unwrap_or_default(), self.authorization_file.is_some())
            }
            SinkKind::Syslog | SinkKind::Journald if self.authorization_file.is_some() => {
                Some(("authorization_file", "is for http and otlp only"))
            }
            SinkKind::Syslog => {
                let known = address.is_none_or(|text| text.starts_with('/') || text.contains(':'));
                (!known).then_some(("address", "must be the path of a socket or host:port"))
            }
            SinkKind::Journald => {
                let known = address.is_none_or(|text| text.starts_with('/'));
                (!known).then_some(("address", "must be the path of a socket"))
            }
        }
    }
}

impl LogConfig {
    /// The levels of this configuration.
    pub fn levels(&self) -> LevelSpec {
        let mut targets = self.targets.clone();
        targets.entry(PLUGIN_TARGET.to_owned()).or_insert(self.plugins.level);
        LevelSpec { level: self.level, targets }
    }

    /// What is wrong with the values, each with its key below `logging`; empty when nothing is.
    pub fn problems(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        let mut bound = |key: &str, value: u32, max: u32| {
            if value > max {
                found.push(FieldError::new(key, format!("must be at most {max}")));
            }
        };
        bound("retention_days", self.retention_days, 36_500);
        bound("retention_max_mb", self.retention_max_mb, 1_048_576);
        bound("crash.tail_kb", self.crash.tail_kb, 4_096);
        bound("rotation.max_size_mb", self.rotation.max_size_mb, 4_096);
        bound("rotation.max_age_hours", self.rotation.max_age_hours, 8_760);
        let name = self.file.main.file_stem().and_then(|stem| stem.to_str());
        if name.is_none_or(|stem| stem.starts_with('.') || stem == crate::crash::STEM) {
            found.push(FieldError::new("file.main", "must name a file, for instance logs/latest.txt"));
        }
        if self.sinks.len() > MANY_SINKS {
            found.push(FieldError::new("sinks", format!("must be at most {MANY_SINKS}")));
        }
        for (name, sink) in &self.sinks {
            if !is_name(name) {
                found.push(FieldError::new(
                    format!("sinks.{name}"),
                    "must be a name of a-z, 0-9, '-', '_' and '.'",
                ));
            }
            if let Some((key, problem)) = sink.problem() {
                found.push(FieldError::new(format!("sinks.{name}.{key}"), problem));
            }
        }
        found
    }
}
