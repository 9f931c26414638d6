use clap::Subcommand;

/// `plexi secret`
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// List the secrets: where each is kept, since when, and a fingerprint. Never the secret.
    List,
    /// Replace a secret that the server made. What the old one protects stays valid for its time.
    Rotate {
        /// Its name; see `plexi secret list`.
        name: String,
        /// End what former ones protect at once: somebody else may have had one. Who uses an access token refreshes it.
        #[arg(long)]
        revoke_former: bool,
    },
    /// Let a running server take up secrets that were changed where they are kept.
    Reload,
}
