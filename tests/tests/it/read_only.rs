//! A data folder that cannot be written: a clear refusal at the start, and while the server runs reading goes on.

use plexi_tests::{Outcome, Plexi};
use serde_json::json;

#[tokio::test]
async fn a_server_on_a_read_only_folder_says_so_and_does_not_start() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    assert!(server.stop().await?.success());
    let (code, told) = Plexi::start_read_only(folder.path()).await?;
    assert!(code == 4 || code == 5, "{code}: {told}");
    assert!(told.contains("Read-only file system") || told.contains("Permission denied"), "{told}");
    assert!(told.contains("server.data_dir"), "it says what can be done: {told}");
    // nothing was spoilt by the try
    let server = Plexi::start(folder.path()).await?;
    let again = plexi_tests::Person::sign_in(&server, &ada.name).await?;
    assert!(again.get("sync").await?.status.is_success());
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn a_folder_that_becomes_read_only_refuses_writes_is_still_read_and_recovers() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let (_, channel) = ada.home().await?;
    let path = format!("channels/{channel}/messages");
    ada.post(&path, json!({"text": "before", "client_id": "before"})).await?.ok()?;
    let before = ada.all_messages(&channel).await?.len();

    let frozen = server.freeze().await?;
    for attempt in 0..3 {
        let refused = ada.post(&path, json!({"text": "refused", "client_id": format!("r{attempt}")})).await?;
        assert_eq!((refused.status.as_u16(), refused.code()), (507, "STORAGE_FULL"), "{}", refused.body);
        assert!(refused.body["details"]["remedy"].is_string(), "{}", refused.body);
    }
    assert_eq!(ada.all_messages(&channel).await?.len(), before, "reading goes on");
    drop(frozen);

    ada.post(&path, json!({"text": "after", "client_id": "after"})).await?.ok()?;
    let all = ada.all_messages(&channel).await?;
    assert_eq!(all.len(), before + 1, "what was refused is not there, what came after is");
    let server = server.kill_and_restart().await?;
    assert_eq!(ada.all_messages(&channel).await?.len(), all.len());
    assert!(server.stop().await?.success());
    Ok(())
}
