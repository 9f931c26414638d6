//! Exports of other programs as they are found, with what is broken in them.

use std::io::Write as _;
use std::path::Path;

use plexi_messaging::memory::MemoryStore;
use plexi_messaging::ports::{Directory, SearchPlan, SearchStore};
use plexi_messaging::transfer::{Report, Source, import_file};

async fn import(store: &MemoryStore, source: Source, path: &Path) -> Report {
    import_file(store, source, path, false, &|_| {}).await.unwrap()
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
