use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::{drop_tables, run};

/// Answers kept for repeated requests.
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE idempotency (
        user_id {uuid} NOT NULL,
        request_key {name} NOT NULL,
        request_digest {digest} NOT NULL,
        status {int} NOT NULL,
        answer {bytes} NOT NULL,
        expires_at {int} NOT NULL,
        PRIMARY KEY (user_id, request_key)
    ){keyed}",
    "CREATE INDEX idempotency_by_expiry ON idempotency (expires_at)",
];

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_idempotency"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["idempotency"]).await
    }
}
