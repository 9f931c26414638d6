use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::{drop_tables, run};

/// How people group the channels in their sidebars.
pub struct Migration;

const UP: &[&str] = &[
    // `categories` is a JSON list: it is read and written as a whole by its owner only.
    "CREATE TABLE sidebars (
        user_id {uuid} NOT NULL PRIMARY KEY,
        categories {text} NOT NULL
    ){keyed}",
];

const DOWN: &[&str] = &["sidebars"];

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_categories"
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
