use plexi_auth::{AuthError, NewPerson, Transport};
use plexi_core::PermissionSet;

use crate::world::{MINUTE, World, person, secret};

#[tokio::test]
async fn the_printed_token_makes_the_administrator_once() {
    let world = World::empty();
    let token = world.auth.prepare().await.unwrap().unwrap();
    assert!(world.auth.setup_open().await.unwrap());
    let signed_in = world.auth.set_up(token.expose(), person("root"), Transport::Cookie, None).await.unwrap();
    assert_eq!(signed_in.me.role, "admin");
    assert_eq!(signed_in.me.permissions, PermissionSet::all());
    assert!(!world.auth.setup_open().await.unwrap());
    let again = world.auth.set_up(token.expose(), person("second"), Transport::Cookie, None).await;
    assert!(matches!(again, Err(AuthError::SetupClosed)));
}

#[tokio::test]
async fn a_restart_does_not_open_it_again_and_prints_nothing() {
    let world = World::new().await;
    let restarted = World::on(world.store.clone(), plexi_auth::AuthConfig::quick());
    assert!(restarted.auth.prepare().await.unwrap().is_none());
    let refused = restarted.auth.set_up("", person("second"), Transport::Cookie, None).await;
    assert!(matches!(refused, Err(AuthError::SetupClosed)));
}

#[tokio::test]
async fn without_the_token_nobody_gets_in_and_the_owner_does_whatever_strangers_guess() {
    let world = World::empty();
    let before = world.auth.set_up("", person("root"), Transport::Cookie, None).await;
    assert!(matches!(before, Err(AuthError::SetupTokenInvalid)), "nothing was printed yet");
    let token = world.auth.prepare().await.unwrap().unwrap();
    for guess in 1..10 {
        let refused =
            world.auth.set_up(&format!("guess {guess}"), person("root"), Transport::Cookie, None).await;
        assert!(matches!(refused, Err(AuthError::SetupTokenInvalid)), "{guess}");
    }
    let refused = world.auth.set_up("one more", person("root"), Transport::Cookie, None).await;
    assert!(matches!(refused, Err(AuthError::TooManyAttempts(60))));
    world.clock.advance(MINUTE);
    let refused = world.auth.set_up("a minute later", person("root"), Transport::Cookie, None).await;
    assert!(matches!(refused, Err(AuthError::SetupTokenInvalid)));
    for _ in 0..20 {
        let _ = world.auth.set_up("wrong", person("root"), Transport::Cookie, None).await;
    }
    world.auth.set_up(token.expose(), person("root"), Transport::Cookie, None).await.unwrap();
}

#[tokio::test]
async fn a_mistake_in_the_form_leaves_the_token_usable() {
    let world = World::empty();
    let token = world.auth.prepare().await.unwrap().unwrap();
    let weak = NewPerson { password: secret("passwordpassword"), ..person("root") };
    let refused = world.auth.set_up(token.expose(), weak, Transport::Cookie, None).await;
    assert!(matches!(refused, Err(AuthError::PasswordWeak(_))));
    let unnamed = NewPerson { display_name: String::new(), ..person("no name") };
    match world.auth.set_up(token.expose(), unnamed, Transport::Cookie, None).await {
        Err(AuthError::Invalid(fields)) => {
            assert_eq!(fields.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), ["name", "display_name"]);
        }
        other => panic!("{other:?}"),
    }
    world.auth.set_up(token.expose(), person("root"), Transport::Cookie, None).await.unwrap();
}

#[tokio::test]
async fn a_token_printed_later_replaces_the_one_before() {
    let world = World::empty();
    let first = world.auth.prepare().await.unwrap().unwrap();
    let second = world.auth.prepare().await.unwrap().unwrap();
    let refused = world.auth.set_up(first.expose(), person("root"), Transport::Cookie, None).await;
    assert!(matches!(refused, Err(AuthError::SetupTokenInvalid)));
    world.auth.set_up(second.expose(), person("root"), Transport::Cookie, None).await.unwrap();
}
