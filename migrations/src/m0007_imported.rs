use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::{drop_tables, run};

/// What imports made, and from which source.
pub struct Migration;

const UP: &[&str] = &[
    // `kind` is in the key: an id says which thing it is only together with what kind of thing that is.
    "CREATE TABLE imported (
        kind {name} NOT NULL,
        id {uuid} NOT NULL,
        origin {uuid} NOT NULL,
        PRIMARY KEY (kind, id)
    ){keyed}",
];

const DOWN: &[&str] = &["imported"];

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_imported"
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
        drop_tables(manager, DOWN).await
    }
}
