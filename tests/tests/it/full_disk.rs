//! The disk is full: a clear answer, nothing lost, and it goes on when there is room.

use plexi_tests::{Outcome, Plexi};
use serde_json::json;

#[tokio::test]
async fn a_full_disk_refuses_clearly_loses_nothing_and_recovers() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let (_, channel) = ada.home().await?;
    let path = format!("channels/{channel}/messages");
    let text = "x".repeat(30_000);
    ada.post(&path, json!({"text": "before", "client_id": "before"})).await?.ok()?;

    server.limit_files(Some(1_500_000)).await?;
    let mut stored = 1;
    let refused = loop {
        let answer = ada.post(&path, json!({"text": text, "client_id": format!("m{stored}")})).await?;
        if !answer.status.is_success() {
            break answer;
        }
        stored += 1;
        assert!(stored < 1_000, "the limit has no effect");
    };
    assert_eq!((refused.status.as_u16(), refused.code()), (507, "STORAGE_FULL"), "{}", refused.body);
    let read = ada.get(&path).await?;
    assert!(read.status.is_success(), "reading goes on: {}", read.body);

    server.limit_files(None).await?;
    ada.post(&path, json!({"text": "after", "client_id": format!("m{stored}")})).await?.ok()?;
    stored += 1;
    let all = ada.all_messages(&channel).await?;
    let texts = all.iter().filter(|message| message["kind"] == "text").count();
    assert_eq!(texts, stored, "what was acknowledged is there, what was refused is not");
    let server = server.kill_and_restart().await?;
    assert_eq!(ada.all_messages(&channel).await?.len(), all.len());
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_refuses_to_start() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (first, ada) = Plexi::set_up(folder.path()).await?;
    let second = Plexi::start(folder.path()).await;
    let why = second.err().ok_or("it started")?.to_string();
    assert!(why.contains("in use") || why.contains("lock"), "{why}");
    assert!(ada.get("sync").await?.status.is_success(), "the first goes on");
    assert!(first.stop().await?.success());
    Ok(())
}
