//! Passwords known from breaches are refused wherever one is set, and nowhere else.

use std::path::Path;
use std::sync::Arc;

use plexi_auth::memory::MemoryStore;
use plexi_auth::{Auth, AuthConfig, AuthError, NewPerson, Transport, UserChange};
use plexi_core::{Actor, Coded as _, ErrorCode};

use crate::world::{OTHER_PASSWORD, PASSWORD, World, person, secret};

/// The SHA-1 digests of "password" and `OTHER_PASSWORD`, in order.
const LIST: &str = "\
5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\r
5BBF2C7E2A5D6F34F0994E8A579E726E81EFFE1C:2\r
";

fn list() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), LIST).unwrap();
    file
}

fn world(path: &Path) -> World {
    let config = AuthConfig { breached_passwords: Some(path.to_owned()), ..AuthConfig::quick() };
    World::on(Arc::new(MemoryStore::new()), config)
}

fn breached(name: &str) -> NewPerson {
    NewPerson { password: secret(OTHER_PASSWORD), ..person(name) }
}

async fn set_up(auth: &Auth, person: NewPerson) -> Result<(), AuthError> {
    let token = auth.prepare().await.unwrap().unwrap();
    auth.set_up(token.expose(), person, Transport::Token, None).await.map(drop)
}

#[tokio::test]
async fn a_breached_password_is_refused_wherever_one_is_set() {
    let file = list();
    let world = world(file.path());
    let auth = &world.auth;
    let mut refused = vec![set_up(auth, breached("root")).await];
    set_up(auth, person("root")).await.unwrap();
    let (system, change) =
        (Actor::system(), |text| UserChange { password: Some(secret(text)), ..UserChange::default() });
    refused.push(auth.create_user(&system, breached("ada"), None).await.map(drop));
    let ada = world.add("ada", "member").await;
    refused.push(auth.update_user(&system, ada, change(OTHER_PASSWORD)).await.map(drop));
    let (caller, _) = world.caller("ada").await;
    refused.push(auth.change_password(&caller, secret(PASSWORD), secret(OTHER_PASSWORD)).await.map(drop));
    let (_, code) = auth.create_invitation(&system, world.space(), "member", 1, 1).await.unwrap();
    refused.push(auth.register(code.expose(), breached("bob"), Transport::Token, None).await.map(drop));
    for (at, refused) in refused.into_iter().enumerate() {
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::AuthPasswordWeak, "{at}: {refused}");
        assert!(refused.fields()[0].problem.contains("breach"), "{at}: {refused:?}");
    }
    auth.register(code.expose(), person("bob"), Transport::Token, None).await.unwrap();
}

#[tokio::test]
async fn without_its_list_nobody_sets_a_password_and_everybody_signs_in() {
    let file = list();
    let world = world(file.path());
    set_up(&world.auth, person("root")).await.unwrap();
    file.close().unwrap();
    let refused = world.auth.create_user(&Actor::system(), person("ada"), None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::AuthPasswordUnchecked);
    assert!(refused.fields().is_empty(), "the path is for the log");
    world.sign_in("root", Transport::Cookie).await;
}
