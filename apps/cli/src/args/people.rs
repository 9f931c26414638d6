use clap::{Subcommand, ValueEnum};

use super::PasswordSource;

/// `plexi user`
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List accounts.
    List {
        /// Only those whose name or display name starts with this.
        #[arg(long)]
        query: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
    },
    /// Make an account; its password is asked for.
    Create {
        /// 1 to 32 letters, digits, `.`, `_`, `-`.
        name: String,
        /// Name shown to others; the name when absent.
        #[arg(long)]
        display_name: Option<String>,
        /// System role.
        #[arg(long, default_value = "member")]
        role: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Stop an account from signing in, and end its sessions.
    Disable {
        /// Name or id.
        user: String,
    },
    /// Let a disabled account sign in again.
    Enable {
        /// Name or id.
        user: String,
    },
    /// Give an account another system role.
    SetRole {
        /// Name or id.
        user: String,
        /// Name of the role; see `plexi role list --scope system`.
        role: String,
    },
    /// Give an account a new password, and end its sessions.
    SetPassword {
        /// Name or id.
        user: String,
        #[command(flatten)]
        password: PasswordSource,
    },
}

/// `plexi role`
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// List roles and what they grant.
    List {
        /// Only roles that count here.
        #[arg(long)]
        scope: Option<ScopeName>,
    },
    /// Make a role.
    Create {
        /// 1 to 32 of a-z 0-9 _ -.
        name: String,
        /// Where it counts.
        #[arg(long)]
        scope: ScopeName,
        /// What it grants, for instance channel.read. May be repeated or given with commas.
        #[arg(long = "grant", value_name = "PERMISSION", value_delimiter = ',')]
        grants: Vec<String>,
    },
    /// Rename a role or replace what it grants. Built-in roles cannot be changed.
    Update {
        /// Name.
        role: String,
        /// Where it counts; needed when several scopes have a role of that name.
        #[arg(long)]
        scope: Option<ScopeName>,
        /// A new name.
        #[arg(long, required_unless_present = "grants")]
        name: Option<String>,
        /// All that it grants from now on, for instance channel.read. May be repeated or given with commas.
        #[arg(long = "grant", value_name = "PERMISSION", value_delimiter = ',')]
        grants: Option<Vec<String>>,
    },
    /// Delete a role that nobody has.
    Delete {
        /// Name.
        name: String,
        /// Where it counts; needed when several scopes have a role of that name.
        #[arg(long)]
        scope: Option<ScopeName>,
    },
}

/// Where a role counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeName {
    /// The whole server.
    System,
    /// One space.
    Space,
    /// One channel.
    Channel,
}

impl From<ScopeName> for plexi_core::RoleScope {
    fn from(scope: ScopeName) -> Self {
        match scope {
            ScopeName::System => Self::System,
            ScopeName::Space => Self::Space,
            ScopeName::Channel => Self::Channel,
        }
    }
}
