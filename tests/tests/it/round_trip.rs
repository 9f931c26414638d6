//! A workspace with one of everything, out of one server and into another: every document of the archive is the same.

use std::collections::BTreeMap;
use std::path::Path;

use plexi_tests::{Engine, Outcome, PASSWORD, Person, Place, Plexi};
use serde_json::{Value, json};

use crate::workspace::run;

/// Every document of an archive: its lines, in an order of their own.
fn documents(path: &Path) -> Outcome<BTreeMap<String, Vec<Value>>> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path)?)?;
    let mut documents = BTreeMap::new();
    for at in 0..zip.len() {
        let entry = zip.by_index(at)?;
        let name = entry.name()?.to_string();
        let text = std::io::read_to_string(entry)?;
        let mut lines = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        lines.sort_by_key(|line| line["id"].as_str().map(ToOwned::to_owned));
        documents.insert(name, lines);
    }
    Ok(documents)
}

fn id(value: &Value) -> Outcome<String> {
    Ok(value["id"].as_str().ok_or("no id")?.to_owned())
}

async fn say(person: &Person, channel: &str, body: Value) -> Outcome<Value> {
    person.post(&format!("channels/{channel}/messages"), body).await?.ok()
}

/// One of everything that people make.
async fn live(server: &Plexi, ada: &Person) -> Outcome<()> {
    for (name, scope, permissions) in [
        ("scribe", "channel", json!(["channel.read", "message.post"])),
        ("greeter", "space", json!(["space.read", "channel.join", "channel.read"])),
        ("quiet", "system", json!([])),
    ] {
        let role = json!({"name": name, "scope": scope, "permissions": permissions});
        ada.post("roles", role).await?.ok()?;
    }
    let (space, general) = ada.home().await?;
    let [bob, cyd, dora] = [
        ada.invite(server, &space, "bob").await?,
        ada.invite(server, &space, "cyd").await?,
        ada.invite(server, &space, "dora").await?,
    ];
    ada.put(&format!("spaces/{space}/members/{}", bob.id), Some(json!({"role": "greeter"}))).await?.ok()?;
    let chosen =
        json!({"status_text": "away \u{1f3d6}", "locale": "de", "theme": "dark", "display_name": "Bob B."});
    bob.patch("users/me", chosen).await?.ok()?;

    let board = json!({"name": "board", "kind": "private", "topic": "closed \u{2014} not for all"});
    let board = id(&ada.post(&format!("spaces/{space}/channels"), board).await?.ok()?)?;
    ada.put(&format!("channels/{board}/members/{}", cyd.id), Some(json!({"role": "scribe"}))).await?.ok()?;
    say(ada, &board, json!({"text": "between us"})).await?;
    let done = json!({"name": "done", "kind": "public"});
    let done = id(&ada.post(&format!("spaces/{space}/channels"), done).await?.ok()?)?;
    ada.patch(&format!("channels/{done}"), json!({"archived": true})).await?.ok()?;
    let annex = id(&ada.post("spaces", json!({"name": "Annex"})).await?.ok()?)?;
    ada.patch(&format!("spaces/{annex}"), json!({"archived": true})).await?.ok()?;

    let first = say(ada, &general, json!({"text": "hi @bob, @channel: `@cyd`", "client_id": "a-1"})).await?;
    let second = say(&bob, &general, json!({"text": "see https://example.org \u{6771}\u{4eac}"})).await?;
    let (first, second) = (id(&first)?, id(&second)?);
    for text in ["hi @bob and @cyd", "hi @cyd, `@bob`"] {
        ada.patch(&format!("messages/{first}"), json!({"text": text})).await?.ok()?;
    }
    for text in ["a reply", "another", "gone soon"] {
        let reply = say(&bob, &general, json!({"text": text, "thread_id": first})).await?;
        if text == "gone soon" {
            bob.delete(&format!("messages/{}", id(&reply)?)).await?.ok()?;
        }
    }
    let quoting = say(&cyd, &general, json!({"text": "I mean that", "reply_to": second})).await?;
    for person in [ada, &bob] {
        person.put(&format!("messages/{second}/reactions/%F0%9F%91%8D"), None).await?.ok()?;
    }
    cyd.put(&format!("messages/{first}/reactions/%3Aship%3A"), None).await?.ok()?;
    ada.put(&format!("messages/{second}/pin"), None).await?.ok()?;
    let gone = id(&say(&cyd, &general, json!({"text": "said too much"})).await?)?;
    cyd.delete(&format!("messages/{gone}")).await?.ok()?;

    let direct = id(&ada.post("direct", json!({"user_ids": [bob.id]})).await?.ok()?)?;
    say(&bob, &direct, json!({"text": "only you and me"})).await?;
    let group = id(&ada.post("direct", json!({"user_ids": [bob.id, cyd.id]})).await?.ok()?)?;
    say(&cyd, &group, json!({"text": "three of us"})).await?;

    let seq = quoting["seq"].clone();
    bob.put(&format!("channels/{general}/read"), Some(json!({"seq": seq, "force": true}))).await?.ok()?;
    bob.patch(&format!("channels/{general}/settings"), json!({"muted": true, "favourite": true}))
        .await?
        .ok()?;
    bob.put(&format!("channels/{general}/draft"), Some(json!({"text": "not yet said"}))).await?.ok()?;
    ada.patch(&format!("users/{}", cyd.id), json!({"role": "guest"})).await?.ok()?;
    ada.patch(&format!("users/{}", dora.id), json!({"disabled": true, "role": "quiet"})).await?.ok()?;
    Ok(())
}

/// Moves a workspace from one engine to `SQLite` and compares what both export.
async fn move_from(engine: Engine) -> Outcome<()> {
    let Some(here) = Place::new(engine).await? else { return Ok(()) };
    let (server, ada) = Plexi::set_up(here.folder()).await?;
    live(&server, &ada).await?;
    assert!(server.stop().await?.success());
    let (first, there) = (here.folder().join("out.zip"), tempfile::tempdir()?);
    run(here.folder(), &["export", first.to_str().ok_or("path")?]).await?;
    let second = there.path().join("out.zip");
    for (added, again) in [(4, false), (0, true)] {
        let done = run(there.path(), &["import", "plexichat", first.to_str().ok_or("path")?]).await?;
        assert_eq!(done["users"], json!({"added": added, "present": 4 - added}));
        assert_eq!((&done["renamed"], &done["renamed_total"]), (&json!([]), &json!(0)));
        let power = "system role with power over the server was not given: the account is an ordinary member";
        let noted = &done["notes"][power];
        let expected = if again { Value::Null } else { json!({"count": 1, "example": "ada: admin"}) };
        assert_eq!(*noted, expected, "who had all power has none by an import: {done}");
    }
    run(there.path(), &["export", second.to_str().ok_or("path")?]).await?;

    let (mut first, mut second) = (documents(&first)?, documents(&second)?);
    let users = first.get_mut("users.jsonl").ok_or("no users")?;
    let ada = users.iter_mut().find(|user| user["name"] == "ada").ok_or("no ada")?;
    assert_eq!(ada["role"].take(), "admin");
    ada["role"] = json!("member");
    for archive in [&mut first, &mut second] {
        let manifest = archive.get_mut("manifest.json").ok_or("no manifest")?;
        assert!(manifest[0]["created_at"].take().is_string());
    }
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (name, lines) in &first {
        assert_eq!(Some(lines), second.get(name), "{name}");
    }
    has_everything(&first)?;
    here.remove().await
}

/// The archive was not the same because it was empty.
fn has_everything(archive: &BTreeMap<String, Vec<Value>>) -> Outcome<()> {
    let document = |name: &str| archive.get(name).ok_or_else(|| format!("no {name}"));
    let whole = serde_json::to_string(archive)?;
    for secret in
        ["password", "argon2", "refresh", "cookie", PASSWORD, "not yet said", "said too much", "gone soon"]
    {
        assert!(!whole.contains(secret), "{secret} is in the archive");
    }
    let bob = document("users.jsonl")?.iter().find(|user| user["name"] == "bob").ok_or("no bob")?;
    assert_eq!((&bob["kind"], &bob["role"]), (&json!("person"), &json!("member")));
    assert_eq!((&bob["locale"], &bob["theme"]), (&json!("de"), &json!("dark")));
    assert_eq!(document("roles.jsonl")?.len(), 13);
    let spaces = document("spaces.jsonl")?;
    assert!(spaces.iter().any(|space| space["archived"] == true));
    let home = spaces.iter().find(|space| space["name"] == "Home").ok_or("no Home")?;
    let mut roles: Vec<_> =
        home["members"].as_array().into_iter().flatten().map(|one| &one["role"]).collect();
    roles.sort_by_key(|role| role.as_str());
    assert_eq!(roles, ["admin", "greeter", "member", "member"]);
    let channels = document("channels.jsonl")?;
    for (key, value) in [("kind", "private"), ("kind", "direct"), ("kind", "group"), ("name", "done")] {
        assert!(channels.iter().any(|channel| channel[key] == value), "no {value}");
    }
    let board = channels.iter().find(|channel| channel["name"] == "board").ok_or("no board")?;
    assert!(board["members"].as_array().into_iter().flatten().any(|seat| seat["role"] == "scribe"));
    let general = channels.iter().find(|channel| channel["name"] == "general").ok_or("no general")?;
    let seats = general["members"].as_array().ok_or("no members")?;
    let his = seats.iter().find(|seat| seat["user_id"] == bob["id"]).ok_or("bob is not in general")?;
    assert_eq!((&his["muted"], &his["favourite"]), (&json!(true), &json!(true)));
    let messages = document(&format!("messages/{}.jsonl", id(general)?))?;
    let read = messages.iter().find(|message| message["id"] == his["read_to"]).ok_or("nothing is read")?;
    assert_eq!(read["text"], "I mean that");
    let edited = messages.iter().find(|message| message["client_id"] == "a-1").ok_or("no first message")?;
    assert_eq!(edited["history"].as_array().map(Vec::len), Some(2));
    assert_eq!(edited["history"][1]["text"], "hi @bob, @channel: `@cyd`");
    for key in ["thread_id", "reply_to", "reactions", "pinned", "deleted", "mentions", "system"] {
        assert!(messages.iter().any(|message| !message[key].is_null()), "no message with {key}");
    }
    Ok(())
}

#[tokio::test]
async fn a_workspace_moves_from_sqlite_to_sqlite_whole() -> Outcome<()> {
    move_from(Engine::Sqlite).await
}

#[tokio::test]
async fn a_workspace_moves_from_postgres_to_sqlite_whole() -> Outcome<()> {
    move_from(Engine::Postgres).await
}

#[tokio::test]
async fn a_workspace_moves_from_mariadb_to_sqlite_whole() -> Outcome<()> {
    move_from(Engine::MariaDb).await
}

#[tokio::test]
async fn a_workspace_of_others_stays_apart_from_one_with_the_same_names() -> Outcome<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    for folder in [&here, &there] {
        let (server, ada) = Plexi::set_up(folder.path()).await?;
        if folder.path() == here.path() {
            live(&server, &ada).await?;
        }
        assert!(server.stop().await?.success());
    }
    let archive = here.path().join("out.zip");
    let archive = archive.to_str().ok_or("path")?;
    run(here.path(), &["export", archive]).await?;
    let renamed = json!([
        {"what": "user", "there": "ada", "here": "ada-2"},
        {"what": "space", "there": "Home", "here": "Home 2"},
    ]);
    for arguments in [&["import", "plexichat", archive, "--dry-run"][..], &["import", "plexichat", archive]] {
        let done = run(there.path(), arguments).await?;
        assert_eq!((&done["renamed"], &done["renamed_total"]), (&renamed, &json!(2)));
    }
    let server = Plexi::start(there.path()).await?;
    let ada = Person::sign_in(&server, "ada").await?;
    let spaces = ada.get("spaces").await?.ok()?;
    let spaces = spaces["items"].as_array().ok_or("no spaces")?;
    let names: Vec<_> = spaces.iter().map(|space| (&space["name"], &space["role"])).collect();
    let (admin, nothing) = (json!("admin"), Value::Null);
    assert_eq!(names, [(&json!("Annex"), &nothing), (&json!("Home"), &admin), (&json!("Home 2"), &nothing)]);
    let home = id(&spaces[1])?;
    let members = ada.get(&format!("spaces/{home}/members")).await?.ok()?;
    assert_eq!(members["items"].as_array().map(Vec::len), Some(1), "nobody came into her space: {members}");
    let users = ada.get("users?q=ada").await?.ok()?;
    assert_eq!(users["items"].as_array().map(Vec::len), Some(2));
    assert!(server.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn who_sets_up_a_server_after_an_import_administers_what_came_and_gets_a_space() -> Outcome<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (server, ada) = Plexi::set_up(here.path()).await?;
    live(&server, &ada).await?;
    assert!(server.stop().await?.success());
    let archive = here.path().join("out.zip");
    let archive = archive.to_str().ok_or("path")?;
    run(here.path(), &["export", archive]).await?;
    run(there.path(), &["import", "plexichat", archive]).await?;

    let server = Plexi::start(there.path()).await?;
    let token = server.setup_token().ok_or("no link")?;
    let setup = async |token: &str, space: &str| {
        let body = json!({"token": token, "name": "root", "display_name": "Root", "password": PASSWORD,
            "space_name": space, "transport": "token"});
        Person::nobody(&server).post("auth/setup", body).await
    };
    let guessed = setup("0000000000000000000000", "home").await?;
    assert_eq!(guessed.status, 403, "a stranger does not learn which spaces are there");
    let refused = setup(token, "home").await?;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["details"]["fields"][0]["field"], "space_name");
    setup(token, "Base").await?.ok()?;
    let root = Person::sign_in(&server, "root").await?;
    let sync = root.get("sync").await?.ok()?;
    let spaces: Vec<_> =
        sync["spaces"].as_array().into_iter().flatten().map(|one| (&one["name"], &one["role"])).collect();
    let admin = json!("admin");
    // Nothing in an archived space can be changed; who may manage it can restore it.
    let expected = [(&json!("Annex"), &Value::Null), (&json!("Base"), &admin), (&json!("Home"), &admin)];
    assert_eq!(spaces, expected);
    assert!(server.stop().await?.success());
    Ok(())
}
