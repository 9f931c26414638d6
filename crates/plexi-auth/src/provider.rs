//! Ways to prove who one is, behind one trait. Passwords are the first; a service that embeds this one registers its own with
//! [`AuthBuilder::provider`](crate::AuthBuilder::provider).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use plexi_core::{FieldError, Secret, StoreError, names};

use crate::error::AuthError;
use crate::password::{Passwords, check_size};
use crate::ports::{Account, IdentityStore};

/// The method of names and passwords, which every server has.
pub const PASSWORD: &str = "password";

/// The longest part of a proof, in bytes.
pub const MAX_PART: usize = 4_096;
/// The most parts of a proof.
pub const MAX_PARTS: usize = 16;

/// What somebody shows to prove who they are: texts by the names that the method gives them. It never prints what it holds.
#[derive(Clone, Debug, Default)]
pub struct Proof(BTreeMap<String, Secret<String>>);

impl Proof {
    /// A proof of these parts.
    pub fn new(parts: impl IntoIterator<Item = (String, Secret<String>)>) -> Self {
        Self(parts.into_iter().collect())
    }

    /// A name and the account's password, as they were typed.
    pub fn password(name: &str, password: Secret<String>) -> Self {
        Self::new([("name".to_owned(), Secret::new(name.to_owned())), ("password".to_owned(), password)])
    }

    /// A part. The parts that a provider asks for are there when it is asked.
    pub fn part(&self, name: &str) -> Option<&Secret<String>> {
        self.0.get(name)
    }

    /// Refuses what is not made of these parts, all of them and no others, none too long.
    pub(crate) fn consists_of(&self, names: &[&str]) -> Result<(), AuthError> {
        let problem = |name: &str, problem: &str| FieldError::new(format!("proof.{name}"), problem);
        let missing = names.iter().filter(|name| !self.0.contains_key(**name));
        let mut problems: Vec<FieldError> = missing.map(|name| problem(name, "is missing")).collect();
        for (name, part) in &self.0 {
            if !names.contains(&name.as_str()) {
                problems.push(problem(name, "is no part of this proof"));
            } else if part.expose().len() > MAX_PART {
                problems.push(problem(name, "is too long"));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(AuthError::Invalid(problems)) }
    }
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
    /// The account as it was when the proof was judged: should it be changed or disabled meanwhile, nobody is signed in.
    pub account: Account,
}

/// A way to prove who one is. `examples/own_provider.rs` has one of its own.
#[async_trait]
pub trait AuthProvider: Send + Sync {
    /// The name that clients choose it by and logs show: 1 to 32 of `a-z 0-9 _ -`, the same at all times.
    fn method(&self) -> &'static str;

    /// The names of the parts that its proof is made of, at most [`MAX_PARTS`]. Each part is at most [`MAX_PART`] bytes.
    fn asks_for(&self) -> &'static [&'static str];

    /// Judges the proof. [`AuthError::InvalidCredentials`] for every refusal, with the same work whether or not the account
    /// exists, is disabled or has no such credential. What can be guessed is for the provider to limit.
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
        match self.store.set_password_hash(account.user.id, Some(former), renewed, false).await {
            Err(StoreError::Conflict(_)) => Ok(()),
            done => Ok(done?),
        }
    }
}

#[async_trait]
impl AuthProvider for PasswordProvider {
    fn method(&self) -> &'static str {
        PASSWORD
    }

    fn asks_for(&self) -> &'static [&'static str] {
        &["name", "password"]
    }

    async fn verify(&self, attempt: &Attempt) -> Result<Verified, AuthError> {
        let part = |name| attempt.proof.part(name).ok_or(AuthError::InvalidCredentials);
        let (name, password) = (part("name")?, part("password")?);
        check_size(password)?;
        let found = match names::fold(name.expose()) {
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
