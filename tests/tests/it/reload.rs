//! The configuration changes while the server runs: by the file alone, by a signal, whole or not at all.

use std::path::Path;
use std::time::Duration;

use plexi_tests::{Outcome, Person, Plexi};
use serde_json::{Value, json};

/// Writes the configuration that the server reads when none is named.
fn configure(folder: &Path, text: &str) -> Outcome<()> {
    std::fs::create_dir_all(folder.join("config"))?;
    Ok(std::fs::write(folder.join("config/plexichat.toml"), text)?)
}

/// Asks again and again until `done` says so.
async fn until(mut done: impl AsyncFnMut() -> Outcome<bool>) -> Outcome<()> {
    let asking = async {
        while !done().await? {
            tokio::task::yield_now().await;
        }
        Outcome::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(30), asking).await.map_err(|_| "it never came")?
}

/// What clients are told to be the longest message.
async fn longest(person: &Person) -> Outcome<Value> {
    Ok(person.get("sync").await?.ok()?["server"]["max_message_length"].clone())
}

async fn says(person: &Person, channel: &str, characters: usize, key: &str) -> Outcome<u16> {
    let body = json!({"text": "x".repeat(characters), "client_id": key});
    Ok(person.post(&format!("channels/{channel}/messages"), body).await?.status.as_u16())
}

#[tokio::test]
async fn live_keys_take_effect_by_file_and_by_signal_and_an_invalid_file_changes_nothing() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    configure(folder.path(), "[messaging]\nmax_message_length = 100\n")?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let (_, channel) = ada.home().await?;
    assert_eq!(says(&ada, &channel, 50, "one").await?, 201);

    configure(folder.path(), "[messaging]\nmax_message_length = 20\n")?;
    until(async || Ok(longest(&ada).await? == 20)).await?;
    assert_eq!(says(&ada, &channel, 50, "two").await?, 422, "what is told is what counts");

    // one key is wrong: the others stay, too
    configure(folder.path(), "[messaging]\nmax_message_length = 60\n[auth]\nsession_days = 0\n")?;
    server.signal("HUP").await?;
    let log = folder.path().join("data/logs/latest.txt");
    until(async || Ok(std::fs::read_to_string(&log)?.contains("configuration not valid, nothing changed")))
        .await?;
    assert_eq!(longest(&ada).await?, 20);
    assert_eq!(says(&ada, &channel, 50, "three").await?, 422);

    let all = "[messaging]\nmax_message_length = 60\n[auth]\naccess_token_minutes = 1\npassword_min_length = 64\n\
               [server]\nmax_sockets_per_user = 1\nworker_threads = 3\n";
    configure(folder.path(), all)?;
    server.signal("HUP").await?;
    until(async || Ok(longest(&ada).await? == 60)).await?;
    assert_eq!(says(&ada, &channel, 50, "four").await?, 201);
    let short = json!({"name": "bob", "display_name": "Bob", "password": plexi_tests::PASSWORD});
    let refused = ada.post("users", short).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "AUTH_PASSWORD_WEAK"), "{}", refused.body);
    let first = ada.connect().await?;
    assert!(ada.connect().await.is_err(), "a second socket is one too many now");
    drop(first);
    let waiting =
        |line: &str| line.contains("wait for the next start") && line.contains("server.worker_threads");
    until(async || Ok(std::fs::read_to_string(&log)?.lines().any(waiting))).await?;
    assert!(server.stop().await?.success());
    Ok(())
}
