use clap::Subcommand;

/// `plexi cache`
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Show what a running server remembers in memory, and what that saved.
    Stats,
    /// Have a running server forget what it remembers; it reads again what it needs.
    Flush {
        /// One kind of values; see `plexi cache stats`. Without it all.
        name: Option<String>,
    },
}
