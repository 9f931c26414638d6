use async_trait::async_trait;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::run;

/// Messages that wait to be taken into the search index of `SQLite`, many at once.
pub struct Migration;

const UP: &[&str] =
    &["CREATE TABLE message_backlog (message_key INTEGER NOT NULL PRIMARY KEY, tokens TEXT NOT NULL)"];

const DOWN: &[&str] = &[
    "INSERT INTO message_index (rowid, tokens) SELECT message_key, tokens FROM message_backlog",
    "DROP TABLE message_backlog",
];

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_search_backlog"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => run(manager, UP).await,
            _ => Ok(()),
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => run(manager, DOWN).await,
            _ => Ok(()),
        }
    }
}
