use plexi_app::{AppError, Services, Settings};
use plexi_auth::{AuthError, NewPerson, Transport};
use plexi_core::{Actor, Secret};
use serde_json::Value;

use crate::server;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_an_empty_folder_is_ready_and_can_be_set_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let running = server::start(folder.path()).await;
    let http = crate::http();
    let ready = http.get(format!("{}/health/ready", running.url)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(ready["checks"]["database"], "ok");

    let body = |token: &str| {
        serde_json::json!({ "token": token, "name": "ada", "display_name": "Ada", "password": "nine lives of cats",
            "space_name": "Home", "transport": "token" })
    };
    let setup = format!("{}/api/v1/auth/setup", running.url);
    let guessed = http.post(&setup).json(&body("guess")).send().await.unwrap();
    assert_eq!(guessed.status(), 403, "the address is open, the token is not known");
    let token = running.setup_token.clone().unwrap();
    let made = http.post(&setup).json(&body(&token)).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["user"]["name"], "ada");
    let again = http.post(&setup).json(&body(&token)).send().await.unwrap();
    assert_eq!(again.status(), 404, "set-up is over for ever");

    let access = made["access_token"].as_str().unwrap();
    let sync = http.get(format!("{}/api/v1/sync", running.url)).bearer_auth(access).send().await.unwrap();
    let sync: Value = sync.json().await.unwrap();
    assert_eq!(sync["channels"][0]["name"], "general");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_of_the_first_space_leaves_set_up_open() {
    let folder = tempfile::tempdir().unwrap();
    let running = server::start(folder.path()).await;
    let http = crate::http();
    let token = running.setup_token.clone().unwrap();
    let setup = async |space: &str| {
        let body = serde_json::json!({ "token": token, "name": "ada", "display_name": "Ada",
            "password": "nine lives of cats", "space_name": space, "transport": "token" });
        let sent = http.post(format!("{}/api/v1/auth/setup", running.url)).json(&body).send().await.unwrap();
        (sent.status().as_u16(), sent.json::<Value>().await.unwrap())
    };
    let (status, refused) = setup(" ").await;
    assert_eq!((status, &refused["details"]["fields"][0]["field"]), (422, &"space_name".into()), "{refused}");
    let (status, made) = setup("Home").await;
    assert_eq!((status, &made["user"]["name"]), (201, &"ada".into()), "{made}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_whose_first_space_failed_is_ended_by_who_began_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.server.data_dir = folder.path().to_owned();
    let services = Services::open(&settings, "a test").await.unwrap();
    let person = |password: &str| NewPerson {
        name: "ada".into(),
        display_name: "Ada".into(),
        password: Secret::new(password.into()),
    };
    let password = "nine calm otters paint fences 42";
    // as when the disk was full between the two
    let token = services.setup_token.as_ref().unwrap().expose().to_owned();
    services.auth.set_up(&token, person(password), Transport::Token, None).await.unwrap();
    assert!(services.can_be_set_up().await.unwrap());
    let stranger = services.set_up(person("nine loud badgers paint walls 42"), "Home").await;
    assert!(matches!(stranger, Err(AppError::Auth(AuthError::SetupClosed))), "{stranger:?}");
    assert_eq!(services.set_up(person(password), "Home").await.unwrap().name, "ada");
    assert_eq!(services.messaging.all_spaces(&Actor::system()).await.unwrap()[0].name, "Home");
    assert!(!services.can_be_set_up().await.unwrap());
    let again = services.set_up(person(password), "Second").await;
    assert!(matches!(again, Err(AppError::Auth(AuthError::SetupClosed))), "{again:?}");
    services.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_serves_one_process_and_the_refusal_says_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let running = server::start(folder.path()).await;
    let refused = server::build(folder.path()).await.err().unwrap();
    assert!(matches!(&refused, AppError::FolderInUse { by, .. } if by.contains(&running.url)), "{refused}");
    assert_eq!(refused.exit_code(), 4);

    let mut settings = Settings::default();
    settings.server.data_dir = folder.path().to_owned();
    let refused = Services::open(&settings, "plexi").await.err().unwrap();
    assert!(refused.remedy().contains("--server"), "{}", refused.remedy());
    running.stop().await;
    Services::open(&settings, "plexi").await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_said_and_frees_the_folder() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let address = format!("server.listen={}", taken.local_addr().unwrap());
    let settings = server::settings(folder.path(), &[&address]);
    let parts = plexi_app::AppParts { settings, log: None, ambient: plexi_app::Ambient::default() };
    let refused = plexi_app::App::build(parts).await.err().unwrap();
    assert_eq!((refused.exit_code(), refused.to_string().contains("cannot listen")), (5, true), "{refused}");
    server::start(folder.path()).await.stop().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_a_file_is_said_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    std::fs::write(&file, "not a folder").unwrap();
    let refused = server::build(&file).await.err().unwrap();
    assert!(refused.to_string().contains("data"), "{refused}");
    assert!(refused.remedy().contains("server.data_dir"), "{}", refused.remedy());
    assert_eq!(refused.exit_code(), 5);
}
