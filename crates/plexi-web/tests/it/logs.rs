//! The logs as those with `logs.read` see them.

use std::path::Path;
use std::sync::Arc;

use plexi_core::{ManualClock, Timestamp};
use plexi_core_log::{Format, LogConfig, Logging, RotationConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Options, World, world_with};

/// What a run of the server logs in `format`; what the run before logged is put aside.
fn log(folder: &Path, format: Format, events: impl FnOnce()) {
    let rotation = RotationConfig { compress: false, ..RotationConfig::default() };
    let config = LogConfig { console: false, format, rotation, ..LogConfig::default() };
    let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
    let (dispatch, guard) = Logging::build(&config, folder, clock).unwrap();
    tracing::dispatcher::with_default(&dispatch, events);
    drop(guard);
}

fn few_events() {
    tracing::info!("started");
    tracing::info_span!("request", correlation_id = "req-1").in_scope(|| {
        tracing::warn!(target: "plexi_web::call", user = "J\u{fc}rgen", count = 3, "Slow\nanswer");
    });
    tracing::error!("failed");
}

async fn world(format: Format, events: impl FnOnce()) -> (World, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    log(folder.path(), format, events);
    std::fs::write(folder.path().join("secret.txt"), "the secret of the house").unwrap();
    let options = Options { data: Some(folder.path().to_owned()), ..Options::default() };
    (world_with(options).await, folder)
}

async fn view(world: &World, query: &str) -> Value {
    let reply = world.get(&world.root, &format!("/admin/logs/view?file=latest.txt{query}")).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    reply.json()
}

fn messages(view: &Value) -> Vec<&str> {
    view["items"].as_array().unwrap().iter().map(|item| item["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_files_are_listed_with_what_they_are() {
    let (world, folder) = world(Format::Text, few_events).await;
    log(folder.path(), Format::Text, || tracing::info!("again"));
    std::fs::write(folder.path().join("logs/notes.txt"), "not a log").unwrap();
    let items = world.get(&world.root, "/admin/logs/files").await.json()["items"].take();
    let kinds: Vec<&str> =
        items.as_array().unwrap().iter().map(|file| file["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["rotated", "current"]);
    assert_eq!(items[1]["name"], "latest.txt");
    assert_eq!(items[1]["bytes"], std::fs::metadata(folder.path().join("logs/latest.txt")).unwrap().len());
    assert!(items[0]["put_aside"].is_string() && items[1].get("put_aside").is_none());
    let former = format!("/admin/logs/view?file={}", items[0]["name"].as_str().unwrap());
    let former = world.get(&world.root, &former).await.json();
    assert_eq!(messages(&former), ["started", "Slow\nanswer", "failed"]);
}

#[tokio::test]
async fn a_line_is_taken_apart_and_also_there_as_it_stands() {
    for (format, count) in [(Format::Text, json!("3")), (Format::Json, json!(3))] {
        let (world, _folder) = world(format, few_events).await;
        let found = view(&world, "").await;
        assert_eq!(
            (&found["file"], &found["cut"], &found["matched"]),
            (&json!("latest.txt"), &json!(false), &json!(3))
        );
        let line = &found["items"][1];
        let text = line["line"].as_str().unwrap();
        assert!(text.contains("Slow\\nanswer") && text.is_ascii(), "{text}");
        assert_eq!(line["level"], "warn");
        assert_eq!(line["target"], "plexi_web::call");
        assert_eq!(line["message"], "Slow\nanswer");
        assert_eq!(line["correlation_id"], "req-1");
        assert_eq!(line["fields"], json!({"user": "J\u{fc}rgen", "count": count}));
        assert_eq!(line["at"], "2027-01-15T08:00:00Z");
    }
}

#[tokio::test]
async fn what_the_server_did_not_write_is_all_message() {
    let (world, folder) = world(Format::Text, || {}).await;
    std::fs::write(folder.path().join("logs/latest.txt"), b"thread panicked \xff\x1b[2J\n").unwrap();
    let found = view(&world, "").await;
    let shown = "thread panicked \\xff\\x1b[2J";
    assert_eq!(found["items"], json!([{"message": shown, "fields": {}, "line": shown}]));
}

#[tokio::test]
async fn each_condition_leaves_out_what_does_not_fit() {
    let (world, _folder) = world(Format::Text, few_events).await;
    let rows: [(&str, &[&str]); 12] = [
        ("&level=warn", &["Slow\nanswer", "failed"]),
        ("&level=error", &["failed"]),
        ("&level=off", &[]),
        ("&text=SLOW", &["Slow\nanswer"]),
        ("&text=J%C3%BCrgen", &["Slow\nanswer"]),
        ("&text=", &["started", "Slow\nanswer", "failed"]),
        ("&target=plexi_web", &["Slow\nanswer"]),
        ("&correlation_id=req-1", &["Slow\nanswer"]),
        ("&since=2027-01-15T08:00:01Z", &[]),
        ("&until=2027-01-15T08:00:00Z", &[]),
        ("&lines=1", &["failed"]),
        ("&level=info&lines=2", &["Slow\nanswer", "failed"]),
    ];
    for (query, expected) in rows {
        assert_eq!(messages(&view(&world, query).await), expected, "{query}");
    }
    assert_eq!(view(&world, "&lines=1").await["matched"], 3);
}

#[tokio::test]
async fn only_the_end_of_a_long_file_is_looked_at_and_that_is_told() {
    let events = || (0..100).for_each(|number| tracing::info!(number, "counted"));
    let (world, _folder) = world(Format::Text, events).await;
    let found = view(&world, "&tail_kb=1").await;
    assert_eq!(found["cut"], true);
    let items = found["items"].as_array().unwrap();
    assert!((2..20).contains(&items.len()), "{}", items.len());
    assert!(items.iter().all(|item| item["message"] == "counted"));
    assert_eq!(items.last().unwrap()["fields"]["number"], "99");
}

#[tokio::test]
async fn no_name_leads_out_of_the_folder() {
    let (world, folder) = world(Format::Text, few_events).await;
    let absolute = folder.path().join("secret.txt").display().to_string().replace('/', "%2F");
    let names = [
        "..%2Fsecret.txt",
        ".%2Flatest.txt",
        "logs%2F..%2F..%2Fsecret.txt",
        "..",
        "%2Fetc%2Fpasswd",
        &absolute,
        "latest.txt%00",
        "%FF",
        ".lock",
        "plugins%2F..%2Flatest.txt",
        "LATEST.TXT",
    ];
    for name in names {
        let reply = world.get(&world.root, &format!("/admin/logs/view?file={name}")).await;
        assert!(matches!(reply.status, 404 | 422 | 400), "{name}: {} {}", reply.status, reply.text());
        assert!(!reply.text().contains("the secret of the house"), "{name}");
        reply.assert_error_shape(name);
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_with_the_field_that_is_wrong() {
    let (world, _folder) = world(Format::Text, few_events).await;
    let rows = [
        ("", "file"),
        ("?file=", "file"),
        ("?file=latest.txt&tail_kb=0", "tail_kb"),
        ("?file=latest.txt&tail_kb=4097", "tail_kb"),
        ("?file=latest.txt&tail_kb=-1", "tail_kb"),
        ("?file=latest.txt&lines=0", "lines"),
        ("?file=latest.txt&lines=2001", "lines"),
        ("?file=latest.txt&level=loud", "level"),
        ("?file=latest.txt&since=yesterday", "since"),
        ("?file=latest.txt&path=x", "path"),
    ];
    for (query, field) in rows {
        let reply = world.get(&world.root, &format!("/admin/logs/view{query}")).await;
        assert_eq!(reply.status, 422, "{query}: {}", reply.text());
        assert_eq!(reply.json()["details"]["fields"][0]["field"], field, "{query}");
    }
}

#[tokio::test]
async fn where_nothing_was_logged_the_list_is_empty() {
    let world = crate::world::world().await;
    assert_eq!(world.get(&world.root, "/admin/logs/files").await.json(), json!({"items": []}));
}
