//! Whole workspaces in and out: Slack exports, Mattermost bulk files, and our own archive.
//!
//! A source is read on a thread of its own and becomes [`Step`]s; [`import`] applies them to a
//! [`TransferStore`] batch by batch. Every id is made from the source and the id there, and every batch is one
//! transaction, so an import can be killed at any point and run again: nothing is doubled or half-written.
//!
//! What is there already is known by its id only. Whoever and whatever merely has the same name is another's: the import takes
//! another name, says so in its [`Report`], and touches nothing that it did not bring.
//!
//! Architecture invariant: nothing here decides who may import; the caller asks the actor first.

mod accept;
mod apply;
mod ident;
pub mod mattermost;
mod naming;
pub mod native;
mod outlet;
mod roles;
pub mod slack;
mod surrogates;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plexi_core::{Coded, ErrorCode, FieldError, MessageId};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub use apply::import;
pub use naming::numbered;
pub use outlet::{Outlet, Step};

use crate::error::StoreError;

/// The longest text a source may bring, in bytes; the rest is cut off and reported.
pub(crate) const MAX_TEXT_BYTES: usize = 400_000;
/// The largest single JSON document inside an archive, uncompressed, in bytes.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 512 * 1024 * 1024;
/// The longest line of a line-based file, in bytes.
pub(crate) const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;
/// How many messages travel in one batch.
pub(crate) const BATCH: usize = 2_000;

/// A workspace could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be; the text says what was expected and where.
    #[error("{0}")]
    Format(String),
    /// The source reaches for something that is here and that no import of this source brought.
    #[error(
        "{} {id} is here and did not come with an import of this source: nothing is added to it, unless the import is told to restore",
        what.as_str()
    )]
    Foreign {
        /// What kind of thing.
        what: Named,
        /// Which one.
        id: String,
    },
    /// The source brings a message whose id one of another channel has here.
    #[error("message {0} is here in another channel")]
    Taken(MessageId),
    /// What stands at this place of the source could not be taken over.
    #[error("{place}: {error}")]
    At {
        /// Document and line, entry or offset.
        place: String,
        /// Why.
        error: Box<TransferError>,
    },
    /// The store failed; what was imported before stays, and running again goes on from there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was stopped, or the reading thread ended early.
    #[error("the transfer was stopped")]
    Stopped,
}

impl TransferError {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    /// The error with the place of the source that it is about, where that is known; one that has a place keeps it.
    pub(crate) fn at(self, place: String) -> Self {
        if place.is_empty() || matches!(self, Self::Stopped | Self::At { .. }) {
            return self;
        }
        Self::At { place, error: Box::new(self) }
    }
}

impl Coded for TransferError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::File { .. } | Self::Format(_) => ErrorCode::ValidationInvalid,
            Self::Foreign { .. } | Self::Taken(_) => ErrorCode::ValidationConflict,
            Self::At { error, .. } => error.code(),
            Self::Store(error) => error.code(),
            Self::Stopped => ErrorCode::SystemInternal,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::File { .. } | Self::Format(_) | Self::Foreign { .. } | Self::Taken(_) => {
                vec![FieldError::new("file", self.to_string())]
            }
            Self::At { error, .. } if !error.fields().is_empty() => {
                vec![FieldError::new("file", self.to_string())]
            }
            Self::At { .. } | Self::Store(_) | Self::Stopped => Vec::new(),
        }
    }
}

/// Where a workspace comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A Slack workspace export (`.zip`).
    Slack,
    /// A Mattermost bulk file (`.jsonl`, or a `.zip` that holds one).
    Mattermost,
    /// An archive written by `plexi export`.
    Plexichat,
}

/// How one kind of thing fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// New ones.
    pub added: u64,
    /// Those that were there from an earlier run.
    pub present: u64,
}

/// What was not taken over, or not as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// How often.
    pub count: u64,
    /// One place where it occurred.
    pub example: String,
}

/// What kind of thing has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// A role.
    Role,
    /// An account.
    User,
    /// A space.
    Space,
    /// A channel.
    Channel,
}

impl Named {
    /// The word that is used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
            Self::Space => "space",
            Self::Channel => "channel",
        }
    }
}

/// Something that is called otherwise here than at the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// What it is.
    pub what: Named,
    /// Its name at the source.
    pub there: String,
    /// Its name here.
    pub here: String,
}

/// Something that was here before the import, and that it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// What it is.
    pub what: Named,
    /// Its id.
    pub id: String,
    /// Its name here; a direct conversation has none.
    pub name: String,
    /// Members that it gets.
    #[serde(default)]
    pub members: u64,
    /// Messages that it gets.
    #[serde(default)]
    pub messages: u64,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Nothing was written.
    pub dry_run: bool,
    /// Roles that the source defines, the built-in ones among them.
    pub roles: Count,
    /// Accounts without credentials.
    pub users: Count,
    /// Spaces.
    pub spaces: u64,
    /// Channels and direct conversations.
    pub channels: u64,
    /// Messages of every kind.
    pub messages: Count,
    /// Threads that have a reply among them.
    pub threads: u64,
    /// Of them: replies in threads.
    pub replies: u64,
    /// Of them: joins, leaves and other notes of the system.
    pub system: u64,
    /// Reactions.
    pub reactions: u64,
    /// What is called otherwise here since its name was another's: the first 1,000.
    pub renamed: Vec<Renamed>,
    /// How much is called otherwise here.
    pub renamed_total: u64,
    /// The spaces and channels that were here before and got members or messages of the source: the first 1,000.
    #[serde(default)]
    pub touched: Vec<Touched>,
    /// How many spaces and channels that were here before were added to.
    #[serde(default)]
    pub touched_total: u64,
    /// Messages in whose text a mention got the account's name here.
    pub mentions_renamed: u64,
    /// What was not mapped, by kind: at most 100 kinds.
    pub notes: BTreeMap<String, Note>,
}

/// How far an import or export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Messages done.
    pub messages: u64,
    /// Parts of the source done (days, lines), and of how many.
    pub parts: (u64, u64),
}

/// What an import may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// Read everything, write nothing.
    pub dry_run: bool,
    /// Add also to what is here and did not come with an import of the same source, as a backup is restored.
    pub restore: bool,
}

/// What bounds the work of an import.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How many bytes a zip may unpack to on disk.
    pub most_unpacked: u64,
    /// The folder that it unpacks to; that of the system when there is none.
    pub scratch: Option<PathBuf>,
    /// Cancelled: the import ends soon with [`TransferError::Stopped`], and its reader has ended by then.
    pub stop: CancellationToken,
}

impl Default for Bounds {
    /// Up to 256 GiB, not to be stopped.
    fn default() -> Self {
        Self { most_unpacked: 256 * 1024 * 1024 * 1024, scratch: None, stop: CancellationToken::new() }
    }
}

/// Reads `path` as `source` and brings it into `store`.
///
/// # Errors
/// [`TransferError::Foreign`] when it reaches for what is here and did not come from there. [`TransferError::Format`] names file and place of what cannot be read. What was written before an error stays;
/// running again continues. [`TransferError::Stopped`] when `bounds` tell it to.
pub async fn import_file(
    store: &dyn crate::ports::TransferStore,
    source: Source,
    path: &Path,
    mode: Mode,
    bounds: Bounds,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Report, TransferError> {
    let path = path.to_owned();
    let stop = bounds.stop.clone();
    apply::import_until(
        store,
        mode,
        progress,
        stop,
        Box::new(move |outlet: &mut Outlet| match source {
            Source::Slack => slack::read(&path, outlet),
            Source::Mattermost => mattermost::read(&path, &bounds, outlet),
            Source::Plexichat => native::read(&path, outlet),
        }),
    )
    .await
}
