//! What is posted goes to the search index of `SQLite` many at once; a search finds it before, meanwhile and after.

use plexi_core::{Timestamp, UserId};
use plexi_db::{Database, Engine};
use plexi_messaging::model::Message;
use plexi_messaging::ports::{Edit, MessageStore, SearchPlan, SearchStore};
use plexi_messaging::search::index_text;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::engines::Place;
use crate::rooms::{Room, terms};

async fn found(
    database: &Database,
    reader: UserId,
    word: &str,
    below: Option<i64>,
    limit: u32,
) -> Vec<Message> {
    let plan = SearchPlan { terms: terms(word), ..SearchPlan::default() };
    database.find(&plan, reader, below, limit).await.unwrap()
}

async fn waiting(place: &Place) -> i64 {
    let raw = place.raw().await;
    let count = Statement::from_string(DbBackend::Sqlite, "SELECT COUNT(*) FROM message_backlog");
    let count = raw.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    raw.close().await.unwrap();
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_is_found_at_once_wherever_it_waits() {
    let place = Place::new(Engine::Sqlite, "").await;
    let mut database = place.open().await;
    let room = Room::new(&database).await;
    let mut said = Vec::new();
    for round in 0..25 {
        let batch: Vec<_> = (0..50).map(|n| room.draft(&format!("plum number {round} {n}"))).collect();
        let posted = database.post(&batch).await.unwrap();
        said.extend(posted.into_iter().map(|posted| posted.unwrap().message.id));
        assert!(waiting(&place).await < 512 + 50, "the backlog is moved when it is long");
        let newest = found(&database, room.ada, "plum", None, 1).await;
        assert_eq!(newest.first().map(|message| message.id), said.last().copied());
        if round == 15 {
            // A new start finds what waited.
            database.close().await;
            database = place.open().await;
        }
    }
    assert!((1..512).contains(&waiting(&place).await), "some are in the index, some are not");

    // Pages go through both without a gap and without a double.
    let (mut pages, mut below) = (Vec::new(), None);
    loop {
        let page = found(&database, room.ada, "lum", below, 70).await;
        let Some(last) = page.last() else { break };
        below = Some(last.id.key().0);
        pages.extend(page.into_iter().map(|message| message.id));
    }
    said.reverse();
    assert_eq!(pages, said);
    assert!(found(&database, room.ada, "quince", None, 10).await.is_empty());
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_and_deletions_reach_what_waits() {
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    let room = Room::new(&database).await;
    let (edited, deleted) = (room.say(&database, "a plum").await, room.say(&database, "one more plum").await);
    let edit = Edit {
        text: "a quince".to_owned(),
        at: Timestamp::from_seconds(1_900_000_000),
        mentions: Vec::new(),
        mentions_all: false,
        index: index_text("a quince"),
        has_link: false,
        expected: None,
    };
    database.edit(edited.id, &edit).await.unwrap();
    database.delete(deleted.id, edit.at).await.unwrap();
    assert_eq!(waiting(&place).await, 0);
    assert!(found(&database, room.ada, "plum", None, 10).await.is_empty());
    let quinces = found(&database, room.ada, "quin", None, 10).await;
    assert_eq!(quinces.into_iter().map(|message| message.id).collect::<Vec<_>>(), [edited.id]);
    // The beginning of a word, too short for the index of three characters.
    let plan = SearchPlan { terms: terms("q"), ..SearchPlan::default() };
    let other = room.say(&database, "qi").await;
    assert_eq!(database.find(&plan, room.ada, None, 1).await.unwrap(), [other]);
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_messages_do_not_wait() {
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    let room = Room::new(&database).await;
    let numbers: Vec<String> = (0..2_000).map(|n: u32| n.to_string()).collect();
    let long = format!("{} plum", numbers.join(" "));
    let said = room.say(&database, &long).await;
    assert_eq!(waiting(&place).await, 0);
    assert_eq!(found(&database, room.ada, "plum", None, 10).await, [said]);
    database.close().await;
}
