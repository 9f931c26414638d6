use clap::{Subcommand, ValueEnum};

/// `plexi config`
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the configuration in force, secrets hidden.
    Show {
        /// Also say where each value comes from.
        #[arg(long)]
        origin: bool,
        /// Only keys that start with this.
        #[arg(long, value_name = "PREFIX")]
        key: Option<String>,
    },
    /// Say all that is wrong with the configuration; exit code 0 when nothing is.
    Check,
    /// Print every key with its meaning, type and default.
    Reference {
        /// As a table for people or as a JSON Schema for editors.
        #[arg(long, default_value = "markdown")]
        format: ReferenceFormat,
    },
    /// Print a commented configuration file with the defaults.
    Example,
    /// List the configurations that were applied.
    History,
    /// Show what differs between an applied configuration and the present one, or between two.
    Diff {
        /// Number of the older one; see `plexi config history`.
        from: u64,
        /// Number of the newer one; the present configuration when absent.
        to: Option<u64>,
    },
    /// Change keys in the configuration file, after a check of the whole; comments and all else stay.
    Set {
        /// What to set, for instance logging.level=debug. Values are read as TOML, or as they stand where the key takes text.
        #[arg(value_name = "KEY=VALUE", required_unless_present = "unset")]
        pairs: Vec<String>,
        /// Take a key out of the file, so that a weaker place or the default counts again. May be repeated.
        #[arg(long, value_name = "KEY")]
        unset: Vec<String>,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Write an applied configuration back to the configuration file, after a check.
    Rollback {
        /// Number; see `plexi config history`.
        version: u64,
    },
}

/// How the reference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReferenceFormat {
    /// Markdown.
    Markdown,
    /// JSON Schema.
    Schema,
}
