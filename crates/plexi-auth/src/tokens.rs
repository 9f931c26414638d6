//! Access tokens: biscuits signed with Ed25519, short-lived. Whoever holds one can narrow it offline and never widen it.
//!
//! One authority block says whose it is: `session(user, session, epoch, expiry)` and a check of the time. Blocks that holders
//! add may hold checks only. They see the facts `session(..)`, `time(now)` and, when the caller says what the token is used
//! for ([`Purpose`]), `operation(name)` twice: with the name of the operation and with `read` or `write`. So
//! `check if operation("read")` makes a read-only token, and `check if operation("messages.post")` one that only posts.

mod inspect;
mod keys;
mod narrowing;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use biscuit_auth::builder::{self, Term};
use biscuit_auth::datalog::SymbolTable;
use biscuit_auth::error::{RunLimit, Token as BiscuitError};
use biscuit_auth::{AuthorizerBuilder, AuthorizerLimits, Biscuit, KeyPair, PublicKey};
use plexi_core::{Current, Entropy, Secret, SessionId, Timestamp, UserId};
use uuid::Uuid;

use crate::error::AuthError;

use keys::FormerKey;
pub use keys::{FormerKeys, KeyFileError, TokenKeys};
pub use narrowing::{Narrowing, Purpose};

/// The longest access token that is looked at, in bytes of its text.
pub const MAX_TEXT: usize = 4_096;
/// The most blocks of an access token, its own included.
pub const MAX_BLOCKS: usize = 8;

/// biscuit writes padding and others leave it out; both are read, none is written.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub user: UserId,
    pub session: SessionId,
    pub epoch: i64,
    /// To the second.
    pub expires_at: Timestamp,
}

/// The key that signed a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signer(PublicKey);

/// The keys in use.
struct Ring {
    root: KeyPair,
    former: Vec<FormerKey>,
}

impl Ring {
    fn of(keys: TokenKeys) -> Self {
        let (root, former) = keys.into_parts();
        Self { root, former }
    }

    /// Reads a token whose signature is of the present key or of a former one whose tokens may still be valid.
    fn open(&self, bytes: &[u8], now: Timestamp) -> Result<(Biscuit, Signer), AuthError> {
        self.trusted(now)
            .find_map(|key| Some((Biscuit::from(bytes, key).ok()?, Signer(key))))
            .ok_or(AuthError::TokenInvalid)
    }

    /// The keys whose tokens count.
    fn trusted(&self, now: Timestamp) -> impl Iterator<Item = PublicKey> {
        let former = self.former.iter().filter(move |key| now < key.until).map(|key| key.public);
        std::iter::once(self.root.public()).chain(former)
    }
}

fn fingerprint(key: &PublicKey) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, &key.to_bytes());
    plexi_core::plain::hex(digest.as_ref().get(..8).unwrap_or_default())
}

/// Issues and verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AccessTokens {
    ring: Arc<Current<Ring>>,
    entropy: Arc<dyn Entropy>,
}

impl AccessTokens {
    pub fn new(keys: TokenKeys, entropy: Arc<dyn Entropy>) -> Self {
        Self { ring: Arc::new(Current::new(Ring::of(keys))), entropy }
    }

    /// Signs with other keys from now on.
    pub fn replace_keys(&self, keys: TokenKeys) {
        self.ring.set(Ring::of(keys));
    }

    /// Whether tokens of that key still count.
    pub fn trusts(&self, signer: Signer, now: Timestamp) -> bool {
        self.ring.get().trusted(now).any(|key| key == signer.0)
    }

    /// Tells one signing key from another without saying anything of its private half.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.ring.get().root.public())
    }

    /// A token that says `claims`. The expiry is cut to the second.
    pub fn issue(&self, claims: &Claims) -> Result<Secret<String>, AuthError> {
        let expiry = date(claims.expires_at);
        let facts = [
            builder::bytes(claims.user.as_uuid().as_bytes()),
            builder::bytes(claims.session.as_uuid().as_bytes()),
            builder::int(claims.epoch),
            expiry.clone(),
        ];
        let now = builder::var("now");
        let before = builder::Expression {
            ops: vec![
                builder::Op::Value(now.clone()),
                builder::Op::Value(expiry),
                builder::Op::Binary(builder::Binary::LessThan),
            ],
        };
        let in_time = builder::Rule::new(
            builder::pred("query", &[] as &[Term]),
            vec![builder::pred("time", &[now])],
            vec![before],
            vec![],
        );
        let check = builder::Check { queries: vec![in_time], kind: builder::CheckKind::One };
        // Every token has a fresh key for the block that its holder may add.
        let next = keys::pair(&*self.entropy)?;
        let token = Biscuit::builder()
            .fact(builder::fact("session", &facts))
            .and_then(|token| token.check(check))
            .and_then(|token| token.build_with_key_pair(&self.ring.get().root, SymbolTable::default(), &next))
            .and_then(|token| token.to_vec())
            .map_err(|error| AuthError::Crypto(error.to_string()))?;
        Ok(Secret::new(BASE64.encode(token)))
    }

    /// Verifies a token: our signature, in time. What its holder added is returned, still to be asked
    /// ([`Narrowing::permits`]), and the key that signed it.
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<(Claims, Narrowing, Signer), AuthError> {
        if text.is_empty() || text.len() > MAX_TEXT {
            return Err(AuthError::TokenInvalid);
        }
        let bytes = BASE64.decode(text).map_err(|_| AuthError::TokenInvalid)?;
        inspect::within_bounds(&bytes)?;
        let (token, signer) = self.ring.get().open(&bytes, now)?;
        let mut authorizer = authorizer(now, None)
            .and_then(|authorizer| authorizer.build(&token))
            .map_err(|error| AuthError::Crypto(error.to_string()))?;
        let rule = "claims($user, $session, $epoch, $expiry) <- session($user, $session, $epoch, $expiry)";
        let said: Vec<(Vec<u8>, Vec<u8>, i64, std::time::SystemTime)> =
            authorizer.query(rule).map_err(|e| refusal(&e))?;
        let [(user, session, epoch, expiry)] = said.as_slice() else { return Err(AuthError::TokenInvalid) };
        let claims = Claims {
            user: Uuid::from_slice(user).map_err(|_| AuthError::TokenInvalid)?.into(),
            session: Uuid::from_slice(session).map_err(|_| AuthError::TokenInvalid)?.into(),
            epoch: *epoch,
            expires_at: timestamp(*expiry),
        };
        // The check in the token says the same; this one is there whatever the token holds, and says why.
        if now >= claims.expires_at {
            return Err(AuthError::TokenExpired);
        }
        if token.block_count() > 1 {
            return Ok((claims, Narrowing::new(token, claims.expires_at), signer));
        }
        authorizer.authorize().map_err(|error| refusal(&error))?;
        Ok((claims, Narrowing::default(), signer))
    }
}

/// The one place that makes an authorizer: always with the time, always with limits.
fn authorizer(now: Timestamp, purpose: Option<Purpose>) -> Result<AuthorizerBuilder, BiscuitError> {
    // What tokens may hold is bounded before, so no limit is ever reached by one of ours. The time is generous, since a
    // thread may be put aside for that long on a busy machine.
    let limits = AuthorizerLimits { max_facts: 64, max_iterations: 16, max_time: Duration::from_millis(500) };
    let allow = builder::Policy {
        queries: vec![builder::Rule::new(
            builder::pred("query", &[] as &[Term]),
            vec![],
            vec![builder::Expression { ops: vec![builder::Op::Value(Term::Bool(true))] }],
            vec![],
        )],
        kind: builder::PolicyKind::Allow,
    };
    let builder = AuthorizerBuilder::new()
        .set_limits(limits)
        .fact(builder::fact("time", &[date(now)]))?
        .policy(allow)?;
    let names = purpose.into_iter().flat_map(Purpose::names);
    names
        .into_iter()
        .try_fold(builder, |builder, name| builder.fact(builder::fact("operation", &[builder::string(name)])))
}

/// A limit that was hit says that the machine is busy, not that the token is wrong.
fn refusal(error: &BiscuitError) -> AuthError {
    match error {
        BiscuitError::RunLimit(RunLimit::UnexpectedQueryResult(..)) => AuthError::TokenInvalid,
        BiscuitError::RunLimit(_) => AuthError::Overloaded,
        _ => AuthError::TokenInvalid,
    }
}

fn date(at: Timestamp) -> Term {
    Term::Date(u64::try_from(at.as_seconds()).unwrap_or(0))
}

fn timestamp(at: std::time::SystemTime) -> Timestamp {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap_or(0))
}

#[cfg(test)]
mod tests;
