//! A team's first morning, by a script written from `docs/API.md`.

use plexi_tests::{Outcome, Person, Plexi};
use serde_json::json;

#[tokio::test]
async fn two_people_talk_and_a_third_who_is_not_invited_sees_nothing() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    talk(&server, &ada).await?;
    assert!(server.stop().await?.success(), "a stopped server says that all went well");
    Ok(())
}

/// A fresh server and its administrator; on any database the same.
pub(crate) async fn talk(server: &Plexi, ada: &Person) -> Outcome<()> {
    let (space, general) = ada.home().await?;
    let bob = ada.invite(server, &space, "bob").await?;
    let (_, his_first) = bob.home().await?;
    assert_eq!(his_first, general, "who is invited is in the first channel from the beginning");

    let (mut hers, mut his) = (ada.connect().await?, bob.connect().await?);
    hers.post(1, &general, "a-1", "good morning @bob").await?;
    let ack = hers.until("ack").await?;
    assert_eq!(ack["message"]["mentions"], json!([bob.id]));
    let heard = loop {
        let event = his.until("event").await?;
        if event["event"]["kind"] == "message_posted" && event["event"]["message"]["kind"] == "text" {
            break event;
        }
    };
    assert_eq!(heard["event"]["message"]["text"], "good morning @bob");
    assert_eq!(heard["seq"], ack["message"]["seq"]);

    // The same client_id is the same message, however often it is sent.
    hers.post(2, &general, "a-1", "good morning @bob").await?;
    let again = hers.until("ack").await?;
    assert_eq!(again["duplicate"], true);
    assert_eq!(again["message"]["id"], ack["message"]["id"]);

    let message = ack["message"]["id"].as_str().ok_or("no id")?;
    let reply = json!({"text": "hello", "thread_id": message});
    bob.post(&format!("channels/{general}/messages"), reply).await?.ok()?;
    bob.put(&format!("messages/{message}/reactions/%F0%9F%91%8D"), None).await?.ok()?;
    ada.patch(&format!("messages/{message}"), json!({"text": "good morning, `@bob`"})).await?.ok()?;
    let read = bob.get(&format!("messages/{message}")).await?.ok()?;
    assert_eq!(read["thread"]["reply_count"], 1);
    assert_eq!(read["reactions"][0]["me"], true);
    assert_eq!(read["mentions"], json!([]), "a name inside code mentions nobody");
    let found = bob.get("search?q=morning").await?.ok()?;
    assert_eq!(found["items"][0]["message"]["id"], message);

    let secret = json!({"name": "secret", "kind": "private"});
    let secret = ada.post(&format!("spaces/{space}/channels"), secret).await?.ok()?;
    let hidden = bob.get(&format!("channels/{}", secret["id"].as_str().unwrap_or_default())).await?;
    let missing = bob.get("channels/0198f3a0-0000-7000-8000-000000000000").await?;
    assert_eq!(hidden.status, 404);
    assert_eq!(hidden.code(), missing.code(), "what one may not see is as if it did not exist");
    let stranger = Person::nobody(server).get("sync").await?;
    assert_eq!((stranger.status.as_u16(), stranger.code()), (401, "AUTH_REQUIRED"));
    Ok(())
}

#[tokio::test]
async fn only_the_printed_link_makes_the_first_administrator_and_only_once() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let server = Plexi::start(folder.path()).await?;
    let token = server.setup_token().ok_or("no link")?.to_owned();
    let stranger = Person::set_up(&server, "0000000000000000000000").await;
    assert!(stranger.is_err(), "a guessed token opens nothing");
    let mut racing = Vec::new();
    for _ in 0..8 {
        racing.push(Person::set_up(&server, &token));
    }
    let made = futures_util::future::join_all(racing).await.into_iter().flatten().count();
    assert_eq!(made, 1);
    let server = server.kill_and_restart().await?;
    assert_eq!(server.setup_token(), None, "a restart does not open it again");
    let late = Person::nobody(&server).post("auth/setup", json!({})).await?;
    assert!(late.status.is_client_error());
    assert_eq!(Person::nobody(&server).get("auth/setup").await?.ok()?["open"], false);
    Ok(())
}

#[tokio::test]
async fn a_socket_that_asks_for_compression_and_one_that_does_not_hear_the_same() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let (_, general) = ada.home().await?;
    let (mut packing, mut plain) = (ada.connect_packing().await?, ada.connect().await?);
    let texts = ["hello".to_owned(), "a calm and longer story. ".repeat(200), "goodbye".to_owned()];
    for text in &texts {
        ada.post(&format!("channels/{general}/messages"), json!({"text": text})).await?.ok()?;
    }
    for text in &texts {
        let event = packing.until("event").await?;
        assert_eq!(event["event"]["message"]["text"], *text);
        assert_eq!(plain.until("event").await?, event);
    }
    assert_eq!((packing.packed(), plain.packed()), (1, 0));

    // What was missed comes compressed as well.
    let mut late = ada.connect_packing().await?;
    let (missed, _) = late.resume(json!({general: 0})).await?;
    let heard = missed.iter().filter_map(|event| event["event"]["message"]["text"].as_str());
    assert_eq!(heard.filter(|heard| texts.iter().any(|text| text == heard)).count(), 3);
    assert_eq!(late.packed(), 1);
    assert!(server.stop().await?.success());
    Ok(())
}
