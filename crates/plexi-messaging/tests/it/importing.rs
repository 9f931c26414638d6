//! Exports of other programs as they are found, with what is broken in them.

use std::io::Write as _;
use std::path::Path;

use plexi_core::Permission;
use plexi_messaging::memory::MemoryStore;
use plexi_messaging::ports::{Directory, SearchPlan, SearchStore, TransferStore};
use plexi_messaging::transfer::{Bounds, Report, Source, TransferError, import_file};
use serde_json::{Value, json};

async fn import(store: &MemoryStore, source: Source, path: &Path) -> Report {
    import_file(store, source, path, false, Bounds::default(), &|_| {}).await.unwrap()
}

async fn texts(store: &MemoryStore, reader: &str) -> Vec<String> {
    let (_, reader) = store.resolve(&[reader.to_owned()]).await.unwrap()[0];
    let found = store.find(&SearchPlan::default(), reader, None, 100).await.unwrap();
    found.into_iter().map(|message| message.text).collect()
}

#[tokio::test]
async fn half_a_character_in_a_bulk_file_costs_that_character_only() {
    let lines = r#"{"type":"version","version":1}
{"type":"team","team":{"name":"t"}}
{"type":"channel","channel":{"team":"t","name":"c","type":"O"}}
{"type":"user","user":{"username":"here","teams":[{"name":"t","channels":[{"name":"c"}]}]}}
{"type":"post","post":{"team":"t","channel":"c","user":"here","message":"whole \ud83d\ude00","create_at":1}}
{"type":"post","post":{"team":"t","channel":"c","user":"here","message":"cut \ud83d","create_at":2}}
"#;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(lines.as_bytes()).unwrap();
    let store = MemoryStore::new();
    let report = import(&store, Source::Mattermost, file.path()).await;
    assert_eq!(report.messages.added, 2);
    let note = report.notes.iter().find(|(kind, _)| kind.contains("lone surrogate")).unwrap().1;
    assert_eq!((note.count, note.example.as_str()), (1, "line 6"));
    assert_eq!(texts(&store, "here_").await, ["cut \u{FFFD}", "whole \u{1F600}"]);
}

#[tokio::test]
async fn half_a_character_in_a_day_of_an_export_costs_that_character_only() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(&mut file);
    for (name, text) in [
        ("users.json", r#"[{"id":"U1","name":"ada"}]"#),
        ("channels.json", r#"[{"id":"C1","name":"general","members":["U1"]}]"#),
        (
            "general/2020-01-01.json",
            r#"[{"type":"message","user":"U1","text":"cut \ude00","ts":"1577836800.000100"},
                {"type":"message","user":"U1","text":"whole \ud83d\ude00","ts":"1577836801.000100"}]"#,
        ),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let store = MemoryStore::new();
    let report = import(&store, Source::Slack, file.path()).await;
    let note = report.notes.iter().find(|(kind, _)| kind.contains("lone surrogate")).unwrap().1;
    assert_eq!((note.count, note.example.as_str()), (1, "general/2020-01-01.json"));
    assert_eq!(texts(&store, "ada").await, ["whole \u{1F600}", "cut \u{FFFD}"]);
}

const ADA: &str = "00000000-0000-7000-8000-0000000000a1";
const SPACE: &str = "00000000-0000-7000-8000-0000000000b1";
const ROOM: &str = "00000000-0000-7000-8000-0000000000c1";
const TIME: &str = "2024-01-01T00:00:00.000000Z";

/// The documents of an archive of our own, to be changed by a test.
fn documents() -> Vec<(String, String)> {
    let manifest = json!({"format": "plexichat-export", "version": 2, "created_at": TIME, "roles": 0, "users": 1, "spaces": 1,
        "channels": 1, "messages": 0});
    let user = json!({"id": ADA, "name": "ada", "display_name": "Ada", "kind": "imported", "disabled": false, "created_at": TIME});
    let member = json!({"user_id": ADA, "role": "member", "joined_at": TIME});
    let space =
        json!({"id": SPACE, "name": "Home", "archived": false, "created_at": TIME, "members": [member]});
    let channel = json!({"id": ROOM, "space_id": SPACE, "kind": "public", "name": "general", "topic": "", "archived": false,
        "created_at": TIME, "members": [member]});
    [
        ("manifest.json", manifest.to_string()),
        ("roles.jsonl", String::new()),
        ("users.jsonl", user.to_string()),
        ("spaces.jsonl", space.to_string()),
        ("channels.jsonl", channel.to_string()),
        (&format!("messages/{ROOM}.jsonl"), String::new()),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .to_vec()
}

fn packed(documents: &[(String, String)]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(&mut file);
    for (name, text) in documents {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    file
}

fn changed(documents: &mut [(String, String)], name: &str, field: &str, value: Value) {
    let (_, text) = documents.iter_mut().find(|(there, _)| there == name).unwrap();
    let mut line: Value = serde_json::from_str(text).unwrap();
    line[field] = value;
    *text = line.to_string();
}

#[tokio::test]
async fn fields_of_an_archive_are_what_the_api_accepts_or_become_that() {
    let mut archive = documents();
    changed(&mut archive, "users.jsonl", "name", json!("A\u{202E}da"));
    changed(&mut archive, "users.jsonl", "display_name", json!("Ada\u{202E}\u{0007}".repeat(60)));
    changed(&mut archive, "users.jsonl", "status_text", json!("x".repeat(5_000)));
    changed(&mut archive, "spaces.jsonl", "name", json!("Ho\u{200B}me"));
    changed(&mut archive, "channels.jsonl", "name", json!("Gen\u{202E}eral"));
    changed(&mut archive, "channels.jsonl", "topic", json!("one\ntwo"));
    let store = MemoryStore::new();
    let report = import(&store, Source::Plexichat, packed(&archive).path()).await;
    let note = &report.notes["name, topic or status was not plain or too long and was changed"];
    assert_eq!((note.count, note.example.as_str()), (6, ADA));
    let users = store.export_users(None, 10).await.unwrap();
    let ada = users.iter().find(|user| user.id.to_string() == ADA).unwrap();
    assert_eq!(ada.name, "a_da");
    assert_eq!((ada.display_name.chars().count(), ada.status_text.len()), (64, 100));
    assert!(!ada.display_name.contains(['\u{202E}', '\u{0007}']));
    let again = import(&store, Source::Plexichat, packed(&archive).path()).await;
    let touched: Vec<&str> = again.touched.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(touched, ["Home", "gen-eral"], "what was here before is named");
}

#[tokio::test]
async fn a_deleted_message_of_an_archive_has_no_text_and_no_history() {
    let mut archive = documents();
    let message = json!({"id": "018cc251-f400-7000-8000-000000000001", "author_id": ADA, "kind": "text", "text": "secret",
        "created_at": TIME, "deleted": true, "history": [{"text": "former secret", "at": TIME}],
        "reactions": [["a b", ADA, TIME]]});
    archive[5].1 = message.to_string();
    let store = MemoryStore::new();
    let report = import(&store, Source::Plexichat, packed(&archive).path()).await;
    assert_eq!(
        report.notes["text of a deleted message was left out"].example,
        format!("messages/{ROOM}.jsonl, line 1")
    );
    assert!(report.notes.contains_key("reaction is no emoji and was left out"));
    let kept = store.export_messages(ROOM.parse().unwrap(), None, 10).await.unwrap();
    assert_eq!((kept[0].message.text.as_str(), kept[0].history.len()), ("", 0));
    assert!(kept[0].message.deleted);
}

#[tokio::test]
async fn a_role_of_an_archive_grants_what_its_scope_can() {
    let mut archive = documents();
    let id = "00000000-0000-7000-8000-0000000000d1";
    let role = json!({"id": id, "scope": "channel", "name": "scribe", "permissions": ["channel.read", "users.manage"], "built_in": false});
    archive[1].1 = role.to_string();
    let store = MemoryStore::new();
    let report = import(&store, Source::Plexichat, packed(&archive).path()).await;
    assert_eq!(report.notes["role grants what belongs to a wider scope: it was left out"].example, id);
    let roles = store.export_roles().await.unwrap();
    let scribe = roles.iter().find(|role| role.id.to_string() == id).unwrap();
    assert_eq!(scribe.permissions, [Permission::ChannelRead].into_iter().collect());
}

#[tokio::test]
async fn a_document_of_an_archive_has_no_more_lines_than_are_allowed() {
    let mut archive = documents();
    archive[2].1 = format!("{}\n", archive[2].1).repeat(2);
    archive[0].1 = format!("{}\n", archive[0].1).repeat(2);
    let store = MemoryStore::new();
    let refused =
        import_file(&store, Source::Plexichat, packed(&archive).path(), true, Bounds::default(), &|_| {})
            .await;
    assert_eq!(refused.unwrap_err().to_string(), "manifest.json, line 2: there may be at most 1 lines");
    archive[0].1 = documents()[0].1.clone();
    let role = json!({"id": ADA, "scope": "channel", "name": "scribe", "permissions": [], "built_in": false});
    archive[1].1 = format!("{role}\n").repeat(1_001);
    let refused =
        import_file(&store, Source::Plexichat, packed(&archive).path(), true, Bounds::default(), &|_| {})
            .await;
    assert_eq!(refused.unwrap_err().to_string(), "roles.jsonl, line 1001: there may be at most 1000 lines");
}

#[tokio::test]
async fn an_import_that_is_stopped_ends() {
    let bounds = Bounds::default();
    bounds.stop.cancel();
    let file = packed(&documents());
    let store = MemoryStore::new();
    let stopped = import_file(&store, Source::Plexichat, file.path(), false, bounds, &|_| {}).await;
    assert!(matches!(stopped, Err(TransferError::Stopped)));
}

#[tokio::test]
async fn a_zip_of_a_bulk_file_unpacks_within_its_bounds_only() {
    let file = packed(&[("bulk.jsonl".to_owned(), "{\"type\":\"version\",\"version\":1}\n".repeat(1_000))]);
    let scratch = tempfile::tempdir().unwrap();
    let within = |most_unpacked| Bounds {
        most_unpacked,
        scratch: Some(scratch.path().to_owned()),
        ..Bounds::default()
    };
    let store = MemoryStore::new();
    let import = |bounds| import_file(&store, Source::Mattermost, file.path(), false, bounds, &|_| {});
    let refused = import(within(1_000)).await.unwrap_err().to_string();
    assert!(refused.ends_with("it unpacks to more than 1000 bytes"), "{refused}");
    import(within(1_000_000)).await.unwrap();
}
