//! The secrets of a server: where each is kept, new keys, and changed passwords taken up. Nothing here prints one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use plexi_auth::{Auth, FormerKeys, TokenKeys};
use plexi_config::{Live, SecretSource};
use plexi_core::{Secret, Timestamp};
use plexi_db::Database;
use plexi_messaging::Hub;
use plexi_web::{OperatorError, SecretFacts, SecretsReloaded};
use ring::pbkdf2;

use crate::services::{Ambient, Services};
use crate::settings::Settings;

/// The key that signs access tokens.
const TOKEN_KEY: &str = "token.key";
/// The address of the database, which may hold a password.
const DATABASE_URL: &str = "database.url";
/// What a guess at a secret behind a fingerprint costs.
const ROUNDS: std::num::NonZeroU32 = std::num::NonZeroU32::MIN.saturating_add(199_999);

/// Lists, rotates and reloads. Cheap to clone.
#[derive(Clone)]
pub struct Secrets(Arc<Inner>);

struct Inner {
    auth: Auth,
    database: Database,
    hub: Hub,
    key_file: PathBuf,
    settings: Live<Settings>,
    ambient: Ambient,
    /// The fingerprint of the database's address that is in use.
    in_use: Mutex<Option<String>>,
    /// One change at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Secrets {
    /// Those of open services, whose settings are `settings`.
    pub fn of(services: &Services, settings: Live<Settings>) -> Self {
        let inner = Inner {
            auth: services.auth.clone(),
            database: services.database.clone(),
            hub: services.hub.clone(),
            key_file: services.key_file(),
            settings,
            ambient: services.ambient.clone(),
            in_use: Mutex::new(services.database_url.as_ref().map(|url| fingerprint(DATABASE_URL, url))),
            turn: tokio::sync::Mutex::new(()),
        };
        Self(Arc::new(inner))
    }

    /// All secrets that the server has, without them.
    pub async fn list(&self) -> Result<Vec<SecretFacts>, OperatorError> {
        let mut all = vec![self.token_key()];
        if let Some(source) = &self.0.settings.get().database.url {
            let url = self.database_url().await?;
            let kept = match source {
                SecretSource::Literal(_) => "the configuration itself".to_owned(),
                elsewhere => format!("{elsewhere:?}"),
            };
            let changed_at = match source {
                SecretSource::File(path) => changed(path),
                _ => None,
            };
            all.push(SecretFacts {
                name: DATABASE_URL.to_owned(),
                kept,
                rotatable: false,
                changed_at,
                fingerprint: url.map(|url| fingerprint(DATABASE_URL, &url)).unwrap_or_default(),
            });
        }
        Ok(all)
    }

    /// Replaces a secret that the server made. Access tokens that the old key signed stay valid until they expire; when former
    /// keys are revoked they end at once, and every connection must prove itself anew.
    ///
    /// [`OperatorError::KeptElsewhere`] for a secret that somebody else made, [`OperatorError::NoSecret`] for one that is
    /// not known.
    pub async fn rotate(&self, name: &str, former: FormerKeys) -> Result<SecretFacts, OperatorError> {
        let _turn = self.0.turn.lock().await;
        if name != TOKEN_KEY {
            let other = self.list().await?.into_iter().find(|facts| facts.name == name);
            return Err(match other {
                Some(facts) => OperatorError::KeptElsewhere { kept: facts.kept },
                None => OperatorError::NoSecret,
            });
        }
        let (entropy, now) = (&self.0.ambient.entropy, self.0.ambient.clock.now());
        let keys = TokenKeys::rotate(&self.0.key_file, &**entropy, now, former)
            .map_err(|error| OperatorError::refused(&error))?;
        self.0.auth.replace_keys(keys);
        if former == FormerKeys::Revoked {
            self.0.hub.shutdown();
        }
        Ok(self.token_key())
    }

    /// Reads the secrets that are kept elsewhere again, and uses those that changed. When one does not work, the one in use
    /// stays and the error says so.
    pub async fn reload(&self) -> Result<SecretsReloaded, OperatorError> {
        let _turn = self.0.turn.lock().await;
        let mut done = SecretsReloaded::default();
        let Some(url) = self.database_url().await? else { return Ok(done) };
        let print = fingerprint(DATABASE_URL, &url);
        let known = self.0.in_use.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.as_ref() == Some(&print) {
            return Ok(done);
        }
        let taken = self.0.database.sign_in_as(&url).await;
        if taken.map_err(|error| OperatorError::refused(&error))? {
            *self.0.in_use.lock().unwrap_or_else(PoisonError::into_inner) = Some(print);
            done.changed.push(DATABASE_URL.to_owned());
        } else {
            done.needs_restart.push(DATABASE_URL.to_owned());
        }
        Ok(done)
    }

    fn token_key(&self) -> SecretFacts {
        SecretFacts {
            name: TOKEN_KEY.to_owned(),
            kept: format!("file {}", self.0.key_file.display()),
            rotatable: true,
            changed_at: changed(&self.0.key_file),
            fingerprint: self.0.auth.key_fingerprint(),
        }
    }

    /// Reads the address of the database from where it is kept; a command may take seconds.
    async fn database_url(&self) -> Result<Option<Secret<String>>, OperatorError> {
        let section = self.0.settings.get().database.clone();
        if section.url.is_none() {
            return Ok(None);
        }
        let failed = |because: String| OperatorError::Failed(because);
        let read = tokio::task::spawn_blocking(move || section.open());
        let opened = read.await.map_err(|error| failed(error.to_string()))?;
        Ok(Some(opened.map_err(|error| failed(error.to_string()))?.url))
    }
}

/// Differs when the secret does. Slow to make and short, so that no secret can be guessed from it with any certainty.
fn fingerprint(name: &str, secret: &Secret<String>) -> String {
    let mut digits = [0_u8; 4];
    let secret = secret.expose().as_bytes();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, name.as_bytes(), secret, &mut digits);
    plexi_core::plain::hex(&digits)
}

fn changed(path: &Path) -> Option<Timestamp> {
    let at = fs::metadata(path).ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(i64::try_from(at.as_micros()).ok()?))
}
