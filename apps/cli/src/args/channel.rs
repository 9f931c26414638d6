use clap::{Subcommand, ValueEnum};

/// `plexi channel`
#[derive(Debug, Subcommand)]
pub(crate) enum ChannelCommand {
    /// List the channels of one space or of all.
    List {
        /// Name or id of the space.
        #[arg(long)]
        space: Option<String>,
        /// Archived ones too.
        #[arg(long)]
        archived: bool,
    },
    /// Make a channel. On the data folder --as says who makes and joins it.
    Create {
        /// Its name: 1 to 64 characters, lower case, no spaces.
        name: String,
        /// Name or id of the space; may be left out when there is one only.
        #[arg(long)]
        space: Option<String>,
        /// Who can find and join it.
        #[arg(long, default_value = "public")]
        kind: NewChannelKind,
        /// What it is about.
        #[arg(long)]
        topic: Option<String>,
    },
    /// Give a channel another name.
    Rename {
        /// A name, #name, space/name or an id.
        channel: String,
        /// Its new name: 1 to 64 characters, lower case, no spaces.
        name: String,
    },
    /// Say what a channel is about.
    Topic {
        /// A name, #name, space/name or an id.
        channel: String,
        /// At most 250 characters; an empty text removes it.
        topic: String,
    },
    /// Archive a channel: it can be read and not changed.
    Archive {
        /// A name, #name, space/name or an id.
        channel: String,
        /// Bring it back instead.
        #[arg(long)]
        restore: bool,
    },
    /// List, add and remove the members of a channel.
    #[command(subcommand)]
    Members(MembersCommand),
}

/// `plexi channel members`
#[derive(Debug, Subcommand)]
pub(crate) enum MembersCommand {
    /// List the members.
    List {
        /// A name, #name, space/name or an id.
        channel: String,
    },
    /// Add somebody, or change their role.
    Add {
        /// A name, #name, space/name or an id.
        channel: String,
        /// Name or id.
        user: String,
        /// Channel role.
        #[arg(long, default_value = "member")]
        role: String,
    },
    /// Remove somebody.
    Remove {
        /// A name, #name, space/name or an id.
        channel: String,
        /// Name or id.
        user: String,
    },
}

/// Who can find and join a new channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewChannelKind {
    /// Every member of the space.
    Public,
    /// Only who is added.
    Private,
}

impl NewChannelKind {
    /// The kind in the words of the service.
    pub(crate) const fn kind(self) -> plexi_app::messaging::model::ChannelKind {
        match self {
            Self::Public => plexi_app::messaging::model::ChannelKind::Public,
            Self::Private => plexi_app::messaging::model::ChannelKind::Private,
        }
    }
}
