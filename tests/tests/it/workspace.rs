//! Whole workspaces through the command line: in, again, killed half-way, out, and in elsewhere.

use std::io::Write as _;
use std::path::Path;

use plexi_tests::{Outcome, Plexi, cli};
use serde_json::{Value, json};

/// A Slack export with the things that matter: a thread, a join, a mention, an edit, a reaction, a pin, a private channel.
pub(crate) fn slack_export(path: &Path, days: usize) -> Outcome<()> {
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
    add(
        "board/day000.json",
        &json!([{"type": "message", "user": "U1", "text": "only for the board", "ts": "1700000000.000001"}]),
    )?;
    zip.finish()?;
    Ok(())
}

pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> Outcome<Value> {
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
    let space = spaces["items"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|space| space["name"] == "team")
        .ok_or("no space")?;
    let space = space["id"].as_str().ok_or("no id")?;
    ada.put(&format!("spaces/{space}/members/{}", ada.id), Some(json!({"role": "member"}))).await?.ok()?;
    let channels = ada.get(&format!("spaces/{space}/channels")).await?.ok()?;
    let names: Vec<&str> =
        channels["items"].as_array().into_iter().flatten().filter_map(|c| c["name"].as_str()).collect();
    assert_eq!(
        names,
        ["general"],
        "a private channel is not shown to who is not in it, administrator or not"
    );
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
async fn a_mattermost_file_brings_teams_threads_and_direct_messages() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, _) = Plexi::set_up(folder.path()).await?;
    assert!(server.stop().await?.success());
    let member = |name: &str, role: &str| {
        json!({"type": "user", "user": {"username": name, "nickname": name, "teams": [{"name": "core", "roles": role,
            "channels": [{"name": "town-square", "roles": "channel_user"}]}]}})
    };
    // Posts stand in no order of time, as a bulk file may have them.
    let lines = [
        json!({"type": "version", "version": 1}),
        json!({"type": "team", "team": {"name": "core", "display_name": "Core team", "type": "O"}}),
        json!({"type": "channel", "channel": {"team": "core", "name": "town-square", "display_name": "Town Square", "type": "O", "header": "all of us"}}),
        member("grace", "team_user team_admin"),
        member("linus", "team_user"),
        json!({"type": "post", "post": {"team": "core", "channel": "town-square", "user": "linus", "message": "second", "create_at": 1_700_000_002_000_i64}}),
        json!({"type": "post", "post": {"team": "core", "channel": "town-square", "user": "grace", "message": "first, @linus", "create_at": 1_700_000_001_000_i64,
            "reactions": [{"user": "linus", "emoji_name": "+1", "create_at": 1_700_000_001_500_i64}],
            "replies": [{"user": "linus", "message": "a reply", "create_at": 1_700_000_003_000_i64}]}}),
        json!({"type": "direct_channel", "direct_channel": {"members": ["grace", "linus"]}}),
        json!({"type": "direct_post", "direct_post": {"channel_members": ["grace", "linus"], "user": "grace", "message": "between us", "create_at": 1_700_000_004_000_i64}}),
        json!({"type": "emoji", "emoji": {"name": "party"}}),
    ];
    let file = folder.path().join("bulk.jsonl");
    std::fs::write(&file, lines.map(|line| line.to_string()).join("\n"))?;
    let file = file.to_str().ok_or("path")?;
    for added in [4, 0] {
        let done = run(folder.path(), &["import", "mattermost", file]).await?;
        assert_eq!(done["messages"], json!({"added": added, "present": 4 - added}));
        assert_eq!(
            (&done["replies"], &done["reactions"], &done["channels"]),
            (&json!(1), &json!(1), &json!(2))
        );
        assert_eq!(done["notes"]["line of a kind that is not taken over"]["count"], 1);
    }

    let server = Plexi::start(folder.path()).await?;
    let ada = plexi_tests::Person::sign_in(&server, "ada").await?;
    let found = ada.get("users?q=grace").await?.ok()?;
    assert_eq!(found["items"][0]["kind"], "imported");
    let grace = found["items"][0]["id"].as_str().ok_or("no grace")?;
    ada.patch(&format!("users/{grace}"), json!({"password": plexi_tests::PASSWORD})).await?.ok()?;
    let grace = plexi_tests::Person::sign_in(&server, "grace").await?;
    let sync = grace.get("sync").await?.ok()?;
    assert_eq!(
        (&sync["spaces"][0]["name"], &sync["spaces"][0]["role"]),
        (&json!("Core team"), &json!("admin"))
    );
    let channels = sync["channels"].as_array().ok_or("no channels")?;
    let channel =
        |kind: &str| channels.iter().find(|channel| channel["kind"] == kind).and_then(|c| c["id"].as_str());
    let square = grace.all_messages(channel("public").ok_or("no public channel")?).await?;
    let texts: Vec<&str> = square.iter().filter_map(|message| message["text"].as_str()).collect();
    assert_eq!(texts, ["first, @linus", "second"]);
    assert_eq!(
        (&square[0]["thread"]["reply_count"], &square[0]["reactions"][0]["emoji"]),
        (&json!(1), &json!(":+1:"))
    );
    let direct = grace.all_messages(channel("direct").ok_or("no direct channel")?).await?;
    assert_eq!(direct[0]["text"], "between us");
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_place_and_changes_nothing() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, _) = Plexi::set_up(folder.path()).await?;
    assert!(server.stop().await?.success());
    let broken = folder.path().join("broken");
    for (source, content, says) in [
        ("slack", "no zip", "zip"),
        ("plexichat", "no zip", "zip"),
        ("mattermost", "", "empty"),
        ("mattermost", "{\"type\":\"team\",\"team\":{\"name\":\"x\"}}", "version"),
        ("mattermost", "{\"type\":\"version\",\"version\":1}\n{broken", "line 2"),
        ("mattermost", "{\"type\":\"version\",\"version\":9}", "version 9"),
    ] {
        std::fs::write(&broken, content)?;
        let done = cli(folder.path())?.arg("import").arg(source).arg(&broken).output().await?;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && said.contains(says), "{source} {content:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn an_export_of_slack_stays_apart_from_a_space_of_its_name_and_says_so() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, _) = Plexi::set_up(folder.path()).await?;
    assert!(server.stop().await?.success());
    let export = folder.path().join("Home.zip");
    slack_export(&export, 1)?;
    let export = export.to_str().ok_or("path")?;
    let renamed = json!([{"what": "space", "there": "Home", "here": "Home 2"}]);
    for dry_run in [&["--dry-run"][..], &[], &[]] {
        let done = run(folder.path(), &[&["import", "slack", export], dry_run].concat()).await?;
        assert_eq!(done["renamed"], renamed);
    }
    let told = cli(folder.path())?.args(["import", "slack", export]).output().await?;
    let told = String::from_utf8(told.stdout)?;
    assert!(told.contains("Home 2"), "{told}");

    let server = Plexi::start(folder.path()).await?;
    let ada = plexi_tests::Person::sign_in(&server, "ada").await?;
    let (home, _) = ada.home().await?;
    let channels = ada.get(&format!("spaces/{home}/channels")).await?.ok()?;
    let members = ada.get(&format!("spaces/{home}/members")).await?.ok()?;
    let count = |page: &Value| page["items"].as_array().map(Vec::len);
    assert_eq!((count(&channels), count(&members)), (Some(1), Some(1)), "nothing came into her space");
    let spaces = ada.get("spaces").await?.ok()?;
    let other = spaces["items"][1]["id"].as_str().ok_or("no second space")?;
    let members = ada.get(&format!("spaces/{other}/members")).await?.ok()?;
    assert_eq!(members["items"][0]["joined_at"], "2023-11-14T22:13:20Z", "as old as what they were first in");
    assert!(server.stop().await?.success());
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
        let mut child = cli(folder.path())?
            .args(["--json", "import", "slack", export])
            .stdout(std::process::Stdio::null())
            .spawn()?;
        while database_size(folder.path()) == before && child.try_wait()?.is_none() {
            tokio::task::yield_now().await;
        }
        child.start_kill()?;
        child.wait().await?;
        before = database_size(folder.path());
    }
    let done = run(folder.path(), &["import", "slack", export]).await?;
    let messages = &done["messages"];
    let total =
        messages["added"].as_u64().unwrap_or_default() + messages["present"].as_u64().unwrap_or_default();
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
    let notes = done["notes"].as_object().ok_or("notes")?;
    let counts: Vec<(&str, &Value)> =
        notes.iter().map(|(note, told)| (note.as_str(), &told["count"])).collect();
    let brackets_and_quotes =
        "account name was none that is allowed here and was changed; the name that is shown is as it was";
    assert_eq!(counts, [(brackets_and_quotes, &json!(603))], "all else was taken over as it is");
    Ok(())
}
