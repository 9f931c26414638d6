//! Whole workspaces in and out of a running server, while people talk.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plexi_tests::{Outcome, Person, Plexi, cli};
use serde_json::{Value, json};

use crate::workspace::slack_export;

async fn run(folder: &Path, through: Option<&Person>, arguments: &[&str]) -> Outcome<Value> {
    let mut command = cli(folder)?;
    if let Some(person) = through {
        command.args(["--server", &format!("http://{}", person.address())]);
        command.env("PLEXICHAT_TOKEN", person.token());
    }
    let done = command.arg("--json").args(arguments).output().await?;
    if !done.status.success() {
        return Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

/// The documents of an archive, less the time when it was made.
fn documents(archive: &Path) -> Outcome<BTreeMap<String, String>> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(archive)?)?;
    let mut found = BTreeMap::new();
    for index in 0..zip.len() {
        let mut document = zip.by_index(index)?;
        let name = document.name()?.into_owned();
        let mut text = String::new();
        document.read_to_string(&mut text)?;
        if name == "manifest.json" {
            let mut manifest: Value = serde_json::from_str(&text)?;
            manifest["created_at"] = Value::Null;
            text = manifest.to_string();
        }
        found.insert(name, text);
    }
    Ok(found)
}

/// Whether nothing of a transfer lies in the data folder.
fn is_tidy(folder: &Path) -> bool {
    std::fs::read_dir(folder.join("data/transfer")).map_or(true, |mut left| left.next().is_none())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_comes_in_while_people_talk_and_goes_out_as_it_does_locally() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let (_, general) = ada.home().await?;
    let file = folder.path().join("team.zip");
    slack_export(&file, 3)?;
    let file = file.to_str().ok_or("path")?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut talking = tokio::task::JoinSet::new();
    {
        let (ada, stop) = (ada.clone(), stop.clone());
        let path = format!("channels/{general}/messages");
        talking.spawn(async move {
            let mut said = 0;
            while !stop.load(Ordering::SeqCst) {
                ada.post(&path, json!({"text": "meanwhile", "client_id": format!("m{said}")})).await?.ok()?;
                said += 1;
            }
            Outcome::Ok(said)
        });
    }
    let dry = run(folder.path(), Some(&ada), &["import", "slack", file, "--dry-run"]).await?;
    assert_eq!((&dry["dry_run"], &dry["messages"]["added"]), (&json!(true), &json!(598)));
    let first = run(folder.path(), Some(&ada), &["import", "slack", file]).await?;
    assert_eq!(first["messages"], json!({"added": 598, "present": 0}), "a dry run wrote nothing");
    let again = run(folder.path(), Some(&ada), &["import", "slack", file]).await?;
    assert_eq!(again["messages"], json!({"added": 0, "present": 598}));
    stop.store(true, Ordering::SeqCst);
    let said: usize = talking.join_next().await.ok_or("nobody talked")???;
    let kept = ada.all_messages(&general).await?;
    assert_eq!(kept.iter().filter(|message| message["text"] == "meanwhile").count(), said);
    assert!(is_tidy(folder.path()));

    let (there, here) = (folder.path().join("there.zip"), folder.path().join("here.zip"));
    let told = run(folder.path(), Some(&ada), &["export", there.to_str().ok_or("path")?]).await?;
    assert!(is_tidy(folder.path()));
    assert!(server.stop().await?.success());
    let told_here = run(folder.path(), None, &["export", here.to_str().ok_or("path")?]).await?;
    assert_eq!(told, told_here);
    assert_eq!(documents(&there)?, documents(&here)?);
    Ok(())
}

/// An archive of ours that makes `person` a member of a channel that is there.
fn membership(path: &Path, space: &str, channel: &str, person: &Person) -> Outcome<()> {
    let time = "2024-01-01T00:00:00.000000Z";
    let member = json!({"user_id": person.id, "role": "member", "joined_at": time});
    let documents = [
        (
            "manifest.json".to_owned(),
            json!({"format": "plexichat-export", "version": 2, "created_at": time, "roles": 0, "users": 0, "spaces": 0,
                "channels": 1, "messages": 0})
            .to_string(),
        ),
        ("roles.jsonl".to_owned(), String::new()),
        ("users.jsonl".to_owned(), String::new()),
        ("spaces.jsonl".to_owned(), String::new()),
        (
            "channels.jsonl".to_owned(),
            json!({"id": channel, "space_id": space, "kind": "private", "name": "board", "topic": "", "archived": false,
                "created_at": time, "members": [member]})
            .to_string(),
        ),
        (format!("messages/{channel}.jsonl"), String::new()),
    ];
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path)?);
    for (name, text) in documents {
        zip.start_file(name, zip::write::SimpleFileOptions::default())?;
        zip.write_all(text.as_bytes())?;
    }
    zip.finish()?;
    Ok(())
}

#[tokio::test]
async fn only_who_restores_reaches_into_a_channel_that_is_here_and_who_comes_in_reads_at_once() -> Outcome<()>
{
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let (space, _) = ada.home().await?;
    let bob = ada.invite(&server, &space, "bob").await?;
    let board = json!({"name": "board", "kind": "private"});
    let board = ada.post(&format!("spaces/{space}/channels"), board).await?.ok()?;
    let board = board["id"].as_str().ok_or("no id")?;
    let path = format!("channels/{board}/messages");
    assert_eq!(bob.get(&path).await?.status.as_u16(), 404);
    let mut socket = bob.connect().await?;

    let file = folder.path().join("board.zip");
    membership(&file, &space, board, &bob)?;
    let file = file.to_str().ok_or("path")?;
    for dry_run in [&["--dry-run"][..], &[]] {
        let refused =
            run(folder.path(), Some(&ada), &[&["import", "plexichat", file], dry_run].concat()).await;
        let said = refused.err().ok_or("it was let in")?.to_string();
        assert!(said.contains("channels.jsonl, line 1: it is of space"), "{said}");
    }
    let restore = ["import", "plexichat", file, "--restore"];
    let dry = run(folder.path(), Some(&ada), &[&restore[..], &["--dry-run"]].concat()).await?;
    let touched = json!([{"what": "channel", "id": board, "name": "board", "members": 1, "messages": 0}]);
    assert_eq!((&dry["touched"], &dry["touched_total"]), (&touched, &json!(1)));
    assert_eq!(bob.get(&path).await?.status.as_u16(), 404, "neither changed anything");
    run(folder.path(), Some(&ada), &restore).await?;
    let log = std::fs::read_to_string(folder.path().join("data/logs/latest.txt"))?;
    let restored = |line: &&str| line.contains("restores into") && line.contains(board);
    assert_eq!(log.lines().filter(restored).count(), 1, "{log}");
    bob.get(&path).await?.ok()?;
    assert_eq!(socket.until("channel").await?["channel"]["id"], board);
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn one_transfer_at_a_time_bounded_resumed_and_cancelled() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let wish =
        |size: u64| json!({"kind": "import", "source": "slack", "file_name": "team.zip", "size": size});
    let refused = ada.post("admin/transfers", wish(1 << 50)).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (413, "VALIDATION_TOO_LARGE"), "{}", refused.body);
    let mut sly = wish(8);
    sly["file_name"] = json!("../../team.zip");
    assert_eq!(ada.post("admin/transfers", sly).await?.status.as_u16(), 422);

    let begun = ada.post("admin/transfers", wish(8)).await?.ok()?;
    let path = format!("admin/transfers/{}", begun["id"].as_str().ok_or("no id")?);
    let second = ada.post("admin/transfers", wish(8)).await?;
    assert_eq!(second.status.as_u16(), 409, "{}", second.body);
    let piece = |offset: u64| format!("{path}/content?offset={offset}");
    assert_eq!(ada.put_octets(&piece(0), b"no z".to_vec()).await?.ok()?["received"], 4);
    let gap = ada.put_octets(&piece(6), b"ip".to_vec()).await?;
    assert_eq!(gap.status.as_u16(), 409, "{}", gap.body);
    let repeated = ada.put_octets(&piece(0), b"no z".to_vec()).await?.ok()?;
    assert_eq!(repeated["received"], 4, "a piece whose answer was lost is sent again");
    ada.put_octets(&piece(4), b"ip  ".to_vec()).await?.ok()?;
    let failed = loop {
        let now = ada.get(&path).await?.ok()?;
        if now["state"] != "running" {
            break now;
        }
        tokio::task::yield_now().await;
    };
    let why = failed["error"].as_str().unwrap_or_default();
    assert!(why.starts_with("team.zip:"), "it is said what is wrong, and no folder is: {failed}");

    let begun = ada.post("admin/transfers", wish(8)).await?.ok()?;
    let path = format!("admin/transfers/{}", begun["id"].as_str().ok_or("no id")?);
    ada.delete(&path).await?.ok()?;
    assert_eq!(ada.get(&path).await?.status.as_u16(), 404);
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn a_full_disk_and_a_crash_leave_nothing_of_an_upload() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, ada) = Plexi::set_up(folder.path()).await?;
    let wish = json!({"kind": "import", "source": "slack", "file_name": "team.zip", "size": 8_000_000});
    let begun = ada.post("admin/transfers", wish.clone()).await?.ok()?;
    let path = format!("admin/transfers/{}/content", begun["id"].as_str().ok_or("no id")?);
    server.limit_files(Some(1_000_000)).await?;
    let refused = ada.put_octets(&path, vec![0; 2_000_000]).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (507, "STORAGE_FULL"), "{}", refused.body);
    assert!(is_tidy(folder.path()));
    server.limit_files(None).await?;

    let begun = ada.post("admin/transfers", wish).await?.ok()?;
    let path = format!("admin/transfers/{}/content", begun["id"].as_str().ok_or("no id")?);
    ada.put_octets(&path, vec![0; 2_000_000]).await?.ok()?;
    assert!(!is_tidy(folder.path()), "the file is on its way");
    let server = server.kill_and_restart().await?;
    assert!(is_tidy(folder.path()), "what a crash left is removed at the start");
    assert_eq!(ada.get("admin/transfers").await?.ok()?["items"], json!([]));
    assert!(server.stop().await?.success());
    Ok(())
}
