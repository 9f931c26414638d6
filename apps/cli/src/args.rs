//! What can be asked for: one structure a noun, read by clap and shown by `--help`.

mod cache;
mod channel;
mod config;
mod logs;
mod people;
mod secret;
mod space;
mod supervisor;
mod transfer;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use cache::CacheCommand;
pub(crate) use channel::{ChannelCommand, MembersCommand};
pub(crate) use config::{ConfigCommand, ReferenceFormat};
pub(crate) use logs::{LogsCommand, Wanted};
pub(crate) use people::{RoleCommand, ScopeName, UserCommand};
pub(crate) use secret::SecretCommand;
pub(crate) use space::{SpaceCommand, SpaceMembersCommand};
pub(crate) use supervisor::SupervisorCommand;
pub(crate) use transfer::{Export, Import, ImportSource};

const AFTER: &str = "\
Without --server, plexi works on the data folder itself; the server must not be running on it.
With --server it works through the API of a running server: sign in once with `plexi sign-in`.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not allowed or refused, 5 unavailable.";

/// The program.
#[derive(Debug, Parser)]
#[command(name = "plexi", version, about = "The command line of PlexiChat.", long_about = None, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Print JSON instead of text for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Work through the running server at this address.
    #[arg(long, global = true, value_name = "URL", env = "PLEXICHAT_URL", hide_env_values = true)]
    pub(crate) server: Option<String>,
    /// Access token for --server, instead of what `plexi sign-in` keeps.
    #[arg(long, global = true, env = "PLEXICHAT_TOKEN", hide_env_values = true, hide = true)]
    pub(crate) token: Option<String>,
    /// Configuration file; config/plexichat.toml when it is there.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Environment profile: also reads the file of that name beside the configuration file.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Set a configuration value, stronger than files and variables. May be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// On the data folder: act as this person instead of as the server itself.
    #[arg(long = "as", global = true, value_name = "USER")]
    pub(crate) act_as: Option<String>,
    /// Where `plexi sign-in` keeps its tokens.
    #[arg(long, global = true, value_name = "FILE", env = "PLEXICHAT_CREDENTIALS", hide = true)]
    pub(crate) credentials: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the first administrator and the first space.
    Setup(Setup),
    /// List and change accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// List and make spaces, and say who is in them.
    #[command(subcommand)]
    Space(SpaceCommand),
    /// List and change channels and their members.
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// List, make and delete roles.
    #[command(subcommand)]
    Role(RoleCommand),
    /// Bring in a workspace from Slack, Mattermost or an export of our own.
    Import(Import),
    /// Write the whole workspace to an archive that `plexi import plexichat` reads.
    Export(Export),
    /// Post a message.
    Send(Send),
    /// Search messages.
    Search(Search),
    /// Sign in to a running server and keep the tokens for later commands.
    SignIn(SignIn),
    /// Sign out of a running server and forget its tokens.
    SignOut,
    /// Show, check, change and compare configurations.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List and rotate the secrets of the server; never prints one.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Read the server's logs in the data folder, also while it runs.
    #[command(subcommand)]
    Logs(LogsCommand),
    /// Show the parts of a running server, and start one anew.
    #[command(subcommand)]
    Supervisor(SupervisorCommand),
    /// Show what a running server remembers in memory, and have it forgotten.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Show the figures of a running server: counts, sizes, and how long things took.
    Metrics {
        /// Only those whose names begin so, for instance `plexi_http`.
        prefix: Option<String>,
    },
    /// Look for what is wrong: folders, configuration, database, disk, clock, port.
    Doctor {
        /// Write all that helps to find a fault into this archive, which must not exist yet. Nothing secret is in it.
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
    },
    /// Print the version of this program and, with --server, of the server.
    Version,
    /// Print a completion script for a shell.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// `plexi setup`
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// Name of the administrator: 1 to 32 letters, digits, `.`, `_`, `-`.
    pub(crate) name: String,
    /// Name shown to others; the name when absent.
    #[arg(long)]
    pub(crate) display_name: Option<String>,
    /// Name of the first space.
    #[arg(long, default_value = "Home")]
    pub(crate) space: String,
    /// With --server: the token from the set-up link that the server printed; asked for when absent.
    #[arg(long = "setup-token", value_name = "TOKEN", allow_hyphen_values = true)]
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordSource,
}

/// Where a password comes from. Never from an argument: others on the machine can read those.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct PasswordSource {
    /// Read the password from the first line of standard input instead of asking.
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

/// `plexi send`
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The channel: a name, #name, space/name or an id.
    pub(crate) channel: String,
    /// The text; standard input when absent or `-`.
    pub(crate) text: Option<String>,
    /// Sending twice with the same key posts once.
    #[arg(long, value_name = "KEY")]
    pub(crate) client_id: Option<String>,
    /// Reply in the thread of this message.
    #[arg(long, value_name = "MESSAGE_ID")]
    pub(crate) thread: Option<String>,
}

/// `plexi search`
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// What to look for: words, "phrases", -word, from: in: before: after: has: is: (after `--` when it begins with -).
    #[arg(required = true, num_args = 1..)]
    pub(crate) query: Vec<String>,
    /// At most so many, 1 to 1000.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

/// `plexi sign-in`
#[derive(Debug, Args)]
pub(crate) struct SignIn {
    /// Your name; asked for when absent.
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) password: PasswordSource,
}
