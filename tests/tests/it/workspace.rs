//! Whole workspaces through the command line: in, again, killed half-way, out, and in elsewhere.

use std::io::Write as _;
use std::path::Path;

use plexi_tests::{Outcome, Plexi, cli};
use serde_json::{Value, json};

/// A Slack export with the things that matter: a thread, a join, a mention, an edit, a reaction, a pin, a private channel.
fn slack_export(path: &Path, days: usize) -> Outcome<()> {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path)?);
    let options = zip::write::SimpleFileOptions::default();
    let mut add = |name: &str, value: &Value| -> Outcome<()> {
        zip.start_file(name, options)?;
        zip.write_all(value.to_string().as_bytes())?;
        Ok(())
    };
    let user = |id: &str, name: &str| json!({"id": id, "team_id": "T1", "name": name, "profile": {"display_name": name}});
    add("users.json", &json!([user("U1", "Grace Hopper"), user("U2", "linus")]))?;
    add(
        "channels.json",
        &json!([{"id": "C1", "name": "general", "created": 1_700_000_000, "members": ["U1", "U2"], "pins": [{"id": "1700000000.000001"}]}]),
    )?;
    add("groups.json", &json!([{"id": "G1", "name": "board", "created": 1_700_000_000, "members": ["U1"]}]))?;
    for day in 0..days {
        let second = 1_700_000_000 + day * 86_400;
        let mut posts = vec![
            json!({"type": "message", "user": "U1", "text": "hi <@U2>, *look*", "ts": format!("{second}.000001"), "thread_ts": format!("{second}.000001"),
                "reactions": [{"name": "+1", "users": ["U2"]}], "edited": {"ts": format!("{second}.5")}}),
            json!({"type": "message", "subtype": "channel_join", "user": "U2", "text": "<@U2> has joined the channel", "ts": format!("{second}.000002")}),
            json!({"type": "message", "user": "U2", "text": "a reply", "ts": format!("{second}.000003"), "thread_ts": format!("{second}.000001")}),
        ];
        posts.extend((4..200).map(|n| {
            json!({"type": "message", "user": "U2", "text": format!("line {n} of day {day}"), "ts": format!("{second}.{n:06}")})
        }));
        add(&format!("general/day{day:03}.json"), &Value::from(posts))?;
    }
    add("board/day000.json", &json!([{"type": "message", "user": "U1", "text": "only for the board", "ts": "1700000000.000001"}]))?;
    zip.finish()?;
    Ok(())
}

async fn run(folder: &Path, arguments: &[&str]) -> Outcome<Value> {
    let done = cli(folder)?.arg("--json").args(arguments).output().await?;
    if !done.status.success() {
        return Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

#[tokio::test]
async fn a_slack_workspace_comes_in_once_however_often_it_is_imported() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, _) = Plexi::set_up(folder.path()).await?;
    assert!(server.stop().await?.success());
    let export = folder.path().join("team.zip");
    slack_export(&export, 3)?;
    let export = export.to_str().ok_or("path")?;

    let dry = run(folder.path(), &["import", "slack", export, "--dry-run"]).await?;
    assert_eq!((&dry["dry_run"], &dry["messages"]["added"]), (&json!(true), &json!(598)));
    let first = run(folder.path(), &["import", "slack", export]).await?;
    assert_eq!(first["messages"], json!({"added": 598, "present": 0}), "a dry run wrote nothing");
    assert_eq!((&first["threads"], &first["replies"], &first["system"]), (&json!(3), &json!(3), &json!(3)));
    let again = run(folder.path(), &["import", "slack", export]).await?;
    assert_eq!(again["messages"], json!({"added": 0, "present": 598}));

    let server = Plexi::start(folder.path()).await?;
    let ada = plexi_tests::Person::sign_in(&server, "ada").await?;
    let spaces = ada.get("spaces").await?.ok()?;
    let space = spaces["items"].as_array().into_iter().flatten().find(|space| space["name"] == "team").ok_or("no space")?;
    let space = space["id"].as_str().ok_or("no id")?;
    ada.put(&format!("spaces/{space}/members/{}", ada.id), Some(json!({"role": "member"}))).await?.ok()?;
    let channels = ada.get(&format!("spaces/{space}/channels")).await?.ok()?;
    let names: Vec<&str> = channels["items"].as_array().into_iter().flatten().filter_map(|c| c["name"].as_str()).collect();
    assert_eq!(names, ["general"], "a private channel is not shown to who is not in it, administrator or not");
    let general = channels["items"][0]["id"].as_str().ok_or("no id")?;
    let all = ada.all_messages(general).await?;
    assert_eq!(all.len(), 594, "597 less three replies");
    assert_eq!(all[0]["text"], "hi @linus, **look**");
    assert_eq!(all[0]["created_at"], "2023-11-14T22:13:20.000001Z", "times are kept to the microsecond");
    assert_eq!((&all[0]["pinned"], &all[0]["thread"]["reply_count"]), (&json!(true), &json!(1)));
    assert_eq!(all[1]["system"]["event"], "joined");
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn what_is_exported_and_imported_elsewhere_is_exported_the_same() -> Outcome<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    for folder in [&here, &there] {
        let (server, _) = Plexi::set_up(folder.path()).await?;
        assert!(server.stop().await?.success());
    }
    let export = here.path().join("team.zip");
    slack_export(&export, 2)?;
    run(here.path(), &["import", "slack", export.to_str().ok_or("path")?]).await?;
    let first = here.path().join("out.zip");
    run(here.path(), &["export", first.to_str().ok_or("path")?]).await?;
    run(there.path(), &["import", "plexichat", first.to_str().ok_or("path")?]).await?;
    let second = there.path().join("out.zip");
    run(there.path(), &["export", second.to_str().ok_or("path")?]).await?;

    let lines = |path: &Path| -> Outcome<std::collections::BTreeMap<String, Vec<String>>> {
        let mut zip = zip::ZipArchive::new(std::fs::File::open(path)?)?;
        let mut documents = std::collections::BTreeMap::new();
        for at in 0..zip.len() {
            let entry = zip.by_index(at)?;
            let name = entry.name()?.to_string();
            let mut lines: Vec<String> = std::io::read_to_string(entry)?.lines().map(ToOwned::to_owned).collect();
            lines.sort_unstable();
            documents.insert(name, lines);
        }
        Ok(documents)
    };
    let (first, second) = (lines(&first)?, lines(&second)?);
    let imported = first.iter().filter(|(name, lines)| name.starts_with("messages/") && lines.len() > 100);
    assert_eq!(imported.clone().count(), 1);
    for (name, lines) in imported {
        assert_eq!(Some(lines), second.get(name), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn an_import_that_is_killed_is_finished_by_running_it_again() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, _) = Plexi::set_up(folder.path()).await?;
    assert!(server.stop().await?.success());
    let export = folder.path().join("team.zip");
    slack_export(&export, 100)?;
    let export = export.to_str().ok_or("path")?;
    // Killed as soon as the database has grown by something, which is at another point in each run.
    let mut before = database_size(folder.path());
    for _ in 0..3 {
        let mut child = cli(folder.path())?.args(["--json", "import", "slack", export]).stdout(std::process::Stdio::null()).spawn()?;
        while database_size(folder.path()) == before && child.try_wait()?.is_none() {
            tokio::task::yield_now().await;
        }
        child.start_kill()?;
        child.wait().await?;
        before = database_size(folder.path());
    }
    let done = run(folder.path(), &["import", "slack", export]).await?;
    let messages = &done["messages"];
    let total = messages["added"].as_u64().unwrap_or_default() + messages["present"].as_u64().unwrap_or_default();
    assert_eq!(total, 19_901);
    let again = run(folder.path(), &["import", "slack", export]).await?;
    assert_eq!(again["messages"], json!({"added": 0, "present": 19_901}));
    Ok(())
}

fn database_size(folder: &Path) -> u64 {
    let size = |name: &str| std::fs::metadata(folder.join("data").join(name)).map_or(0, |file| file.len());
    size("plexichat.db") + size("plexichat.db-wal")
}

/// The real workspace, when it lies beside the project.
#[tokio::test]
async fn the_real_workspace_comes_in_whole() -> Outcome<()> {
    let export = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/ubuntu-irc-slack-export.zip");
    let folder = tempfile::tempdir()?;
    let (server, _) = Plexi::set_up(folder.path()).await?;
    assert!(server.stop().await?.success());
    if !export.exists() {
        println!("the real workspace is not here: only the small ones were imported");
        return Ok(());
    }
    let done = run(folder.path(), &["import", "slack", export.to_str().ok_or("path")?]).await?;
    assert_eq!(done["messages"], json!({"added": 214_532, "present": 0}));
    assert_eq!(done["users"], json!({"added": 21_735, "present": 0}));
    assert_eq!((&done["threads"], &done["system"]), (&json!(5_744), &json!(18_386)));
    assert_eq!(done["notes"], json!({}), "everything was taken over");
    Ok(())
}
