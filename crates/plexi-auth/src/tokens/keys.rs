//! The keys of access tokens, kept in a file that only the server's user can read.
//!
//! The first line is the key that signs. A line for each former one follows: its public half, and until when what it signed
//! may still be valid. Rotating throws the private half away, so nobody can sign with it any more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use biscuit_auth::{KeyPair, PrivateKey, PublicKey, builder::Algorithm};
use plexi_core::{Coded, Entropy, EntropyError, ErrorCode, Timestamp};
use zeroize::Zeroizing;

use crate::error::AuthError;

const PREFIX: &str = "plexi-token-key-ed25519:";
const FORMER: &str = "plexi-token-former-ed25519:";
const SEED: usize = 32;
/// The longest life of an access token that can be configured: for so long a former key verifies.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_hours(1);
/// The most former keys at once: rotations within [`LONGEST_LIFE`].
const MOST_FORMER: usize = 8;
/// The longest key file in bytes.
const MOST_BYTES: u64 = 2_048;

/// The key file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It cannot be read or written.
    #[error("token key file {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It does not hold a key.
    #[error(
        "token key file {path}: not a token key; move it away and a new one is made, which signs everybody out of the API"
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// It was rotated too often within an hour: what former keys signed must be verified until it expires.
    #[error("token key file {path}: rotated {MOST_FORMER} times within an hour; try again later")]
    TooOften {
        /// Which file.
        path: PathBuf,
        /// After how many seconds the first of them has expired.
        after: u32,
    },
    /// No randomness for a new key.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl Coded for KeyFileError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Io { .. } | Self::Malformed { .. } => ErrorCode::SystemConfiguration,
            Self::TooOften { .. } => ErrorCode::AuthTooManyAttempts,
            Self::Entropy(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooOften { after, .. } => Some(*after),
            _ => None,
        }
    }
}

/// A key that signed before: what it signed is verified until it has expired.
#[derive(Clone)]
pub(crate) struct FormerKey {
    pub public: PublicKey,
    pub until: Timestamp,
}

/// What a rotation does with the keys that signed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormerKeys {
    /// What they signed stays valid until it expires.
    Kept,
    /// What they signed counts no more: somebody else may have had one of them.
    Revoked,
}

/// The key pair that signs access tokens, and the former ones that still verify.
pub struct TokenKeys {
    seed: Zeroizing<[u8; SEED]>,
    former: Vec<FormerKey>,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKeys(..)")
    }
}

impl TokenKeys {
    /// A new key that is kept nowhere: access tokens end with the process.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut seed = Zeroizing::new([0; SEED]);
        entropy.fill(&mut *seed)?;
        Ok(Self { seed, former: Vec::new() })
    }

    /// Reads the key of a file, or makes one there. On Unix the file is readable by its owner only, and a file that others
    /// can read is closed to them. Of several processes that start at once all get the same key.
    pub fn load_or_create(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyFileError> {
        if let Some(keys) = read(path)? {
            return Ok(keys);
        }
        Self::generate(entropy)?.write(path, entropy)?;
        // Another process may have been quicker: the file decides.
        read(path)?.ok_or_else(|| KeyFileError::Malformed { path: path.to_owned() })
    }

    /// Puts a new key into the file, which holds one, and keeps the public half of the one before until what it signed has
    /// expired, unless former keys are revoked. The file is replaced whole; a crash leaves the one or the other.
    pub fn rotate(
        path: &Path,
        entropy: &dyn Entropy,
        now: Timestamp,
        former: FormerKeys,
    ) -> Result<Self, KeyFileError> {
        let malformed = || KeyFileError::Malformed { path: path.to_owned() };
        let old = read(path)?.ok_or_else(malformed)?;
        let mut new = Self::generate(entropy)?;
        if former == FormerKeys::Kept {
            let ended = FormerKey { public: pair_of(&old.seed).public(), until: now.plus(LONGEST_LIFE) };
            new.former =
                std::iter::once(ended).chain(old.former.into_iter().filter(|key| key.until > now)).collect();
        }
        if new.former.len() > MOST_FORMER {
            let first = new.former.iter().map(|key| key.until.as_seconds()).min().unwrap_or_default();
            let after = u32::try_from(first.saturating_sub(now.as_seconds()).max(1)).unwrap_or(u32::MAX);
            return Err(KeyFileError::TooOften { path: path.to_owned(), after });
        }
        let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
        let beside = new.write_beside(path, entropy)?;
        let placed = fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(&beside)));
        placed.and_then(|()| sync_folder(path)).map_err(failed)?;
        Ok(new)
    }

    pub(super) fn into_parts(self) -> (KeyPair, Vec<FormerKey>) {
        (pair_of(&self.seed), self.former)
    }

    fn text(&self) -> Zeroizing<String> {
        // room for all, so that growing leaves no copy behind
        let mut text = Zeroizing::new(String::with_capacity(2_048));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(*self.seed, &mut text);
        text.push('\n');
        for key in &self.former {
            text.push_str(FORMER);
            URL_SAFE_NO_PAD.encode_string(key.public.to_bytes(), &mut text);
            text.push(':');
            text.push_str(&key.until.as_seconds().to_string());
            text.push('\n');
        }
        text
    }

    /// Writes a file beside `path` and gives its name.
    fn write_beside(&self, path: &Path, entropy: &dyn Entropy) -> Result<PathBuf, KeyFileError> {
        let mut noise = [0_u8; 9];
        entropy.fill(&mut noise)?;
        let beside = path.with_extension(format!("new-{}", URL_SAFE_NO_PAD.encode(noise)));
        let written = create(&beside).and_then(|mut file| {
            file.write_all(self.text().as_bytes())?;
            file.sync_all()
        });
        match written {
            Ok(()) => Ok(beside),
            Err(source) => {
                // what is left of it is of no use, and may not be there at all
                let _ = fs::remove_file(&beside);
                Err(KeyFileError::Io { path: path.to_owned(), source })
            }
        }
    }

    /// Writes beside the file, then links it into place, which fails if there is one already.
    fn write(&self, path: &Path, entropy: &dyn Entropy) -> Result<(), KeyFileError> {
        let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
        let beside = self.write_beside(path, entropy)?;
        let placed = match fs::hard_link(&beside, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        };
        let removed = fs::remove_file(&beside);
        placed.and(removed).and_then(|()| sync_folder(path)).map_err(failed)
    }
}

fn pair_of(seed: &[u8; SEED]) -> KeyPair {
    // infallible: every 32 bytes are an Ed25519 seed; a fresh pair would only make tokens that nobody accepts
    PrivateKey::from_bytes(seed, Algorithm::Ed25519)
        .map_or_else(|_| KeyPair::new(), |private| KeyPair::from(&private))
}

/// A key pair of its own.
pub(super) fn pair(entropy: &dyn Entropy) -> Result<KeyPair, AuthError> {
    Ok(TokenKeys::generate(entropy)?.into_parts().0)
}

fn read(path: &Path) -> Result<Option<TokenKeys>, KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    close_to_others(&file, path).map_err(failed)?;
    let mut text = Zeroizing::new(String::with_capacity(2_048));
    file.take(MOST_BYTES).read_to_string(&mut text).map_err(failed)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let seed = lines.next().unwrap_or_default().strip_prefix(PREFIX).and_then(|text| {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Zeroizing::new(<[u8; SEED]>::try_from(bytes.as_slice()).ok()?))
    });
    let former: Option<Vec<FormerKey>> = lines.map(former_key).collect();
    match seed.zip(former) {
        // A key of one byte over and over is somebody's placeholder.
        Some((seed, former)) if former.len() <= MOST_FORMER && seed.iter().any(|byte| *byte != seed[0]) => {
            Ok(Some(TokenKeys { seed, former }))
        }
        _ => Err(KeyFileError::Malformed { path: path.to_owned() }),
    }
}

fn former_key(line: &str) -> Option<FormerKey> {
    let (public, until) = line.strip_prefix(FORMER)?.split_once(':')?;
    let public = PublicKey::from_bytes(&URL_SAFE_NO_PAD.decode(public).ok()?, Algorithm::Ed25519).ok()?;
    Some(FormerKey { public, until: Timestamp::from_seconds(until.parse().ok()?) })
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn close_to_others(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "token key file was open to others and is closed now");
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn close_to_others(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plexi_core::SeededEntropy;

    #[test]
    fn a_key_is_made_once_and_read_ever_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let first = TokenKeys::load_or_create(&path, &SeededEntropy::new(1)).unwrap();
        let second = TokenKeys::load_or_create(&path, &SeededEntropy::new(2)).unwrap();
        assert_eq!(first.seed, second.seed);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(format!("{first:?}"), "TokenKeys(..)");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_file_also_when_it_was_open_before() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        TokenKeys::load_or_create(&path, &SeededEntropy::new(1)).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        TokenKeys::load_or_create(&path, &SeededEntropy::new(1)).unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let zeros = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([0_u8; SEED]));
        for content in ["", "changeme", PREFIX, &zeros] {
            fs::write(&path, content).unwrap();
            let refused = TokenKeys::load_or_create(&path, &SeededEntropy::new(1));
            assert!(matches!(refused, Err(KeyFileError::Malformed { .. })), "{content:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[test]
    fn rotating_keeps_the_public_half_of_a_former_key_until_what_it_signed_has_expired() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let at = |minutes: i64| Timestamp::from_seconds(1_800_000_000 + 60 * minutes);
        let entropy = SeededEntropy::new(1);
        let first = TokenKeys::load_or_create(&path, &entropy).unwrap();
        let second = TokenKeys::rotate(&path, &entropy, at(0), FormerKeys::Kept).unwrap();
        assert_ne!(first.seed, second.seed);
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&URL_SAFE_NO_PAD.encode(*first.seed)), "nobody can sign with it any more");
        let read_again = TokenKeys::load_or_create(&path, &entropy).unwrap();
        assert_eq!((read_again.seed, read_again.former.len()), (second.seed.clone(), 1));
        assert_eq!(TokenKeys::rotate(&path, &entropy, at(59), FormerKeys::Kept).unwrap().former.len(), 2);
        assert_eq!(
            TokenKeys::rotate(&path, &entropy, at(60), FormerKeys::Kept).unwrap().former.len(),
            2,
            "the first is gone"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        let refused = (0..9).find_map(|_| TokenKeys::rotate(&path, &entropy, at(61), FormerKeys::Kept).err());
        let refused = refused.unwrap();
        assert!(matches!(refused, KeyFileError::TooOften { .. }), "{refused}");
        assert_eq!((refused.code(), refused.retry_after()), (ErrorCode::AuthTooManyAttempts, Some(58 * 60)));
        assert!(TokenKeys::load_or_create(&path, &entropy).is_ok());
    }

    #[test]
    fn revoking_forgets_every_former_key_however_often_it_was_rotated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let (entropy, now) = (SeededEntropy::new(1), Timestamp::from_seconds(1_800_000_000));
        let first = TokenKeys::load_or_create(&path, &entropy).unwrap();
        while TokenKeys::rotate(&path, &entropy, now, FormerKeys::Kept).is_ok() {}
        let fresh = TokenKeys::rotate(&path, &entropy, now, FormerKeys::Revoked).unwrap();
        assert!(fresh.former.is_empty() && fresh.seed != first.seed);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1, "also in the file");
    }

    #[test]
    fn processes_that_start_at_once_share_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let seeds: Vec<_> = std::thread::scope(|scope| {
            let path = &path;
            let threads: Vec<_> = (0..8_u64)
                .map(|n| {
                    scope.spawn(move || TokenKeys::load_or_create(path, &SeededEntropy::new(n)).unwrap().seed)
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seeds.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
