//! Putting the service together.

use std::sync::Arc;

use plexi_core::{Clock, Current, Entropy, FieldError, IdSource};
use tokio::sync::broadcast;

use crate::config::AuthConfig;
use crate::error::AuthError;
use crate::live::Recent;
use crate::password::Passwords;
use crate::ports::IdentityStore;
use crate::profile;
use crate::provider::{AuthProvider, MAX_PARTS, PasswordProvider};
use crate::service::{Auth, Inner, NOTICES};
use crate::setup::SetupGate;
use crate::sign_in::invalid;
use crate::tokens::{AccessTokens, TokenKeys};

/// What the service is made of. See [`Auth::builder`].
pub struct AuthBuilder {
    store: Arc<dyn IdentityStore>,
    keys: TokenKeys,
    ids: IdSource,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    config: AuthConfig,
    providers: Vec<Arc<dyn AuthProvider>>,
}

impl Auth {
    /// Begins to put the service together.
    pub fn builder(
        store: Arc<dyn IdentityStore>,
        keys: TokenKeys,
        ids: IdSource,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        config: AuthConfig,
    ) -> AuthBuilder {
        AuthBuilder { store, keys, ids, clock, entropy, config, providers: Vec::new() }
    }
}

impl AuthBuilder {
    /// Registers another way to sign in, beside name and password. Clients choose it by its method.
    #[must_use]
    pub fn provider(mut self, provider: Arc<dyn AuthProvider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// The service. [`AuthError::Invalid`] when the configuration is outside its bounds or a provider's method has no plain name of
    /// its own, [`AuthError::Breached`] when there is to be a list of breached passwords and it cannot be used. Reads that list at
    /// some places, for milliseconds.
    pub fn build(self) -> Result<Auth, AuthError> {
        self.config.check().map_err(AuthError::Invalid)?;
        let passwords = Passwords::new(&self.config, self.entropy.clone())?;
        let mut providers: Vec<Arc<dyn AuthProvider>> =
            vec![Arc::new(PasswordProvider::new(self.store.clone(), passwords.clone()))];
        for provider in self.providers {
            let method = provider.method();
            let taken = providers.iter().any(|other| other.method() == method);
            if taken || profile::role_name(method).is_err() || provider.asks_for().len() > MAX_PARTS {
                let problem = format!("{method} has no plain name of its own, or asks for too much");
                return Err(invalid(FieldError::new("provider", problem)));
            }
            providers.push(provider);
        }
        let inner = Inner {
            store: self.store,
            ids: self.ids,
            clock: self.clock,
            tokens: AccessTokens::new(self.keys, self.entropy.clone()),
            entropy: self.entropy,
            config: Current::new(self.config),
            passwords,
            providers,
            recent: Recent::default(),
            setup: SetupGate::new(),
            ended: broadcast::Sender::new(NOTICES),
            changed: broadcast::Sender::new(NOTICES),
        };
        Ok(Auth { inner: Arc::new(inner) })
    }
}
