use plexi_auth::memory::MemoryStore;
use plexi_core::SpaceId;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_in_memory_store_keeps_the_contract_of_every_store() {
    let space = SpaceId::from_uuid(uuid::Uuid::from_u128(7));
    plexi_auth::ports::contract::run(async || (MemoryStore::new(), space)).await;
}
