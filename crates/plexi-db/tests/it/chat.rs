//! The chat stores keep their contract.

use plexi_auth::ports::RoleStore;
use plexi_db::Engine;
use plexi_messaging::ports::contract;

use crate::engines::{Place, server};

async fn keeps_the_contract(engine: Engine) {
    let Some(server) = server(engine) else { return };
    let place = Place::new(engine, &server).await;
    let database = place.open().await;
    contract::run(async || {
        place.clear().await;
        database.ensure_roles(&plexi_auth::roles::built_in()).await.unwrap();
        database.clone()
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
