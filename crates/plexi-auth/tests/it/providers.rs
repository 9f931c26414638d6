//! Ways to sign in beside name and password.

use std::sync::Arc;

use async_trait::async_trait;
use plexi_auth::memory::MemoryStore;
use plexi_auth::model::SignInMethod;
use plexi_auth::ports::AccountStore as _;
use plexi_auth::provider::{Attempt, AuthProvider, Proof, Verified};
use plexi_auth::{Auth, AuthConfig, AuthError, TokenKeys, Transport, UserChange};
use plexi_core::{Actor, IdSource, ManualClock, SeededEntropy, Timestamp};

use crate::world::{World, person, secret};

/// Lets in whoever shows the badge `badge of NAME`.
struct Badges {
    store: Arc<MemoryStore>,
    method: &'static str,
}

#[async_trait]
impl AuthProvider for Badges {
    fn method(&self) -> &'static str {
        self.method
    }

    fn asks_for(&self) -> &'static [&'static str] {
        &["badge"]
    }

    async fn verify(&self, attempt: &Attempt) -> Result<Verified, AuthError> {
        let badge = attempt.proof.part("badge").ok_or(AuthError::InvalidCredentials)?;
        let name = badge.expose().strip_prefix("badge of ").ok_or(AuthError::InvalidCredentials)?;
        let (account, _) = self.store.account_by_name(name).await?.ok_or(AuthError::InvalidCredentials)?;
        Ok(Verified { account })
    }
}

fn build(methods: &[&'static str]) -> Result<(Auth, Arc<MemoryStore>), AuthError> {
    let store = Arc::new(MemoryStore::new());
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
    let entropy = Arc::new(SeededEntropy::new(3));
    let ids = IdSource::new(clock.clone(), entropy.clone());
    let keys = TokenKeys::generate(&*entropy).unwrap();
    let builder = Auth::builder(store.clone(), keys, ids, clock, entropy, AuthConfig::quick());
    let builder = methods
        .iter()
        .fold(builder, |builder, method| builder.provider(Arc::new(Badges { store: store.clone(), method })));
    Ok((builder.build()?, store))
}

async fn with_badges() -> Auth {
    let (auth, _) = build(&["badge"]).unwrap();
    let token = auth.prepare().await.unwrap().unwrap();
    auth.set_up(token.expose(), person("root"), Transport::Token, None).await.unwrap();
    auth
}

fn badge(text: &str) -> Proof {
    Proof::new([("badge".to_owned(), secret(text))])
}

#[tokio::test]
async fn whoever_another_provider_knows_is_signed_in_as_by_password() {
    let auth = with_badges().await;
    let proof = badge("badge of root");
    let signed_in = auth.sign_in_by("badge", proof, Transport::Cookie, None, None).await.unwrap();
    let caller = auth.authenticate_cookie(signed_in.cookie.unwrap().expose()).await.unwrap();
    assert_eq!(caller.account.user.name, "root");
    for wrong in ["badge of nobody", "no badge", ""] {
        let refused = auth.sign_in_by("badge", badge(wrong), Transport::Cookie, None, None).await;
        assert!(matches!(refused, Err(AuthError::InvalidCredentials)), "{wrong}");
    }
}

#[tokio::test]
async fn a_provider_that_forgets_to_look_lets_no_disabled_account_in() {
    let auth = with_badges().await;
    let ada = auth.create_user(&Actor::system(), person("ada"), None).await.unwrap().id;
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    auth.update_user(&Actor::system(), ada, disable).await.unwrap();
    let refused = auth.sign_in_by("badge", badge("badge of ada"), Transport::Token, None, None).await;
    assert!(matches!(refused, Err(AuthError::InvalidCredentials)));
}

#[tokio::test]
async fn the_methods_are_listed_and_another_is_refused_by_name() {
    let auth = with_badges().await;
    let method = |method: &str, proof: &[&str]| SignInMethod {
        method: method.to_owned(),
        proof: proof.iter().map(|part| (*part).to_owned()).collect(),
    };
    assert_eq!(
        auth.sign_in_methods(),
        [method("password", &["name", "password"]), method("badge", &["badge"])]
    );
    let field = |refused: Result<plexi_auth::SignedIn, AuthError>| match refused {
        Err(AuthError::Invalid(fields)) => {
            fields.into_iter().map(|one| one.field).collect::<Vec<_>>().join(" ")
        }
        other => panic!("{other:?}"),
    };
    let sign_in =
        async |method: &str, proof| field(auth.sign_in_by(method, proof, Transport::Token, None, None).await);
    assert_eq!(sign_in("retina", badge("x")).await, "method");
    assert_eq!(
        sign_in("badge", Proof::password("root", secret("x"))).await,
        "proof.badge proof.name proof.password"
    );
    assert_eq!(sign_in("badge", badge(&"x".repeat(5_000))).await, "proof.badge");
}

#[tokio::test]
async fn a_method_has_a_plain_name_of_its_own() {
    for methods in [&["password"][..], &["badge", "badge"], &["Two Words"], &[""]] {
        assert!(matches!(build(methods), Err(AuthError::Invalid(_))), "{methods:?}");
    }
    assert_eq!(World::new().await.auth.sign_in_methods().len(), 1);
}
