//! What is deleted is gone from the disk, too.

use std::path::Path;
use std::time::{Duration, Instant};

use plexi_tests::{Outcome, Plexi};
use serde_json::json;

/// A text that stands nowhere else.
const CANARY: &str = "kiwano marmalade, jar 7319";

/// Whether a file below the folder holds the text.
fn holds(folder: &Path, text: &str) -> Outcome<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            holds(&path, text)?
        } else {
            // a file may go away in between, as the log of a database does
            let bytes = std::fs::read(&path).unwrap_or_default();
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

#[tokio::test]
async fn a_deleted_text_leaves_the_data_folder_while_the_server_runs() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let (_, general) = ada.home().await?;
    let path = format!("channels/{general}/messages");
    let said = ada.post_once(&path, json!({"text": CANARY}), "jam").await?.ok()?;
    let id = said["id"].as_str().ok_or("no id")?;
    ada.patch(&format!("messages/{id}"), json!({"text": format!("{CANARY} and toast")})).await?.ok()?;
    assert!(holds(folder.path(), CANARY)?, "it is there first");

    ada.delete(&format!("messages/{id}")).await?.ok()?;
    let deleted = Instant::now();
    while holds(folder.path(), CANARY)? {
        assert!(deleted.elapsed() < Duration::from_mins(1), "the text is still there after a minute");
        // Nothing tells a stranger when the log of the database is emptied: looking again is all there is. Bounded: a minute.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let again = ada.post_once(&path, json!({"text": CANARY}), "jam").await?.ok()?;
    assert_eq!((&again["id"], &again["text"], &again["deleted"]), (&json!(id), &json!(""), &json!(true)));
    assert!(server.stop().await?.success());
    Ok(())
}
