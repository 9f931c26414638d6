//! What is deleted is gone from the file, too.

use plexi_core::Timestamp;
use plexi_db::Engine;
use plexi_messaging::ports::{MessageStore, SearchPlan, SearchStore};
use plexi_messaging::search::index_text;
use sea_orm::ConnectionTrait;

use crate::engines::Place;
use crate::rooms::{Room, terms};

/// What the files of a database hold, one after the other.
fn bytes(place: &Place) -> Vec<u8> {
    let files = std::fs::read_dir(place.folder.path()).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

fn holds(place: &Place, text: &str) -> bool {
    bytes(place).windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_text_does_not_stay_in_the_file() {
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    let room = Room::new(&database).await;
    let phrase = "the plum tree, by the old canal; ";
    let said = room.say(&database, &phrase.repeat(60)).await;
    database.close().await;
    assert!(holds(&place, phrase));

    let database = place.open().await;
    database.delete(said.id, Timestamp::from_seconds(1_900_000_000)).await.unwrap().unwrap();
    database.close().await;
    assert!(!holds(&place, phrase));
}

/// A word of three letters that no other message has, and the end of its token that is not filled up: the index may shorten
/// the beginning.
fn rare() -> (&'static str, String) {
    let word = "\u{1f0}\u{298}\u{1c1}";
    let tokens = index_text(word);
    let whole = tokens.split(' ').find(|token| !token.ends_with("aaaa")).unwrap();
    (word, whole[4..].to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_of_a_deleted_text_leave_the_search_index_and_nothing_else_does() {
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    let room = Room::new(&database).await;
    let (word, token) = rare();
    let said = room.say(&database, &format!("a plum and a {word}")).await;
    let mut kept = Vec::new();
    for round in 0..12 {
        let batch: Vec<_> = (0..50).map(|n| room.draft(&format!("plum number {round} {n}"))).collect();
        kept.extend(
            database.post(&batch).await.unwrap().into_iter().map(|posted| posted.unwrap().message.id),
        );
    }
    assert!(holds(&place, &token), "it is in the index");
    // Also by the step back and forth, which makes the index anew of itself.
    database.migrate_down(Some(1)).await.unwrap();
    database.migrate_up(None).await.unwrap();
    assert!(holds(&place, &token), "it still is");

    database.delete(said.id, Timestamp::from_seconds(1_900_000_000)).await.unwrap().unwrap();
    assert!(database.sweep().await.unwrap());
    assert!(!holds(&place, &token) && !holds(&place, word), "a swept file holds neither word nor tokens");
    let raw = place.raw().await;
    let sound = "INSERT INTO message_index (message_index) VALUES ('integrity-check')";
    raw.execute_unprepared(sound).await.unwrap();
    raw.close().await.unwrap();
    let plan = SearchPlan { terms: terms("plum"), ..SearchPlan::default() };
    let found = database.find(&plan, room.ada, None, 500).await.unwrap();
    let newest: Vec<_> = kept.iter().rev().take(500).copied().collect();
    assert_eq!(found.into_iter().map(|message| message.id).collect::<Vec<_>>(), newest);
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_gives_way_to_who_reads_and_is_made_up_for() {
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    let room = Room::new(&database).await;
    let said = room.say(&database, "the plum tree").await;
    let raw = place.raw().await;
    let reader = sea_orm::TransactionTrait::begin(&raw).await.unwrap();
    reader
        .query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            "SELECT COUNT(*) FROM messages",
        ))
        .await
        .unwrap();
    database.delete(said.id, Timestamp::from_seconds(1_900_000_000)).await.unwrap().unwrap();
    assert!(!database.sweep().await.unwrap(), "somebody reads what was before");
    reader.rollback().await.unwrap();
    assert!(database.sweep().await.unwrap());
    assert!(!holds(&place, "the plum tree"));
    raw.close().await.unwrap();
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_that_died_did_not_sweep_the_next_one_does() {
    let place = Place::new(Engine::Sqlite, "").await;
    let died = place.open().await;
    let room = Room::new(&died).await;
    let said = room.say(&died, "the plum tree").await;
    died.delete(said.id, Timestamp::from_seconds(1_900_000_000)).await.unwrap().unwrap();
    assert!(holds(&place, "the plum tree"), "it is in the write-ahead log");

    let next = place.open().await;
    assert!(next.sweep().await.unwrap());
    assert!(!holds(&place, "the plum tree"));
    next.close().await;
    died.close().await;
}
