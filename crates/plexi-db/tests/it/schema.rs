//! The schema goes up, down and up again, on data.

use plexi_auth::ports::{AccountStore, RoleStore};
use plexi_core::{Timestamp, UserId};
use plexi_db::{Counts, Database, DatabaseConfig, DbError, IdempotencyPut, IdempotencyRecord};
use plexi_messaging::model::Space;
use plexi_messaging::ports::{
    ImportTerms, ImportedUser, MessageStore, NewMessage, ReadStore, SearchPlan, SearchStore, TransferStore,
};
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::engines::{engines, ids};
use crate::rooms::{Room, terms};

fn record(user: UserId, key: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        user,
        key: key.to_owned(),
        request: [7; 32],
        status: 201,
        answer: vec![0, 159, 146, 150],
        expires_at: Timestamp::from_seconds(2_000_000_000),
    }
}

engines!(steps_go_down_and_up_again_on_data, |place| {
    let database = place.open().await;
    let room = Room::new(&database).await;
    let said = room.say(&database, "kept through the steps").await;
    let answer = NewMessage { thread_id: Some(said.id), author_id: room.bob, ..room.draft("an answer") };
    database.post(&[answer]).await.unwrap().remove(0).unwrap();
    let said = database.message(said.id, room.ada).await.unwrap().unwrap();
    let now = Timestamp::from_seconds(1_900_000_000);
    assert_eq!(database.idempotency_put(&record(room.ada, "k"), now).await.unwrap(), IdempotencyPut::Stored);

    // The last steps are taken back and done again: who takes part in a thread is read from its replies, which count as read.
    assert_eq!(database.threads_of(room.ada, true, 10).await.unwrap().len(), 1);
    database.migrate_down(Some(2)).await.unwrap();
    let space = Space { name: "late".to_owned(), ..database.export_spaces().await.unwrap().remove(0) };
    let late = Space { id: ids().next().unwrap(), ..space };
    assert!(database.import_space(&late, ImportTerms::of(uuid::Uuid::nil())).await.is_err());
    database.migrate_down(Some(1)).await.unwrap();
    assert!(database.categories(room.ada).await.is_err());
    database.migrate_down(Some(1)).await.unwrap();
    assert!(database.threads_of(room.ada, true, 10).await.is_err());
    database.migrate_up(None).await.unwrap();
    assert_eq!(database.threads_of(room.ada, true, 10).await.unwrap(), []);
    assert_eq!(database.thread_states(said.id).await.unwrap().len(), 2);

    // What waited for the search index is in it after the step before them.
    database.migrate_down(Some(5)).await.unwrap();
    database.migrate_up(None).await.unwrap();
    let words = SearchPlan { terms: terms("steps"), ..SearchPlan::default() };
    let by_word = database.find(&words, room.ada, None, 10).await.unwrap();
    assert_eq!(by_word, std::slice::from_ref(&said));

    // Then the step before it, too: only what that holds is gone.
    database.migrate_down(Some(6)).await.unwrap();
    assert!(database.idempotency_get(room.ada, "k", now).await.is_err());
    database.migrate_up(None).await.unwrap();
    assert_eq!(database.idempotency_get(room.ada, "k", now).await.unwrap(), None);
    let found = database.find(&SearchPlan::default(), room.ada, None, 10).await.unwrap();
    assert_eq!(found.last(), Some(&said));

    // Then all conversations: the accounts stay.
    database.migrate_down(Some(7)).await.unwrap();
    assert!(database.account(room.ada).await.unwrap().is_some());
    assert!(database.counts().await.is_err());
    database.migrate_up(None).await.unwrap();
    let counts = database.counts().await.unwrap();
    assert_eq!(counts, Counts { users: 2, spaces: 1, ..Counts::default() });

    // Then everything; what is left is an empty database that can be used.
    database.migrate_down(None).await.unwrap();
    let raw = place.raw().await;
    for table in place.tables() {
        assert!(
            raw.execute_unprepared(&format!("SELECT COUNT(*) FROM {table}")).await.is_err(),
            "{table} is left"
        );
    }
    raw.close().await.unwrap();
    database.migrate_up(None).await.unwrap();
    database.migrate_up(None).await.unwrap();
    let room = Room::new(&database).await;
    room.say(&database, "again").await;
    assert_eq!(database.counts().await.unwrap().messages, 1);
    database.close().await;
});

engines!(a_schema_is_brought_up_to_date_at_the_start, |place| {
    let old = place.open().await;
    old.ensure_roles(&plexi_auth::roles::built_in()).await.unwrap();
    let id = ids().next().unwrap();
    let created_at = Timestamp::from_seconds(1_790_000_000);
    let user = ImportedUser::new(id, "ada", "Ada", created_at);
    old.import_users(std::slice::from_ref(&user), ImportTerms::of(uuid::Uuid::nil())).await.unwrap();
    old.migrate_down(Some(7)).await.unwrap();
    old.close().await;
    let new = place.open().await;
    assert_eq!(new.export_users(None, 10).await.unwrap(), [user]);
    assert_eq!(new.counts().await.unwrap().messages, 0);
    new.close().await;
});

engines!(answers_are_kept_once_and_until_their_time, |place| {
    let database = place.open().await;
    let (ada, bob): (UserId, UserId) = (ids().next().unwrap(), ids().next().unwrap());
    let now = Timestamp::from_seconds(1_900_000_000);
    let late = Timestamp::from_seconds(2_000_000_000);
    let first = record(ada, "k");
    assert_eq!(database.idempotency_get(ada, "k", now).await.unwrap(), None);
    assert_eq!(database.idempotency_put(&first, now).await.unwrap(), IdempotencyPut::Stored);
    assert_eq!(database.idempotency_get(ada, "k", now).await.unwrap(), Some(first.clone()));
    assert_eq!(database.idempotency_get(bob, "k", now).await.unwrap(), None);
    assert_eq!(database.idempotency_get(ada, "K", now).await.unwrap(), None);
    let second = IdempotencyRecord { status: 500, ..first.clone() };
    assert_eq!(database.idempotency_put(&second, now).await.unwrap(), IdempotencyPut::Present(first));
    let huge = IdempotencyRecord { answer: vec![0; plexi_db::MAX_ANSWER_BYTES + 1], ..record(ada, "huge") };
    assert_eq!(database.idempotency_put(&huge, now).await.unwrap(), IdempotencyPut::TooLarge);
    let whole = IdempotencyRecord { answer: vec![255; plexi_db::MAX_ANSWER_BYTES], ..record(ada, "whole") };
    assert_eq!(database.idempotency_put(&whole, now).await.unwrap(), IdempotencyPut::Stored);
    assert_eq!(database.idempotency_get(ada, "whole", now).await.unwrap(), Some(whole));

    assert_eq!(database.idempotency_get(ada, "k", late).await.unwrap(), None);
    let renewed = IdempotencyRecord { expires_at: Timestamp::from_seconds(2_100_000_000), ..second };
    assert_eq!(database.idempotency_put(&renewed, late).await.unwrap(), IdempotencyPut::Stored);
    assert_eq!(database.idempotency_purge(late).await.unwrap(), 1);
    assert_eq!(database.idempotency_get(ada, "k", late).await.unwrap(), Some(renewed));

    let mut racers = tokio::task::JoinSet::new();
    for status in 200..208 {
        let (database, record) = (database.clone(), IdempotencyRecord { status, ..record(bob, "race") });
        racers.spawn(async move { database.idempotency_put(&record, now).await.unwrap() });
    }
    let puts = racers.join_all().await;
    let kept = database.idempotency_get(bob, "race", now).await.unwrap().unwrap();
    assert_eq!(puts.iter().filter(|put| **put == IdempotencyPut::Stored).count(), 1, "{puts:?}");
    assert!(puts.iter().all(|put| matches!(put, IdempotencyPut::Stored) || *put == IdempotencyPut::Present(kept.clone())));
    database.close().await;
});

/// Takes the lock of the schema as a server does that is busy with it.
async fn hold_schema(raw: &sea_orm::DatabaseConnection) {
    let sql = match raw.get_database_backend() {
        sea_orm::DbBackend::Postgres => "SELECT pg_advisory_lock(8100961397571283059)",
        sea_orm::DbBackend::MySql => "SELECT GET_LOCK(CONCAT('plexichat.schema.', SHA1(DATABASE())), 0)",
        _ => return,
    };
    raw.execute_unprepared(sql).await.unwrap();
}

engines!(servers_that_start_at_once_on_an_empty_database_change_its_schema_one_after_the_other, |place| {
    // a file has one server, by the lock of its folder
    if place.config.url.expose() != "sqlite" {
        let mut starting = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (config, folder) = (place.config.clone(), place.folder.path().to_owned());
            starting.spawn(async move { Database::connect(&config, &folder).await });
        }
        for started in starting.join_all().await {
            let database = started.unwrap();
            assert_eq!(database.counts().await.unwrap(), Counts::default());
            database.close().await;
        }
    }
});

engines!(a_server_waits_for_another_that_changes_the_schema_and_not_for_ever, |place| {
    if place.config.url.expose() != "sqlite" {
        let other = place.raw().await;
        hold_schema(&other).await;
        let config = DatabaseConfig { schema_wait_ms: 50, ..place.config.clone() };
        let refused = Database::connect(&config, place.folder.path()).await.unwrap_err();
        assert!(matches!(refused, DbError::SchemaBusy(_)), "{refused}");
        assert!(refused.to_string().contains("another server"), "{refused}");
        // it ends without letting go, as a server does that is killed
        other.close().await.unwrap();
        place.open().await.close().await;
    }
});

engines!(a_start_waits_for_what_a_killed_server_still_commits_and_not_for_ever, |place| {
    // what a process does with a file ends with it
    if place.config.url.expose() != "sqlite" {
        let database = place.open().await;
        let room = Room::new(&database).await;
        let before = room.say(&database, "acknowledged").await.seq;
        database.close().await;
        let killed = place.raw().await;
        let late = killed.begin().await.unwrap();
        late.execute_unprepared("SELECT last_seq FROM channels FOR UPDATE").await.unwrap();
        let config = DatabaseConfig { schema_wait_ms: 50, ..place.config.clone() };
        let refused = Database::connect(&config, place.folder.path()).await.unwrap_err();
        assert!(matches!(refused, DbError::StillWriting(_)), "{refused}");

        let commits = async {
            late.execute_unprepared("UPDATE channels SET last_seq = last_seq + 1").await.unwrap();
            late.commit().await.unwrap();
        };
        let (database, ()) = tokio::join!(place.open(), commits);
        let after = room.say(&database, "seen").await.seq;
        assert_eq!(after, before + 2, "who asks from now on is told of what was committed late");
        database.close().await;
        killed.close().await.unwrap();
    }
});

engines!(a_changed_password_is_taken_up_once_it_is_known_to_be_right, |place| {
    let database = place.open().await;
    let url = place.config.url.clone();
    let with = |from: &str, to: &str| plexi_core::Secret::new(url.expose().replacen(from, to, 1));
    if url.expose() == "sqlite" {
        assert!(
            !database.sign_in_as(&with("sqlite", "sqlite:other.db")).await.unwrap(),
            "a file has no password"
        );
    } else {
        assert!(database.sign_in_as(&url).await.unwrap());
        assert!(
            !database.sign_in_as(&with("/plexi_t_", "/other_")).await.unwrap(),
            "another database is no password"
        );
        let wrong = database.sign_in_as(&with("//plexi:", "//nobody:")).await.unwrap_err();
        assert!(!wrong.to_string().contains("nobody:"), "{wrong}");
    }
    assert_eq!(database.counts().await.unwrap(), Counts::default(), "what was right before still is");
    database.close().await;
});
