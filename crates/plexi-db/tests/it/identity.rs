//! The identity stores keep their contract.

use plexi_auth::ports::{AccountStore, RoleStore, contract};
use plexi_core::{SpaceId, Timestamp};
use plexi_db::Engine;
use plexi_messaging::model::Space;
use plexi_messaging::ports::{ImportTerms, TransferStore};

use crate::engines::{Place, ids, server};

async fn keeps_the_contract(engine: Engine) {
    let Some(server) = server(engine) else { return };
    let place = Place::new(engine, &server).await;
    let database = place.open().await;
    contract::run(async || {
        place.clear().await;
        let id: SpaceId = ids().next().unwrap();
        let created_at = Timestamp::from_seconds(1_790_000_000);
        let space = Space { id, name: "Home".to_owned(), archived: false, created_at, role: None };
        database.import_space(&space, ImportTerms::of(uuid::Uuid::nil())).await.unwrap();
        (database.clone(), id)
    })
    .await;
    database.close().await;
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_the_contract() {
    keeps_the_contract(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_the_contract() {
    keeps_the_contract(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_keeps_the_contract() {
    keeps_the_contract(Engine::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_there_after_a_restart() {
    let place = Place::new(Engine::Sqlite, "").await;
    let database = place.open().await;
    database.ensure_roles(&plexi_auth::roles::built_in()).await.unwrap();
    database.close().await;
    let database = place.open().await;
    assert_eq!(database.roles(None).await.unwrap().len(), plexi_auth::roles::built_in().len());
    assert!(!database.has_admin().await.unwrap());
}
