use plexi_auth::Transport;

use crate::world::{OTHER_PASSWORD, PASSWORD, World, person, secret};

/// A text as a dump might show it: as it is, and its bytes in hexadecimal or as a list.
fn forms(text: &str) -> [String; 3] {
    let bytes = text.as_bytes();
    let hex = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    [text.to_owned(), hex, list.join(", ")]
}

#[tokio::test]
async fn nothing_that_was_handed_out_is_stored() {
    let world = World::empty();
    let setup = world.auth.prepare().await.unwrap().unwrap();
    let cookie = world
        .auth
        .set_up(setup.expose(), person("root"), Transport::Cookie, None)
        .await
        .unwrap()
        .cookie
        .unwrap();
    let first = world.sign_in("root", Transport::Token).await.tokens.unwrap();
    let second = world.auth.refresh(first.refresh_token.expose()).await.unwrap();
    let root = world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    let (_, code) = world.auth.create_invitation(&root.actor, world.space(), "member", 5, 1).await.unwrap();
    world.auth.register(code.expose(), person("ada"), Transport::Token, None).await.unwrap();
    world.auth.change_password(&root, secret(PASSWORD), secret(OTHER_PASSWORD)).await.unwrap();

    let handed_out = [
        setup.expose(),
        cookie.expose(),
        first.access_token.expose(),
        first.refresh_token.expose(),
        second.access_token.expose(),
        second.refresh_token.expose(),
        code.expose(),
        PASSWORD,
        OTHER_PASSWORD,
    ];
    let dump = world.store.dump();
    assert!(dump.contains("ada"), "the dump is one of the store");
    for text in handed_out {
        for form in forms(text) {
            assert!(!dump.contains(&form), "{form}");
        }
    }
}

#[tokio::test]
async fn what_is_handed_out_does_not_print_itself() {
    let world = World::new().await;
    let signed_in = world.sign_in("root", Transport::Token).await;
    let shown = format!("{signed_in:?}");
    let tokens = signed_in.tokens.unwrap();
    for secret in [tokens.access_token.expose(), tokens.refresh_token.expose()] {
        assert!(!shown.contains(secret.as_str()));
    }
    assert!(!format!("{:?}", person("ada")).contains(PASSWORD));
}
