//! A post builds on what was seen of its channels before, and notices when that is no longer so.

use plexi_core::StoreError;
use plexi_core::Timestamp;
use plexi_db::Engine;
use plexi_messaging::ports::MessageStore;

use crate::engines::{Place, engines};
use crate::rooms::Room;

engines!(what_others_wrote_in_between_is_seen, |place| {
    let (here, there) = (place.open().await, place.open().await);
    let room = Room::new(&here).await;
    let at = Timestamp::from_seconds(1_900_000_000);
    for round in 0..4 {
        let said = room.say(&here, "here").await;
        room.say(&there, "there").await;
        here.react(said.id, room.ada, "+1", at).await.unwrap().unwrap();
        assert_eq!(room.say(&here, "here again").await.position, round * 3 + 2);
    }
    let events = here.events_after(room.channel, 0, 100).await.unwrap();
    let seqs: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=16).collect::<Vec<_>>());
    here.close().await;
    there.close().await;
});

engines!(a_repeated_message_is_stored_once, |place| {
    let database = place.open().await;
    let room = Room::new(&database).await;
    room.say(&database, "so that the channel was seen").await;
    let mut first = room.draft("once");
    first.client_id = Some("key".to_owned());
    let posted = database.post(std::slice::from_ref(&first)).await.unwrap().remove(0).unwrap();
    assert!(!posted.duplicate);
    let mut again = room.draft("once");
    again.client_id = Some("key".to_owned());
    let batch = [room.draft("before"), again, room.draft("after")];
    let outcomes = database.post(&batch).await.unwrap();
    let seqs: Vec<(i64, bool)> = outcomes
        .into_iter()
        .map(|posted| posted.map(|posted| (posted.message.seq, posted.duplicate)).unwrap())
        .collect();
    assert_eq!(seqs, [(3, false), (2, true), (4, false)]);
    let taken = database.post(&[first, room.draft("beside it")]).await.unwrap();
    assert!(taken[0].as_ref().unwrap().duplicate && taken[1].as_ref().unwrap().message.seq == 5);
    let mut collides = room.draft("another with the same id");
    collides.id = batch[0].id;
    let outcomes = database.post(&[collides, room.draft("last")]).await.unwrap();
    assert!(matches!(outcomes[0], Err(StoreError::Conflict("id"))));
    assert_eq!(outcomes[1].as_ref().unwrap().message.seq, 6);
    database.close().await;
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_gone_takes_no_message() {
    use sea_orm::ConnectionTrait as _;
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    let room = Room::new(&database).await;
    room.say(&database, "seen").await;
    let raw = place.raw().await;
    raw.execute_unprepared("PRAGMA foreign_keys = OFF; DELETE FROM channels").await.unwrap();
    raw.close().await.unwrap();
    assert!(matches!(room.try_say(&database, "lost").await, Err(StoreError::Missing("channel"))));
    database.close().await;
}
