//! Passwords: hashed with Argon2id in a bounded queue, checked against a policy before they are accepted.

mod breached;
mod common;
mod hash;
mod policy;
mod queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plexi_core::{Entropy, FieldError, Secret};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::config::AuthConfig;
use crate::error::AuthError;
pub use breached::{BreachedList, BreachedListError};
use hash::Recipe;
use queue::Queue;

/// The most characters of a password; more are refused before any work is done.
pub const MAX_CHARS: usize = 256;

/// What a check of a password found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// It is the password.
    pub right: bool,
    /// The password hashed anew, when it is right and the stored hash has other parameters than today's.
    pub renewed: Option<String>,
}

/// The one place where passwords are checked and hashed. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Passwords {
    recipe: Arc<Recipe>,
    queue: Queue,
    min_length: Arc<AtomicUsize>,
    breached: Option<Arc<BreachedList>>,
    entropy: Arc<dyn Entropy>,
}

impl Passwords {
    pub fn new(config: &AuthConfig, entropy: Arc<dyn Entropy>) -> Result<Self, AuthError> {
        let breached = config.breached_passwords.as_deref().map(BreachedList::open).transpose()?;
        let mut decoy = [0_u8; hash::SALT + hash::OUTPUT];
        entropy.fill(&mut decoy)?;
        Ok(Self {
            recipe: Arc::new(Recipe::new(config, decoy)?),
            queue: Queue::new(config.max_password_jobs as usize),
            min_length: Arc::new(AtomicUsize::new(config.password_min_length as usize)),
            breached: breached.map(Arc::new),
            entropy,
        })
    }

    /// Checks a password against a stored hash. Without one the same work is done and the answer is no.
    pub async fn verify(
        &self,
        password: &Secret<String>,
        stored: Option<&str>,
    ) -> Result<Checked, AuthError> {
        check_size(password)?;
        let password = normal(password);
        let stored = stored.map(ToOwned::to_owned);
        let salt = self.salt()?;
        let recipe = self.recipe.clone();
        self.queue
            .run(move |memory| {
                let Some(stored) = stored else {
                    recipe.verify(password.as_bytes(), recipe.decoy(), memory)?;
                    return Ok(Checked { right: false, renewed: None });
                };
                let right = recipe.verify(password.as_bytes(), &stored, memory)?;
                let renewed = if right && !recipe.is_present(&stored) {
                    Some(recipe.hash(password.as_bytes(), salt, memory)?)
                } else {
                    None
                };
                Ok(Checked { right, renewed })
            })
            .await
    }

    /// Checks a new password against the policy and the list of breached ones, and hashes it. When the list cannot be read, no
    /// password is accepted: who asked for the check would not learn that it is not made any more. Signing in does not need it. `about` are words that a guesser would try first: the account's
    /// name and display name.
    pub async fn accept(&self, password: &Secret<String>, about: &[&str]) -> Result<String, AuthError> {
        check_size(password)?;
        let password = normal(password);
        policy::check_length(&password, self.min_length.load(Ordering::Relaxed))?;
        let about: Vec<String> = about.iter().map(|word| (*word).to_owned()).collect();
        let salt = self.salt()?;
        let (recipe, breached) = (self.recipe.clone(), self.breached.clone());
        self.queue
            .run(move |memory| {
                policy::check_strength(&password, &about)?;
                if let Some(list) = breached {
                    policy::check_breached(&password, &list)?;
                }
                recipe.hash(password.as_bytes(), salt, memory)
            })
            .await
    }

    /// The least number of characters of a password that is chosen from now on.
    pub fn set_min_length(&self, characters: usize) {
        self.min_length.store(characters, Ordering::Relaxed);
    }

    fn salt(&self) -> Result<[u8; hash::SALT], AuthError> {
        let mut salt = [0; hash::SALT];
        self.entropy.fill(&mut salt)?;
        Ok(salt)
    }
}

/// Refuses what is longer than any password, before any work is done for it.
pub(crate) fn check_size(password: &Secret<String>) -> Result<(), AuthError> {
    let text = password.expose();
    if text.len() > MAX_CHARS * 4 || text.chars().count() > MAX_CHARS {
        let problem = format!("must be at most {MAX_CHARS} characters");
        return Err(AuthError::Invalid(vec![FieldError::new("password", problem)]));
    }
    Ok(())
}

/// The same password typed on another keyboard is the same password.
fn normal(password: &Secret<String>) -> Zeroizing<String> {
    // Room for the longest expansion, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(password.expose().len() * 4));
    text.extend(password.expose().nfkc());
    text
}
