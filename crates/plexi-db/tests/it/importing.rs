//! Who comes by an import looks like nobody who is there.

use plexi_auth::ports::RoleStore;
use plexi_core::{Timestamp, UserId};
use plexi_db::Engine;
use plexi_messaging::ports::{ImportTerms, ImportedUser, TransferStore};

use crate::engines::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_imported_name_that_looks_like_another_is_changed() {
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    database.ensure_roles(&plexi_auth::roles::built_in()).await.unwrap();
    let user = |number: u128, name: &str| {
        let id = UserId::from_uuid(uuid::Uuid::from_u128(number));
        ImportedUser::new(id, name, name, Timestamp::from_seconds(1))
    };
    let names = |placed: Vec<plexi_messaging::ports::Placed<UserId>>| {
        placed.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    // The second begins with a Cyrillic letter, the third has a digit for a letter.
    let first = [user(1, "alice"), user(2, "\u{430}lice")];
    let placed = database.import_users(&first, ImportTerms::of(uuid::Uuid::nil())).await.unwrap();
    assert_eq!(names(placed), ["alice", "\u{430}lice-2"]);
    let placed =
        database.import_users(&[user(3, "a1ice")], ImportTerms::of(uuid::Uuid::nil())).await.unwrap();
    assert_eq!(names(placed), ["a1ice-3"]);
    let placed = database.import_users(&first, ImportTerms::of(uuid::Uuid::nil())).await.unwrap();
    assert!(placed.iter().all(|one| one.present));
    database.close().await;
}
