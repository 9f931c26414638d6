use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `plexi import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// What wrote the file.
    pub(crate) source: ImportSource,
    /// The file.
    pub(crate) file: PathBuf,
    /// Read everything, report what would be imported, write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Add also to what is here and did not come with an import of the same source, as a backup is restored.
    #[arg(long)]
    pub(crate) restore: bool,
}

/// What wrote a file that is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportSource {
    /// A Slack workspace export (.zip).
    Slack,
    /// A Mattermost bulk export (.jsonl or .zip).
    Mattermost,
    /// An archive of `plexi export`.
    Plexichat,
}

/// `plexi export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The archive to write; it must not exist yet.
    pub(crate) file: PathBuf,
}
