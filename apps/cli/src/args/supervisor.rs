use clap::Subcommand;

/// `plexi supervisor`
#[derive(Debug, Subcommand)]
pub(crate) enum SupervisorCommand {
    /// Show the parts of a running server: what each does, how often it was started again, and why.
    Status,
    /// Start a part of a running server anew, such as `edge/listener`. Nothing that was acknowledged is lost.
    Restart {
        /// Its path; see `plexi supervisor status`.
        path: String,
    },
}
