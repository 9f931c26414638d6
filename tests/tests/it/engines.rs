//! The server on `PostgreSQL` and `MariaDB`: what the other tests show on `SQLite`, by the same code.

use plexi_tests::{Engine, Outcome, Person, Place, Plexi};
use serde_json::json;

use crate::conversation;
use crate::workspace::{run, slack_export};

/// Kills the server with messages on their way. What has no answer is sent again, and is there once.
async fn killed_while_somebody_talks(server: Plexi, ada: &Person) -> Outcome<Plexi> {
    const MESSAGES: u64 = 60;
    let (_, general) = ada.home().await?;
    let mut socket = ada.connect().await?;
    for number in 0..MESSAGES {
        socket.post(number, &general, &format!("k-{number}"), &format!("line {number}")).await?;
    }
    let first = socket.until("ack").await?;
    let server = server.kill_and_restart().await?;
    let mut socket = ada.connect().await?;
    let mut answered = Vec::new();
    for number in 0..MESSAGES {
        socket.post(number, &general, &format!("k-{number}"), &format!("line {number}")).await?;
        answered.push(socket.until("ack").await?["message"]["seq"].clone());
    }
    assert_eq!(answered[usize::try_from(first["id"].as_u64().ok_or("no id")?)?], first["message"]["seq"]);
    let stored = ada.all_messages(&general).await?;
    for (number, seq) in answered.iter().enumerate() {
        let key = format!("k-{number}");
        let there: Vec<_> = stored.iter().filter(|one| one["client_id"] == key).collect();
        assert_eq!(there.iter().map(|one| &one["seq"]).collect::<Vec<_>>(), [seq], "{key} is there once");
    }
    let mut socket = ada.connect().await?;
    let (missed, heads) = socket.resume(json!({ general.as_str(): 0 })).await?;
    let seqs: Vec<_> = missed.iter().filter_map(|event| event["seq"].as_i64()).collect();
    assert_eq!(seqs, (1..=heads[&general].as_i64().ok_or("no head")?).collect::<Vec<_>>());
    Ok(server)
}

async fn a_day_of_a_team(engine: Engine) -> Outcome<()> {
    let Some(place) = Place::new(engine).await? else { return Ok(()) };
    let (server, ada) = Plexi::set_up(place.folder()).await?;
    conversation::talk(&server, &ada).await?;
    let server = killed_while_somebody_talks(server, &ada).await?;
    assert!(server.stop().await?.success());
    assert!(!place.folder().join("data/plexichat.db").exists(), "nothing is in a file of the folder");

    let export = place.folder().join("team.zip");
    slack_export(&export, 1)?;
    let export = export.to_str().ok_or("path")?;
    for (added, present) in [(200, 0), (0, 200)] {
        let done = run(place.folder(), &["import", "slack", export]).await?;
        assert_eq!(done["messages"], json!({"added": added, "present": present}));
    }
    let server = Plexi::start(place.folder()).await?;
    let ada = Person::sign_in(&server, "ada").await?;
    let spaces = ada.get("spaces").await?.ok()?;
    let team = spaces["items"].as_array().into_iter().flatten().find(|space| space["name"] == "team");
    let team = team.and_then(|space| space["id"].as_str()).ok_or("no imported space")?;
    ada.put(&format!("spaces/{team}/members/{}", ada.id), Some(json!({"role": "member"}))).await?.ok()?;
    let found = ada.get("search?q=line%20150%20of").await?.ok()?;
    assert_eq!(found["items"][0]["message"]["text"], "line 150 of day 0");
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    let hidden = ada.get("search?q=only%20for%20the%20board").await?.ok()?;
    assert_eq!(hidden["items"], json!([]), "a private channel of others is not searched");
    assert!(server.stop().await?.success());
    place.remove().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() -> Outcome<()> {
    a_day_of_a_team(Engine::Postgres).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb() -> Outcome<()> {
    a_day_of_a_team(Engine::MariaDb).await
}
