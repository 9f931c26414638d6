use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::{drop_tables, run};

/// Who takes part in which thread, and what they have seen of it.
pub struct Migration;

const UP: &[&str] = &[
    // `seen` counts the replies that are read; `named` is the position of the last one that names the user. As the other tables
    // on the path of a message this one has no foreign keys.
    "CREATE TABLE thread_members (
        user_id {uuid} NOT NULL,
        root_key {int} NOT NULL,
        root_id {uuid} NOT NULL,
        channel_id {uuid} NOT NULL,
        seen {int} NOT NULL,
        named {int} NULL,
        PRIMARY KEY (user_id, root_key)
    ){keyed}",
    "CREATE INDEX thread_members_by_root ON thread_members (root_key)",
    // In the threads that are there already all replies count as read.
    "INSERT INTO thread_members (user_id, root_key, root_id, channel_id, seen, named)
        SELECT p.author_id, p.root_key, r.id, r.channel_id, r.reply_total, NULL FROM (
            SELECT author_id, thread_key AS root_key FROM messages WHERE thread_key <> 0
            UNION SELECT author_id, message_key AS root_key FROM messages WHERE reply_total > 0
        ) p JOIN messages r ON r.message_key = p.root_key",
];

const DOWN: &[&str] = &["thread_members"];

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_threads"
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
