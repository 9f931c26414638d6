//! Ways to prove who one is, behind one trait. Passwords are the first.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use plexi_core::Secret;

use crate::error::AuthError;
use crate::names;
use crate::password::{Passwords, check_size};
use crate::ports::{Account, IdentityStore};

/// What somebody shows to prove who they are.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Proof {
    /// A name and the account's password.
    Password {
        /// The name as it was typed.
        name: String,
        /// The password as it was typed.
        password: Secret<String>,
    },
}

/// One attempt to sign in.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was shown.
    pub proof: Proof,
    /// From where, for the log.
    pub peer: Option<IpAddr>,
}

/// Who it was.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The account, enabled.
    pub account: Account,
}

/// A way to prove who one is.
#[async_trait]
pub trait AuthProvider: Send + Sync {
    /// The name of the way, for logs: `password`.
    fn name(&self) -> &'static str;

    /// Whether this provider judges that kind of proof.
    fn accepts(&self, proof: &Proof) -> bool;

    /// Judges the proof. [`AuthError::InvalidCredentials`] for every refusal, with the same work whether or not the account
    /// exists, is disabled or has no such credential.
    async fn verify(&self, attempt: &Attempt) -> Result<Verified, AuthError>;
}

/// Name and password.
pub struct PasswordProvider {
    store: Arc<dyn IdentityStore>,
    passwords: Passwords,
}

impl PasswordProvider {
    pub(crate) fn new(store: Arc<dyn IdentityStore>, passwords: Passwords) -> Self {
        Self { store, passwords }
    }

    /// Stores the same password under the present parameters, unless it was changed meanwhile.
    async fn rehash(&self, account: &Account, former: &str, renewed: &str) -> Result<(), AuthError> {
        if self.store.password_hash(account.user.id).await?.as_deref() == Some(former) {
            self.store.set_password_hash(account.user.id, renewed, false).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl AuthProvider for PasswordProvider {
    fn name(&self) -> &'static str {
        "password"
    }

    fn accepts(&self, proof: &Proof) -> bool {
        matches!(proof, Proof::Password { .. })
    }

    async fn verify(&self, attempt: &Attempt) -> Result<Verified, AuthError> {
        let Proof::Password { name, password } = &attempt.proof;
        check_size(password)?;
        let found = match names::fold(name) {
            Ok(folded) => self.store.account_by_name(&folded.name).await?,
            Err(_) => None,
        };
        let (account, stored) = found.map_or((None, None), |(account, hash)| (Some(account), hash));
        let checked = self.passwords.verify(password, stored.as_deref()).await?;
        match (account, stored) {
            (Some(account), Some(former)) if checked.right && !account.user.disabled => {
                if let Some(renewed) = &checked.renewed {
                    self.rehash(&account, &former, renewed).await?;
                }
                Ok(Verified { account })
            }
            _ => Err(AuthError::InvalidCredentials),
        }
    }
}
