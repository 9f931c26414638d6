use plexi_messaging::memory::MemoryStore;
use plexi_messaging::ports::contract;

#[tokio::test]
async fn the_store_in_memory_keeps_the_contract() {
    contract::run(async || MemoryStore::new()).await;
}
