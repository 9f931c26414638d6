use async_trait::async_trait;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::run;

/// The search index of `SQLite` takes the tokens of a deleted message out, where it only marked them as deleted before.
pub struct Migration;

/// Makes the index anew, of the words of the one that is there, between its creation and its options.
macro_rules! made_anew {
    ($options:literal, $($setting:literal),+) => {
        &[
            concat!("CREATE VIRTUAL TABLE message_index_new USING fts5(tokens, content='', ", $options, "detail=none, tokenize='ascii')"),
            $(concat!("INSERT INTO message_index_new (message_index_new, rank) VALUES (", $setting, ")"),)+
            "CREATE VIRTUAL TABLE message_index_words USING fts5vocab(message_index, instance)",
            "INSERT INTO message_index_new (rowid, tokens) SELECT doc, group_concat(term, ' ') FROM message_index_words GROUP BY doc",
            "DROP TABLE message_index_words",
            "DROP TABLE message_index",
            "ALTER TABLE message_index_new RENAME TO message_index",
        ]
    };
}

const UP: &[&str] = made_anew!("", "'automerge', 8", "'secure-delete', 1");

const DOWN: &[&str] = made_anew!("contentless_delete=1, ", "'automerge', 8");

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0008_search_forgets"
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
