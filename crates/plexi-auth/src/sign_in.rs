//! Signing in: every way ends in a new session.

use std::net::IpAddr;
use std::time::Duration;

use plexi_core::{FieldError, Secret, SessionId, StoreError, Timestamp, UserId, names};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::AuthError;
use crate::model::{Me, Session, SignInMethod, User, UserKind};
use crate::ports::{Account, NewAccount, SessionRecord};
use crate::profile;
use crate::provider::{Attempt, PASSWORD, Proof};
use crate::secrets;
use crate::service::{Auth, Inner};
use crate::sessions::{Caller, NewCookie, shown};
use crate::tokens::Claims;

/// How a client shows that it is signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// A cookie, for browsers.
    Cookie,
    /// Access and refresh tokens, for everything else.
    #[default]
    Token,
}

/// Access and refresh tokens.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The biscuit to send as `Authorization: Bearer`.
    pub access_token: Secret<String>,
    /// When it expires, to the second.
    pub expires_at: Timestamp,
    /// For the next pair; works once.
    pub refresh_token: Secret<String>,
}

/// What signing in gives.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The account.
    pub me: Me,
    /// The new session.
    pub session: Session,
    /// The value of the session cookie, for [`Transport::Cookie`].
    pub cookie: Option<Secret<String>>,
    /// The tokens, for [`Transport::Token`].
    pub tokens: Option<Tokens>,
}

/// Somebody for whom an account is to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The name to sign in and be mentioned with: 1 to 32 letters, digits, `.`, `_`, `-`.
    pub name: String,
    /// The name shown, 1 to 64 characters.
    pub display_name: String,
    /// 15 to 256 characters, not a guessable one.
    pub password: Secret<String>,
}

impl Auth {
    /// Signs in with name and password. [`AuthError::InvalidCredentials`] for every refusal, after the same work whether or not
    /// the account exists; [`AuthError::Overloaded`] when too many passwords wait to be checked.
    pub async fn sign_in(
        &self,
        name: &str,
        password: Secret<String>,
        transport: Transport,
        device: Option<String>,
        peer: Option<IpAddr>,
    ) -> Result<SignedIn, AuthError> {
        self.sign_in_by(PASSWORD, Proof::password(name, password), transport, device, peer).await
    }

    /// Signs in by a method of [`Auth::sign_in_methods`]. [`AuthError::Invalid`] when there is no such method or the proof is not
    /// made of what the method asks for; else as its provider judges.
    pub async fn sign_in_by(
        &self,
        method: &str,
        proof: Proof,
        transport: Transport,
        device: Option<String>,
        peer: Option<IpAddr>,
    ) -> Result<SignedIn, AuthError> {
        let device = profile::device(device.as_deref()).map_err(invalid)?;
        let account = self.inner.prove(method, &Attempt { proof, peer }).await?;
        self.inner.begin(account, transport, device).await
    }

    /// The ways to sign in: `password`, then those that were registered, in that order.
    pub fn sign_in_methods(&self) -> Vec<SignInMethod> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let providers = self.inner.providers.iter();
        providers
            .map(|one| SignInMethod { method: one.method().to_owned(), proof: owned(one.asks_for()) })
            .collect()
    }

    /// Changes the caller's password and ends all their other sessions. This one goes on under another cookie, which is
    /// returned when it is shown by one: who knew the former has nothing. Access tokens of this session expire, too: the
    /// refresh token, which works once, gives new ones. Sockets of this session stay open. [`AuthError::InvalidCredentials`] when `current` is wrong, [`AuthError::PasswordWeak`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<Option<NewCookie>, AuthError> {
        let inner = &*self.inner;
        let user = &caller.account.user;
        let stored = inner.store.password_hash(user.id).await?;
        if !inner.passwords.verify(&current, stored.as_deref()).await?.right {
            return Err(AuthError::InvalidCredentials);
        }
        let hash = inner.passwords.accept(&new, &[&user.name, &user.display_name]).await?;
        inner.replace_password(user.id, stored, &current, &hash).await?;
        inner.recent.forget_account(user.id);
        inner.end_all(user.id, Some(caller.session)).await?;
        let cookie = inner.renew_cookie(caller.session).await?;
        tracing::info!(user = %user.id, "password changed");
        Ok(cookie)
    }
}

impl Inner {
    /// Replaces a password that is `current` while its hash is `stored`. Of several who do so at once one succeeds and the
    /// others find that `current` is wrong by now. A sign-in may have stored the same one anew meanwhile, once.
    async fn replace_password(
        &self,
        id: UserId,
        stored: Option<String>,
        current: &Secret<String>,
        hash: &str,
    ) -> Result<(), AuthError> {
        match self.store.set_password_hash(id, stored.as_deref(), hash, true).await {
            Err(StoreError::Conflict(_)) => {}
            done => return Ok(done?),
        }
        let stored = self.store.password_hash(id).await?;
        if !self.passwords.verify(current, stored.as_deref()).await?.right {
            return Err(AuthError::InvalidCredentials);
        }
        match self.store.set_password_hash(id, stored.as_deref(), hash, true).await {
            Err(StoreError::Conflict(_)) => Err(AuthError::InvalidCredentials),
            done => Ok(done?),
        }
    }

    /// Asks the provider of that method.
    async fn prove(&self, method: &str, attempt: &Attempt) -> Result<Account, AuthError> {
        let found = self.providers.iter().find(|provider| provider.method() == method);
        let provider =
            found.ok_or_else(|| invalid(FieldError::new("method", "is no way to sign in to this server")))?;
        attempt.proof.consists_of(provider.asks_for())?;
        let mut verified = provider.verify(attempt).await;
        if verified.as_ref().is_ok_and(|verified| verified.account.user.disabled) {
            verified = Err(AuthError::InvalidCredentials);
        }
        let peer = attempt.peer.map(tracing::field::display);
        match &verified {
            Ok(verified) => {
                tracing::info!(user = %verified.account.user.id, method = provider.method(), peer, "signed in");
            }
            // The name is not logged: people type passwords into that field.
            Err(error) => tracing::info!(method = provider.method(), peer, %error, "sign-in refused"),
        }
        Ok(verified?.account)
    }

    /// Begins a session of an account whose owner has just proven who they are.
    pub async fn begin(
        &self,
        account: Account,
        transport: Transport,
        device: String,
    ) -> Result<SignedIn, AuthError> {
        let now = self.now();
        let secret = secrets::generate::<32>(&*self.entropy)?;
        let digest = secrets::digest_of(secret.expose());
        let (cookie, refresh) = match transport {
            Transport::Cookie => (Some(digest), None),
            Transport::Token => (None, Some(digest)),
        };
        let record = SessionRecord {
            id: self.ids.next()?,
            user_id: account.user.id,
            device,
            created_at: now,
            last_seen_at: now,
            expires_at: self.session_end(now),
            cookie,
            refresh,
        };
        self.store.create_session(&record).await?;
        // The password may have been changed or the account disabled since it was read; what ended all sessions then has
        // not seen this one.
        let present = self.store.account(account.user.id).await?;
        if present.is_none_or(|present| present.epoch != account.epoch || present.user.disabled) {
            self.end(account.user.id, record.id).await?;
            return Err(AuthError::InvalidCredentials);
        }
        let session = shown(&record, true);
        let (cookie, tokens) = match transport {
            Transport::Cookie => (Some(secret), None),
            Transport::Token => (None, Some(self.pair(&account, record.id, record.expires_at, secret)?)),
        };
        Ok(SignedIn { me: Me::from(&account), session, cookie, tokens })
    }

    /// An access token to go with a refresh token.
    pub fn pair(
        &self,
        account: &Account,
        session: SessionId,
        session_end: Timestamp,
        refresh_token: Secret<String>,
    ) -> Result<Tokens, AuthError> {
        let lifetime = Duration::from_mins(1) * self.config.get().access_token_minutes;
        let expires_at = Timestamp::from_seconds(self.now().plus(lifetime).min(session_end).as_seconds());
        let claims = Claims { user: account.user.id, session, epoch: account.epoch, expires_at };
        Ok(Tokens { access_token: self.tokens.issue(&claims)?, expires_at, refresh_token })
    }

    /// Checks what somebody chose and hashes the password. All fields are judged before the password costs any work.
    pub async fn new_account(&self, person: &NewPerson, role: &str) -> Result<NewAccount, AuthError> {
        let mut problems = Vec::new();
        let folded = names::fold(&person.name).map_err(|problem| problems.push(problem)).ok();
        let shown =
            profile::display_name(&person.display_name).map_err(|problem| problems.push(problem)).ok();
        let (Some(folded), Some(display_name)) = (folded, shown) else {
            return Err(AuthError::Invalid(problems));
        };
        let hash = self.passwords.accept(&person.password, &[&folded.name, &display_name]).await?;
        Ok(NewAccount {
            user: User {
                id: self.ids.next()?,
                name: folded.name,
                display_name,
                status_text: String::new(),
                kind: UserKind::Person,
                disabled: false,
                created_at: self.now(),
            },
            skeleton: folded.skeleton,
            role: role.to_owned(),
            password_hash: Some(hash),
        })
    }

    /// Signs in to an account that was made a moment ago.
    pub async fn begin_new(
        &self,
        account: &NewAccount,
        transport: Transport,
        device: String,
    ) -> Result<SignedIn, AuthError> {
        let id = account.user.id;
        let account = self.store.account(id).await?.ok_or(AuthError::InvalidCredentials)?;
        self.account_changed(&account.user, false);
        tracing::info!(user = %id, role = account.role, "account made");
        self.begin(account, transport, device).await
    }
}

/// An account as its owner sees it.
/// One field is wrong.
pub(crate) fn invalid(problem: FieldError) -> AuthError {
    AuthError::Invalid(vec![problem])
}
