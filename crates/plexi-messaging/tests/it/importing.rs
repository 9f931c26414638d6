//! Exports of other programs as they are found, with what is broken in them.

use std::io::Write as _;
use std::path::Path;

use plexi_core::{Coded as _, ErrorCode, Permission, Timestamp};
use plexi_messaging::memory::MemoryStore;
use plexi_messaging::model::{ChannelKind, Space};
use plexi_messaging::ports::{
    Directory, ImportTerms, ImportedChannel, ImportedUser, SearchPlan, SearchStore, TransferStore,
};
use plexi_messaging::transfer::{Bounds, Mode, Report, Source, TransferError, import_file};
use serde_json::{Value, json};

/// The report's word for account names that cannot be used here.
const RENAMED: &str =
    "account name was none that is allowed here and was changed; the name that is shown is as it was";

async fn import(store: &MemoryStore, source: Source, path: &Path) -> Report {
    import_file(store, source, path, Mode::default(), Bounds::default(), &|_| {}).await.unwrap()
}

const DRY: Mode = Mode { dry_run: true, restore: false };
const RESTORE: Mode = Mode { dry_run: false, restore: true };

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
    let file = packed(&[("bulk.jsonl".to_owned(), lines.to_owned())]);
    let store = MemoryStore::new();
    let report = import(&store, Source::Mattermost, file.path()).await;
    assert_eq!(report.messages.added, 2);
    let note = report.notes.iter().find(|(kind, _)| kind.contains("lone surrogate")).unwrap().1;
    assert_eq!((note.count, note.example.as_str()), (1, "bulk.jsonl, line 6"));
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

/// A Slack export with a user, a channel and a day in it.
fn slack(users: &str, channels: &str, day: &str) -> tempfile::NamedTempFile {
    packed(
        &[("users.json", users), ("channels.json", channels), ("general/2015-01-01.json", day)]
            .map(|(name, text)| (name.to_owned(), text.to_owned())),
    )
}

const SLACK_CHANNELS: &str = r#"[{"id":"C1","name":"general","members":["U1"]}]"#;
const SLACK_DAY: &str = r#"[{"user":"U1","text":"hello","ts":"1420070400.000100"}]"#;

#[tokio::test]
async fn exports_of_workspaces_that_do_not_say_who_they_are_stay_apart() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    let (one, other) = (r#"[{"id":"U1","name":"ada"}]"#, r#"[{"id":"U1","name":"mallory"}]"#);
    for (users, added) in [(one, 1), (other, 1), (one, 0), (other, 0)] {
        let path = folder.path().join("team.zip");
        std::fs::copy(slack(users, SLACK_CHANNELS, SLACK_DAY).path(), &path).unwrap();
        let report = import(&store, Source::Slack, &path).await;
        assert_eq!((report.users.added, report.messages.added), (added, added));
    }
    let spaces = store.export_spaces().await.unwrap();
    let mut names: Vec<&str> = spaces.iter().map(|space| space.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["team", "team 2"]);
    for name in ["ada", "mallory"] {
        assert_eq!(texts(&store, name).await, ["hello"], "each sees their own workspace");
    }
}

#[tokio::test]
async fn a_workspace_that_says_who_it_is_is_known_by_it_whatever_the_order_of_its_users() {
    let store = MemoryStore::new();
    let users = [
        r#"{"id":"U1","name":"ada","team_id":"T1"}"#,
        r#"{"id":"U2","name":"bob","team_id":"T1"}"#,
        r#"{"id":"U3","name":"guest","team_id":"T2"}"#,
    ];
    let list = |order: [usize; 3]| format!("[{}]", order.map(|at| users[at]).join(","));
    import(&store, Source::Slack, slack(&list([0, 1, 2]), SLACK_CHANNELS, SLACK_DAY).path()).await;
    let again = import(&store, Source::Slack, slack(&list([2, 1, 0]), SLACK_CHANNELS, "[]").path()).await;
    assert_eq!((again.users.added, again.users.present), (0, 3));
}

#[tokio::test]
async fn an_error_names_the_document_and_the_place_in_it() {
    let users = r#"[{"id":"U1","name":"ada"}]"#;
    let broken = [
        (slack(r#"[{"id":"U1"},{"id":2}]"#, "[]", "[]"), "users.json cannot be read: entry 2:"),
        (slack(users, r#"[{"id":"C1"},[]]"#, "[]"), "channels.json cannot be read: entry 2:"),
        (
            slack(users, SLACK_CHANNELS, r#"[{"ts":"1"},{"ts":"2"},{"ts":3}]"#),
            "general/2015-01-01.json cannot be read: entry 3:",
        ),
        (
            slack(users, SLACK_CHANNELS, "{}"),
            "general/2015-01-01.json cannot be read: invalid type: map, expected a list",
        ),
    ];
    for (file, place) in broken {
        let told = import_error(Source::Slack, &file).await;
        assert!(told.contains(place), "{told}");
    }
    let bulk = |line: &str| {
        packed(&[("in/bulk.jsonl".to_owned(), format!("{{\"type\":\"version\",\"version\":1}}\n{line}\n"))])
    };
    let told = import_error(Source::Mattermost, &bulk(r#"{"type":"team","team":{"name":1}}"#)).await;
    assert!(told.starts_with("in/bulk.jsonl, line 2: invalid type"), "{told}");
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_told_by_its_own_line() {
    let (absent, reply) = (id_of(9), id_of(2));
    let in_thread = |number, thread: &str| with(&said(number, ADA), "thread_id", json!(thread));
    for (third, why) in [
        (said(3, EVE), format!("it names user {EVE}, whom the source does not bring")),
        (
            in_thread(3, &absent),
            format!("its thread_id {absent} is no message before it in this channel that can have replies"),
        ),
        (
            in_thread(3, &reply),
            format!("its thread_id {reply} is no message before it in this channel that can have replies"),
        ),
        (
            with(&said(3, ADA), "reply_to", json!(absent)),
            format!("its reply_to {absent} is no message before it in this channel"),
        ),
    ] {
        let mut archive = documents();
        archive[5].1 = [said(1, ADA), in_thread(2, &id_of(1)), third, said(4, ADA)].join("\n");
        let told = import_error(Source::Plexichat, &packed(&archive)).await;
        assert_eq!(told, format!("messages/{ROOM}.jsonl, line 3: {why}"));
    }
}

#[tokio::test]
async fn a_user_who_is_anothers_is_told_by_their_own_line() {
    let store = inhabited().await;
    let mut archive = documents();
    let ada = archive[2].1.clone();
    let eve = ada.replace(ADA, EVE).replace("ada", "eve");
    let fay = eve.replace(EVE, "00000000-0000-7000-8000-0000000000a3").replace("eve", "fay");
    for (users, line) in [([&ada, &eve, &fay], 1), ([&eve, &ada, &fay], 2), ([&eve, &fay, &ada], 3)] {
        archive[2].1 = users.map(String::as_str).join("\n");
        let file = packed(&archive);
        for mode in [DRY, Mode::default()] {
            let refused =
                import_file(&store, Source::Plexichat, file.path(), mode, Bounds::default(), &|_| {}).await;
            let told = refused.unwrap_err().to_string();
            assert!(told.starts_with(&format!("users.jsonl, line {line}: user {ADA} is here")), "{told}");
        }
    }
}

#[tokio::test]
async fn a_message_names_only_whom_the_source_brings() {
    let note = |user: &str| {
        let note = with(&said(1, ADA), "kind", json!("system"));
        with(&note, "system", json!({"event": "added", "user_id": user}))
    };
    let named = |user: &str| {
        [
            with(&said(1, ADA), "mentions", json!([ADA, user])),
            with(&said(1, ADA), "reactions", json!([["\u{1f44d}", user, TIME]])),
            with(&said(1, ADA), "pinned", json!([user, TIME])),
            note(user),
        ]
    };
    for line in named(EVE) {
        let mut archive = documents();
        archive[5].1 = line;
        let told = import_error(Source::Plexichat, &packed(&archive)).await;
        let why = format!("it names user {EVE}, whom the source does not bring");
        assert_eq!(told, format!("messages/{ROOM}.jsonl, line 1: {why}"));
    }
    for line in named(ADA) {
        let mut archive = documents();
        archive[5].1 = line;
        let report = import(&MemoryStore::new(), Source::Plexichat, packed(&archive).path()).await;
        assert_eq!(report.messages.added, 1);
    }
}

#[tokio::test]
async fn a_message_whose_id_another_channel_has_is_refused_and_does_not_vanish() {
    let store = MemoryStore::new();
    let mut first = documents();
    first[5].1 = said(1, ADA);
    import(&store, Source::Plexichat, packed(&first).path()).await;

    let other = "00000000-0000-7000-8000-0000000000c2";
    let mut second: Vec<(String, String)> = documents()
        .into_iter()
        .map(|(name, text)| (name.replace(ROOM, other), text.replace(ROOM, other)))
        .collect();
    second[5].1 = [said(2, ADA), said(1, ADA)].join("\n");
    let file = packed(&second);
    for mode in [DRY, Mode::default(), RESTORE] {
        let refused =
            import_file(&store, Source::Plexichat, file.path(), mode, Bounds::default(), &|_| {}).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ValidationConflict);
        let why = format!("message {} is here in another channel", id_of(1));
        assert_eq!(refused.to_string(), format!("messages/{other}.jsonl, line 2: {why}"));
    }
    let kept = store.export_messages(ROOM.parse().unwrap(), None, 10).await.unwrap();
    assert_eq!(kept.len(), 1, "what was there stays as it was");
}

async fn import_error(source: Source, file: &tempfile::NamedTempFile) -> String {
    let store = MemoryStore::new();
    let done = import_file(&store, source, file.path(), Mode::default(), Bounds::default(), &|_| {}).await;
    done.unwrap_err().to_string()
}

#[tokio::test]
async fn names_and_topics_of_other_programs_deceive_nobody_and_the_report_counts_them() {
    let slack = slack(
        r#"[{"id":"U1","name":"a\u202eda","profile":{"display_name":"A\u200bda"}},{"id":"U2","name":"Bob","profile":{"display_name":"\u202e"}}]"#,
        r#"[{"id":"C1","name":"gen\u202eeral","topic":{"value":"one\u0007two"},"members":["U1","U2"]}]"#,
        "[]",
    );
    let bulk = r#"{"type":"version","version":1}
{"type":"team","team":{"name":"t","display_name":"Te\u202eam"}}
{"type":"channel","channel":{"team":"t","name":"c\u202ed","type":"O","header":"three\u0007four"}}
{"type":"user","user":{"username":"eve","nickname":"E\u200bve","teams":[{"name":"t","channels":[{"name":"c\u202ed"}]}]}}
{"type":"post","post":{"team":"t","channel":"c\u202ed","user":"eve","type":"system_header_change","message":"now \u202efive","create_at":1}}
"#;
    let bulk = packed(&[("bulk.jsonl".to_owned(), bulk.to_owned())]);
    let store = MemoryStore::new();
    for (source, file, count, first) in [
        (Source::Slack, &slack, (4, 1), "users.json, entry 1"),
        (Source::Mattermost, &bulk, (5, 0), "user eve"),
    ] {
        let report = import(&store, source, file.path()).await;
        let note = &report.notes["name, topic or status was not plain or too long and was changed"];
        assert_eq!((note.count, note.example.as_str()), (count.0, first));
        assert_eq!(report.notes.get(RENAMED).map_or(0, |note| note.count), count.1);
    }
    let mut users: Vec<_> = store
        .export_users(None, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|one| (one.name, one.display_name))
        .collect();
    users.sort();
    let expected = [("a_da", "Ada"), ("bob", "bob"), ("eve", "Eve")];
    assert_eq!(users, expected.map(|(name, shown)| (name.to_owned(), shown.to_owned())));
    let mut channels: Vec<_> =
        store.export_channels(None, 10).await.unwrap().into_iter().map(|one| (one.name, one.topic)).collect();
    channels.sort();
    let expected = [("c-d", "threefour"), ("gen-eral", "onetwo")];
    assert_eq!(channels, expected.map(|(name, topic)| (name.to_owned(), topic.to_owned())));
}

const ADA: &str = "00000000-0000-7000-8000-0000000000a1";
const EVE: &str = "00000000-0000-7000-8000-0000000000a2";
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
    *text = with(text, field, value);
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
    assert_eq!((note.count, note.example.as_str()), (5, ADA));
    assert_eq!(report.notes[RENAMED].count, 1);
    let users = store.export_users(None, 10).await.unwrap();
    let ada = users.iter().find(|user| user.id.to_string() == ADA).unwrap();
    assert_eq!(ada.name, "a_da");
    assert_eq!((ada.display_name.chars().count(), ada.status_text.len()), (64, 100));
    assert!(!ada.display_name.contains(['\u{202E}', '\u{0007}']));
}

/// The id of a message: of each number another key.
fn id_of(number: u32) -> String {
    format!("018cc251-f4{number:02}-7000-8000-000000000000")
}

/// The line with another value of a field.
fn with(line: &str, field: &str, value: Value) -> String {
    let mut line: Value = serde_json::from_str(line).unwrap();
    line[field] = value;
    line.to_string()
}

/// What the line of a message holds.
fn said(number: u32, author: &str) -> String {
    json!({"id": id_of(number), "author_id": author, "kind": "text", "text": format!("line {number}"), "created_at": TIME}).to_string()
}

#[tokio::test]
async fn an_archive_says_what_it_adds_to_and_only_that() {
    let mut archive = documents();
    archive[5].1 = said(1, ADA);
    let store = MemoryStore::new();
    let first = import(&store, Source::Plexichat, packed(&archive).path()).await;
    let again = import(&store, Source::Plexichat, packed(&archive).path()).await;
    assert_eq!(
        (first.touched, again.touched, again.touched_total),
        (vec![], vec![], 0),
        "nothing that was here"
    );

    // A later archive of the same server brings somebody who joined both, and a message.
    let eve = "00000000-0000-7000-8000-0000000000a2";
    let user = json!({"id": eve, "name": "eve", "display_name": "Eve", "kind": "imported", "disabled": false, "created_at": TIME});
    let ada = archive[2].1.clone();
    archive[2].1 = format!("{ada}\n{user}");
    let members: Vec<Value> =
        [ADA, eve].iter().map(|id| json!({"user_id": id, "role": "member", "joined_at": TIME})).collect();
    changed(&mut archive, "spaces.jsonl", "members", json!(members));
    changed(&mut archive, "channels.jsonl", "members", json!(members));
    archive[5].1 = [said(1, ADA), said(2, eve), said(3, ADA)].join("\n");
    let file = packed(&archive);
    let dry =
        import_file(&store, Source::Plexichat, file.path(), DRY, Bounds::default(), &|_| {}).await.unwrap();
    let done = import(&store, Source::Plexichat, file.path()).await;
    for report in [dry, done] {
        let touched: Vec<_> =
            report.touched.iter().map(|one| (one.name.as_str(), one.members, one.messages)).collect();
        assert_eq!((touched, report.touched_total), (vec![("Home", 1, 0), ("general", 1, 2)], 2));
        assert_eq!((report.messages.added, report.messages.present), (2, 1));
    }
}

/// A server with an account, a space and a private channel of its own that have the ids of the archive.
async fn inhabited() -> MemoryStore {
    let store = MemoryStore::new();
    let here = ImportTerms::of(uuid::Uuid::nil());
    let at = Timestamp::from_seconds(1_704_067_200);
    store.import_users(&[ImportedUser::new(ADA.parse().unwrap(), "ada", "Ada", at)], here).await.unwrap();
    let space = Space {
        id: SPACE.parse().unwrap(),
        name: "Home".to_owned(),
        archived: false,
        created_at: at,
        role: None,
    };
    store.import_space(&space, here).await.unwrap();
    let channel = ImportedChannel {
        id: ROOM.parse().unwrap(),
        space_id: Some(space.id),
        kind: ChannelKind::Private,
        name: "board".to_owned(),
        topic: String::new(),
        archived: false,
        created_at: at,
        members: Vec::new(),
        direct_key: None,
    };
    store.import_channel(&channel, here).await.unwrap();
    store
}

#[tokio::test]
async fn an_archive_reaches_nothing_that_it_did_not_bring() {
    let store = inhabited().await;
    let whole = documents();
    let other = |from: &str, to: &str| -> Vec<(String, String)> {
        whole.iter().map(|(name, text)| (name.replace(from, to), text.replace(from, to))).collect()
    };
    let (eve, home, room) = (
        "00000000-0000-7000-8000-0000000000a2",
        "00000000-0000-7000-8000-0000000000b2",
        "00000000-0000-7000-8000-0000000000c2",
    );
    let own_user = other(ADA, eve);
    let mut unlisted = own_user.clone();
    unlisted[3].1 = unlisted[3].1.replace(SPACE, home).replace(eve, ADA);
    let mut homeless = own_user.clone();
    homeless[3].1 = String::new();
    homeless[4].1 = homeless[4].1.replace(ROOM, room);
    let mut forged = own_user.clone();
    for at in [3, 4, 5] {
        forged[at].0 = forged[at].0.replace(ROOM, room);
        forged[at].1 = forged[at].1.replace(SPACE, home).replace(ROOM, room);
    }
    let own = forged.clone();
    forged[5].1 = said(1, ADA);
    let mut board = own.clone();
    board[4].1 = board[4].1.replace(room, ROOM);
    for (archive, place, why) in [
        (&whole, "users.jsonl, line 1", format!("user {ADA} is here and did not come with")),
        (&own_user, "spaces.jsonl, line 1", format!("space {SPACE} is here and did not come with")),
        (&unlisted, "spaces.jsonl, line 1", format!("it names user {ADA}, whom the source does not bring")),
        (
            &homeless,
            "channels.jsonl, line 1",
            format!("it is of space {SPACE}, which does not stand before it"),
        ),
        (&board, "channels.jsonl, line 1", format!("channel {ROOM} is here and did not come with")),
        (&forged, &format!("messages/{room}.jsonl, line 1"), format!("it names user {ADA}, whom")),
    ] {
        let file = packed(archive);
        for mode in [DRY, Mode::default()] {
            let refused =
                import_file(&store, Source::Plexichat, file.path(), mode, Bounds::default(), &|_| {}).await;
            let said = refused.unwrap_err().to_string();
            assert!(said.starts_with(&format!("{place}: {why}")), "{said}");
        }
    }
    let members = store.export_space_members(SPACE.parse().unwrap(), None, 10).await.unwrap();
    assert!(members.is_empty(), "nobody came in");

    // Whoever restores a backup says so, and hears what it changed.
    let file = packed(&whole);
    let done = import_file(&store, Source::Plexichat, file.path(), RESTORE, Bounds::default(), &|_| {}).await;
    let touched: Vec<_> = done.unwrap().touched.into_iter().map(|one| (one.name, one.members)).collect();
    assert_eq!(touched, [("Home".to_owned(), 1), ("board".to_owned(), 1)]);
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
        import_file(&store, Source::Plexichat, packed(&archive).path(), DRY, Bounds::default(), &|_| {})
            .await;
    assert_eq!(refused.unwrap_err().to_string(), "manifest.json, line 2: there may be at most 1 lines");
    archive[0].1 = documents()[0].1.clone();
    let role = json!({"id": ADA, "scope": "channel", "name": "scribe", "permissions": [], "built_in": false});
    archive[1].1 = format!("{role}\n").repeat(1_001);
    let refused =
        import_file(&store, Source::Plexichat, packed(&archive).path(), DRY, Bounds::default(), &|_| {})
            .await;
    assert_eq!(refused.unwrap_err().to_string(), "roles.jsonl, line 1001: there may be at most 1000 lines");
}

#[tokio::test]
async fn an_import_that_is_stopped_ends() {
    let bounds = Bounds::default();
    bounds.stop.cancel();
    let file = packed(&documents());
    let store = MemoryStore::new();
    let stopped = import_file(&store, Source::Plexichat, file.path(), Mode::default(), bounds, &|_| {}).await;
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
    let import =
        |bounds| import_file(&store, Source::Mattermost, file.path(), Mode::default(), bounds, &|_| {});
    let refused = import(within(1_000)).await.unwrap_err().to_string();
    assert!(refused.ends_with("it unpacks to more than 1000 bytes"), "{refused}");
    import(within(1_000_000)).await.unwrap();
}
