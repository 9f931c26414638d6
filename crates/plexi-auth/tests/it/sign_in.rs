use plexi_auth::model::{User, UserKind};
use plexi_auth::ports::{AccountStore as _, NewAccount};
use plexi_auth::{AuthConfig, AuthError, NewPerson, Transport, UserChange};
use plexi_core::{Actor, Coded as _, ErrorCode};

use crate::world::{OTHER_PASSWORD, PASSWORD, World, person, secret};

#[tokio::test]
async fn a_name_and_password_sign_in_however_they_are_typed() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let typed = PASSWORD.replace('p', "\u{ff50}");
    for (name, password) in [("ada", PASSWORD), ("ADA", PASSWORD), ("Ａｄａ", &typed)] {
        let signed_in =
            world.auth.sign_in(name, secret(password), Transport::Token, None, None).await.unwrap();
        assert_eq!(signed_in.me.user.name, "ada");
        assert_eq!(signed_in.session.device, "unknown device");
        assert!(signed_in.session.current);
    }
}

#[tokio::test]
async fn the_transport_decides_what_shows_the_session() {
    let world = World::new().await;
    let by_cookie = world.sign_in("root", Transport::Cookie).await;
    assert!(by_cookie.tokens.is_none());
    let caller = world.auth.authenticate_cookie(by_cookie.cookie.unwrap().expose()).await.unwrap();
    assert_eq!(caller.session, by_cookie.session.id);

    let by_token = world.sign_in("root", Transport::Token).await;
    assert!(by_token.cookie.is_none());
    let tokens = by_token.tokens.unwrap();
    let caller = world.auth.authenticate_bearer(tokens.access_token.expose()).await.unwrap();
    assert_eq!(caller.session, by_token.session.id);
    assert_eq!(caller.actor.session, Some(by_token.session.id));
}

#[tokio::test]
async fn whoever_cannot_sign_in_gets_one_answer() {
    let world = World::new().await;
    let gone = world.add("gone", "member").await;
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    world.auth.update_user(&Actor::system(), gone, disable).await.unwrap();
    world.add("ada", "member").await;
    let imported = NewAccount {
        user: User {
            id: world.ids.next().unwrap(),
            name: "imported".to_owned(),
            display_name: "Imported".to_owned(),
            status_text: String::new(),
            kind: UserKind::Imported,
            disabled: false,
            created_at: plexi_core::Timestamp::from_seconds(0),
        },
        skeleton: "lmported".to_owned(),
        role: "guest".to_owned(),
        password_hash: None,
    };
    world.store.create_account(&imported).await.unwrap();
    let attempts = [
        ("ada", OTHER_PASSWORD),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("gone", OTHER_PASSWORD),
        ("imported", PASSWORD),
        ("imported", ""),
        ("no name at all!", PASSWORD),
        ("", ""),
    ];
    for (name, password) in attempts {
        let refused = world.auth.sign_in(name, secret(password), Transport::Cookie, None, None).await;
        assert!(matches!(refused, Err(AuthError::InvalidCredentials)), "{name}");
    }
}

#[tokio::test]
async fn a_password_longer_than_any_is_refused_before_the_account_is_looked_up() {
    let world = World::new().await;
    let before = world.store.operations();
    let refused = world.auth.sign_in("root", secret(&"x".repeat(257)), Transport::Token, None, None).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::ValidationInvalid);
    assert_eq!(world.store.operations(), before);
}

#[tokio::test]
async fn every_sign_in_makes_a_session_of_its_own() {
    let world = World::new().await;
    let first = world.sign_in("root", Transport::Cookie).await;
    let second = world.sign_in("root", Transport::Cookie).await;
    assert_ne!(first.session.id, second.session.id);
    assert_ne!(first.cookie.unwrap().expose(), second.cookie.unwrap().expose());
}

#[tokio::test]
async fn signing_in_renews_a_hash_of_former_parameters_and_a_wrong_password_does_not() {
    let world = World::new().await;
    let ada = world.add("ada", "member").await;
    let former = world.hash_of(ada).await;
    let stronger = AuthConfig { argon2_memory_kib: 128, ..AuthConfig::quick() };
    let later = World::on(world.store.clone(), stronger);

    let refused = later.auth.sign_in("ada", secret(OTHER_PASSWORD), Transport::Token, None, None).await;
    assert!(refused.is_err());
    assert_eq!(later.hash_of(ada).await, former);

    later.sign_in("ada", Transport::Token).await;
    let renewed = later.hash_of(ada).await;
    assert!(renewed.contains("m=128,t=1,p=1"), "{renewed}");
    later.sign_in("ada", Transport::Token).await;
    assert_eq!(later.hash_of(ada).await, renewed, "a present hash is left as it is");
}

#[tokio::test]
async fn a_new_password_must_be_long_and_hard_to_guess() {
    let world = World::new().await;
    let weak = [
        "short one here",
        "passwordpassword",
        "bartholomew-12345",
        "plexichatplexichat",
        "qwertyuiopasdfghjkl",
    ];
    for password in weak {
        let person = NewPerson { password: secret(password), ..person("bartholomew") };
        let refused = world.auth.create_user(&Actor::system(), person, None).await;
        assert!(matches!(refused, Err(AuthError::PasswordWeak(_))), "{password}");
    }
}

#[tokio::test]
async fn changing_the_password_needs_the_present_one_and_makes_the_new_one_count() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let (caller, _) = world.caller("ada").await;
    let wrong =
        world.auth.change_password(&caller, secret("not the present one"), secret(OTHER_PASSWORD)).await;
    assert!(matches!(wrong, Err(AuthError::InvalidCredentials)));
    let weak = world.auth.change_password(&caller, secret(PASSWORD), secret("passwordpassword")).await;
    assert!(matches!(weak, Err(AuthError::PasswordWeak(_))));

    world.auth.change_password(&caller, secret(PASSWORD), secret(OTHER_PASSWORD)).await.unwrap();
    let old = world.auth.sign_in("ada", secret(PASSWORD), Transport::Token, None, None).await;
    assert!(matches!(old, Err(AuthError::InvalidCredentials)));
    world.auth.sign_in("ada", secret(OTHER_PASSWORD), Transport::Token, None, None).await.unwrap();
}

#[tokio::test]
async fn of_several_who_change_one_password_at_once_one_does_and_the_others_are_told_that_it_is_wrong() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let (caller, _) = world.caller("ada").await;
    let wanted = ["five calm herons read maps", "six loud herons draw maps", "nine slim herons fold maps"];
    let [one, two, three] =
        wanted.map(|new| world.auth.change_password(&caller, secret(PASSWORD), secret(new)));
    let done: [_; 3] = tokio::join!(one, two, three).into();
    let mut changed = 0;
    for (new, done) in wanted.into_iter().zip(&done) {
        let signed_in = world.auth.sign_in("ada", secret(new), Transport::Token, None, None).await;
        match done {
            Ok(_) => changed += 1,
            Err(error) => assert!(matches!(error, AuthError::InvalidCredentials), "{error:?}"),
        }
        assert_eq!(signed_in.is_ok(), done.is_ok(), "the one that was told so counts");
    }
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn a_configuration_outside_its_bounds_makes_no_service() {
    let refused = AuthConfig { session_days: 0, ..AuthConfig::quick() }.check().unwrap_err();
    assert_eq!(refused[0].field, "session_days");
}
