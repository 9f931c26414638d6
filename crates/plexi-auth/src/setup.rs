//! The first start: whoever holds the token that the server printed makes the administrator, once.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plexi_core::{Secret, Timestamp};

use crate::error::{AuthError, StoreError};
use crate::ports::Digest;
use crate::profile;
use crate::roles;
use crate::secrets;
use crate::service::Auth;
use crate::sign_in::{NewPerson, SignedIn, Transport, invalid};

/// How many wrong tokens are judged in [`WINDOW`]; more are refused with a time to wait.
const MAX_WRONG: usize = 10;
const WINDOW: Duration = Duration::from_mins(1);

/// The one-time token of the first start, for the link that the server prints.
#[derive(Debug)]
pub struct SetupToken(Secret<String>);

impl SetupToken {
    /// The token, for the moment it is printed.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Keeps the digest of the token while set-up is open, in memory only: a restart makes a new one.
pub(crate) struct SetupGate {
    token: Mutex<Option<Digest>>,
    wrong: Mutex<VecDeque<Timestamp>>,
    /// An administrator exists; there will always be one from then on.
    closed: AtomicBool,
}

impl SetupGate {
    pub fn new() -> Self {
        Self { token: Mutex::new(None), wrong: Mutex::default(), closed: AtomicBool::new(false) }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The right token always passes, so that nobody's wrong guesses keep the owner out; wrong ones are counted.
    fn judge(&self, token: &str, now: Timestamp) -> Result<(), AuthError> {
        let given = secrets::digest_of(token);
        let expected = *self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if expected.is_some_and(|expected| secrets::same(&expected, &given)) {
            return Ok(());
        }
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        while wrong.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            wrong.pop_front();
        }
        if wrong.len() >= MAX_WRONG {
            let oldest = wrong.front().map_or(Duration::ZERO, |at| now.since(*at));
            let wait = WINDOW.saturating_sub(oldest).as_secs().max(1);
            return Err(AuthError::TooManyAttempts(u32::try_from(wait).unwrap_or(60)));
        }
        wrong.push_back(now);
        Err(AuthError::SetupTokenInvalid)
    }
}

impl Auth {
    /// Writes the built-in roles. When no administrator exists, gives a fresh one-time token for the link to print; earlier
    /// ones stop working.
    pub async fn prepare(&self) -> Result<Option<SetupToken>, AuthError> {
        let inner = &*self.inner;
        inner.store.ensure_roles(&roles::built_in()).await?;
        if !self.setup_open().await? {
            return Ok(None);
        }
        let token = secrets::generate::<16>(&*inner.entropy)?;
        let digest = secrets::digest_of(token.expose());
        *inner.setup.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
        Ok(Some(SetupToken(token)))
    }

    /// Whether the first administrator is still to be made.
    pub async fn setup_open(&self) -> Result<bool, AuthError> {
        let inner = &*self.inner;
        if inner.setup.closed.load(Ordering::Acquire) {
            return Ok(false);
        }
        let open = !inner.store.has_admin().await?;
        if !open {
            inner.setup.close();
        }
        Ok(open)
    }

    /// Whether [`Auth::set_up`] would take this token now; refuses as it does.
    pub async fn check_setup(&self, token: &str) -> Result<(), AuthError> {
        if !self.setup_open().await? {
            return Err(AuthError::SetupClosed);
        }
        self.inner.setup.judge(token, self.inner.now())
    }

    /// Makes the first administrator and signs in. [`AuthError::SetupClosed`] when there is one, also for all but one of many at
    /// once; [`AuthError::SetupTokenInvalid`]; [`AuthError::TooManyAttempts`] after ten wrong tokens in a minute.
    pub async fn set_up(
        &self,
        token: &str,
        person: NewPerson,
        transport: Transport,
        device: Option<String>,
    ) -> Result<SignedIn, AuthError> {
        let inner = &*self.inner;
        self.check_setup(token).await?;
        let device = profile::device(device.as_deref()).map_err(invalid)?;
        let account = inner.new_account(&person, roles::ADMIN).await?;
        match inner.store.create_first_admin(&account).await {
            Ok(()) => inner.setup.close(),
            Err(StoreError::Conflict("setup")) => {
                inner.setup.close();
                return Err(AuthError::SetupClosed);
            }
            Err(StoreError::Conflict("name")) => return Err(AuthError::NameTaken),
            Err(error) => return Err(error.into()),
        }
        inner.begin_new(&account, transport, device).await
    }
}
