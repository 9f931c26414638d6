//! What is deleted is gone from the file, too.

use plexi_core::Timestamp;
use plexi_db::Engine;
use plexi_messaging::ports::MessageStore;

use crate::engines::Place;
use crate::rooms::Room;

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
