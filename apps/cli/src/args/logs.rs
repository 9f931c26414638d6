use clap::{Args, Subcommand};
use plexi_app::log::Level;

/// `plexi logs`
#[derive(Debug, Subcommand)]
pub(crate) enum LogsCommand {
    /// List the log files.
    Files,
    /// Print the newest lines, oldest first.
    Tail {
        /// How many lines, 1 to 10000.
        #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        lines: u32,
        /// Go on with what is logged from now on, until interrupted.
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Print the lines that hold a text, oldest first, also of archives.
    Grep {
        /// The text, as it was logged.
        text: String,
        /// Small and capital letters are the same.
        #[arg(short, long)]
        ignore_case: bool,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Show how much a running server logs, or change it until its next start.
    Level {
        /// off, error, warn, info, debug or trace; `default` takes the level of a target or sink away. Without it the levels are shown.
        level: Option<String>,
        /// Of one target and the modules below it, for instance `plexi_web`, instead of all others.
        #[arg(long, requires = "level", conflicts_with = "sink")]
        target: Option<String>,
        /// What one place takes of what is logged: file, console or sinks.NAME.
        #[arg(long, requires = "level")]
        sink: Option<String>,
    },
    /// Count lines by level and target, and the warnings and errors by message.
    Stats {
        #[command(flatten)]
        wanted: Wanted,
    },
}

/// Which lines.
#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// At least this severe: error, warn, info, debug or trace.
    #[arg(long)]
    pub(crate) level: Option<Level>,
    /// Logged at this time or later: 2026-11-21T09:30:00Z, or how long ago: 30s, 15m, 2h, 7d.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Logged before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Logged by this target or a module below it, for instance `plexi_web`.
    #[arg(long)]
    pub(crate) target: Option<String>,
    /// With this field. May be repeated.
    #[arg(long = "field", value_name = "NAME=VALUE")]
    pub(crate) fields: Vec<String>,
    /// Of the request with this correlation id.
    #[arg(long, value_name = "ID")]
    pub(crate) correlation_id: Option<String>,
    /// The log of a plugin instead of the server's.
    #[arg(long, conflicts_with = "file")]
    pub(crate) plugin: Option<String>,
    /// One file only; see `plexi logs files`.
    #[arg(long, value_name = "NAME")]
    pub(crate) file: Option<String>,
}
