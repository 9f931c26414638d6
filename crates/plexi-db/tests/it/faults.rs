//! What happens when another process is in the way, the server is gone, or the settings are wrong.

use plexi_core::Secret;
use plexi_core::StoreError;
use plexi_db::{Database, DatabaseConfig, DbError, Engine};
use plexi_messaging::ports::MessageStore;
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::engines::{Place, engines};
use crate::rooms::Room;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_waits_for_another_process() {
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    let room = Room::new(&database).await;
    let other = place.raw().await;
    let blocking = other.begin().await.unwrap();
    blocking.execute_unprepared("UPDATE spaces SET archived = true").await.unwrap();
    let (said, committed) = tokio::join!(room.try_say(&database, "patient"), blocking.commit());
    committed.unwrap();
    assert_eq!(said.unwrap().seq, 1);
}

engines!(a_closed_store_is_unavailable, |place| {
    let database = place.open().await;
    let room = Room::new(&database).await;
    database.health().await.unwrap();
    database.close().await;
    assert!(matches!(room.try_say(&database, "lost").await, Err(StoreError::Unavailable(_))));
    assert!(matches!(database.events_after(room.channel, 0, 10).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(database.health().await, Err(DbError::Unavailable(_))));
});

engines!(a_failed_batch_stores_nothing, |place| {
    let database = place.open().await;
    let room = Room::new(&database).await;
    room.say(&database, "before").await;
    // The last table that a batch writes to is gone, so everything before it must be taken back.
    let raw = place.raw().await;
    raw.execute_unprepared("ALTER TABLE message_mentions RENAME TO hidden").await.unwrap();
    let mut named = room.draft("@ada");
    named.mentions = vec![room.ada];
    assert!(matches!(database.post(&[room.draft("plain"), named.clone()]).await, Err(StoreError::Failed(_))));
    raw.execute_unprepared("ALTER TABLE hidden RENAME TO message_mentions").await.unwrap();
    let done = database.post(&[named]).await.unwrap().remove(0).unwrap();
    assert_eq!((done.message.seq, done.message.position), (2, 1));
    assert_eq!(database.events_after(room.channel, 0, 10).await.unwrap().len(), 2);
    raw.close().await.unwrap();
    database.close().await;
});

#[tokio::test]
async fn a_server_that_is_not_there_is_said_without_the_password() {
    for url in [
        "postgres://plexi:hunter2@127.0.0.1:9/x",
        "mysql://plexi:hunter2@127.0.0.1:9/x",
        "oracle://plexi:hunter2@x/y",
    ] {
        let config = DatabaseConfig {
            url: Secret::new(url.to_owned()),
            acquire_timeout_ms: 200,
            ..DatabaseConfig::default()
        };
        let error = Database::connect(&config, std::path::Path::new(".")).await.unwrap_err();
        assert!(matches!(error, DbError::Connect(_) | DbError::Url), "{error}");
        assert!(!format!("{error} {error:?} {config:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = Database::connect(&DatabaseConfig::default(), &missing).await.unwrap_err();
    assert!(matches!(error, DbError::Connect(_)), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plexichat.db"), "this is no database, it is text of some length")
        .unwrap();
    assert!(Database::connect(&DatabaseConfig::default(), folder.path()).await.is_err());
}
