use clap::Subcommand;

/// `plexi space`
#[derive(Debug, Subcommand)]
pub(crate) enum SpaceCommand {
    /// List spaces.
    List,
    /// Make a space. On the data folder --as says who makes and leads it.
    Create {
        /// Its name: 1 to 64 characters.
        name: String,
    },
    /// List, add and remove the members of a space.
    #[command(subcommand)]
    Members(SpaceMembersCommand),
}

/// `plexi space members`
#[derive(Debug, Subcommand)]
pub(crate) enum SpaceMembersCommand {
    /// List the members.
    List {
        /// Name or id of the space; may be left out when there is one only.
        #[arg(long)]
        space: Option<String>,
    },
    /// Add somebody, or change their role.
    Add {
        /// Name or id.
        user: String,
        /// Name or id of the space; may be left out when there is one only.
        #[arg(long)]
        space: Option<String>,
        /// Space role.
        #[arg(long, default_value = "member")]
        role: String,
    },
    /// Remove somebody from the space and all its channels.
    Remove {
        /// Name or id.
        user: String,
        /// Name or id of the space; may be left out when there is one only.
        #[arg(long)]
        space: Option<String>,
    },
}
