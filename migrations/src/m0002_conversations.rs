use async_trait::async_trait;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::{drop_tables, run};

/// Channels, messages with their threads, events, search index, read state and drafts.
pub struct Migration;

const UP: &[&str] = &[
    "CREATE TABLE channels (
        id {uuid} NOT NULL PRIMARY KEY,
        space_id {uuid} NULL,
        kind {name} NOT NULL,
        name {name} NOT NULL,
        name_folded {name} NOT NULL,
        topic {text} NOT NULL,
        archived {bool} NOT NULL,
        created_at {int} NOT NULL,
        last_seq {int} NOT NULL,
        main_count {int} NOT NULL,
        last_message_at {int} NULL,
        member_count {int} NOT NULL,
        direct_key {long_name} NULL,
        CONSTRAINT channels_name UNIQUE (space_id, name),
        CONSTRAINT channels_direct UNIQUE (direct_key),
        CONSTRAINT channels_space FOREIGN KEY (space_id) REFERENCES spaces (id)
    ){table}",
    "CREATE INDEX channels_by_name ON channels (name_folded)",
    // `imported` is true until the import of the channel is finished.
    "CREATE TABLE channel_members (
        channel_id {uuid} NOT NULL,
        user_id {uuid} NOT NULL,
        role_id {uuid} NOT NULL,
        last_read_seq {int} NOT NULL,
        muted {bool} NOT NULL,
        favourite {bool} NOT NULL,
        imported {bool} NOT NULL,
        joined_at {int} NOT NULL,
        PRIMARY KEY (channel_id, user_id),
        CONSTRAINT channel_members_channel FOREIGN KEY (channel_id) REFERENCES channels (id),
        CONSTRAINT channel_members_user FOREIGN KEY (user_id) REFERENCES users (id),
        CONSTRAINT channel_members_role FOREIGN KEY (role_id) REFERENCES roles (id)
    ){keyed}",
    "CREATE INDEX channel_members_by_user ON channel_members (user_id, channel_id)",
    "CREATE INDEX channel_members_by_role ON channel_members (role_id)",
    // Which message has which `seq` is said by `channel_events`, once.
    // `message_key` is computed from `id`, so one index finds both. `thread_key` is 0 on the main line. The tables on
    // the path of a message have no foreign keys: the channel's row is locked and read before each write.
    // `reply_total` counts the places of the thread below, `reply_count` those not deleted; `mentions` and
    // `participants` are ids of 16 bytes one after the other.
    "CREATE TABLE messages (
        message_key {int} NOT NULL PRIMARY KEY,
        id {uuid} NOT NULL,
        channel_id {uuid} NOT NULL,
        seq {int} NOT NULL,
        thread_key {int} NOT NULL,
        thread_id {uuid} NULL,
        position {int} NOT NULL,
        author_id {uuid} NOT NULL,
        kind {name} NOT NULL,
        body {text} NOT NULL,
        system_note {text} NULL,
        created_at {int} NOT NULL,
        edited_at {int} NULL,
        deleted {bool} NOT NULL,
        client_id {name} NULL,
        reply_to {uuid} NULL,
        mentions {bytes} NULL,
        mentions_all {bool} NOT NULL,
        pinned_at {int} NULL,
        pinned_by {uuid} NULL,
        has_link {bool} NOT NULL,
        has_reactions {bool} NOT NULL,
        reply_total {int} NOT NULL,
        reply_count {int} NOT NULL,
        last_reply_at {int} NULL,
        participants {bytes} NULL
    ){table}",
    "CREATE INDEX messages_position ON messages (channel_id, thread_key, position)",
    "CREATE TABLE channel_events (
        channel_id {uuid} NOT NULL,
        seq {int} NOT NULL,
        happened_at {int} NOT NULL,
        kind {name} NOT NULL,
        message_key {int} NULL,
        payload {text} NULL,
        PRIMARY KEY (channel_id, seq)
    ){keyed}",
    "CREATE TABLE message_revisions (
        message_key {int} NOT NULL,
        revision {int} NOT NULL,
        body {text} NOT NULL,
        replaced_at {int} NOT NULL,
        PRIMARY KEY (message_key, revision)
    ){keyed}",
    "CREATE TABLE reactions (
        message_key {int} NOT NULL,
        emoji {name} NOT NULL,
        user_id {uuid} NOT NULL,
        reacted_at {int} NOT NULL,
        PRIMARY KEY (message_key, emoji, user_id)
    ){keyed}",
    // Main-line messages that name somebody; the nil user stands for everybody.
    "CREATE TABLE message_mentions (
        user_id {uuid} NOT NULL,
        channel_id {uuid} NOT NULL,
        seq {int} NOT NULL,
        author_id {uuid} NOT NULL,
        PRIMARY KEY (user_id, channel_id, seq)
    ){keyed}",
    "CREATE TABLE drafts (
        user_id {uuid} NOT NULL,
        channel_id {uuid} NOT NULL,
        thread_key {int} NOT NULL,
        thread_id {uuid} NULL,
        body {text} NOT NULL,
        updated_at {int} NOT NULL,
        PRIMARY KEY (user_id, channel_id, thread_key)
    ){keyed}",
];

/// What has no common form. In `SQLite` an index ends in the row id, which is the message's key.
const UP_SQLITE: &[&str] = &[
    "CREATE INDEX messages_by_channel ON messages (channel_id)",
    "CREATE INDEX messages_by_author ON messages (author_id)",
    "CREATE UNIQUE INDEX messages_client ON messages (author_id, channel_id, client_id) WHERE client_id IS NOT NULL",
    "CREATE INDEX messages_pinned ON messages (channel_id, pinned_at) WHERE pinned_at IS NOT NULL",
    "CREATE VIRTUAL TABLE message_index USING fts5(tokens, content='', contentless_delete=1, detail=none, tokenize='ascii')",
    // Merges of the index wait until there are more pieces: commits of few messages get cheaper, searches hardly dearer.
    "INSERT INTO message_index (message_index, rank) VALUES ('automerge', 8)",
];

const UP_POSTGRES: &[&str] = &[
    "CREATE INDEX messages_by_channel ON messages (channel_id, message_key)",
    "CREATE INDEX messages_by_author ON messages (author_id, message_key)",
    "CREATE UNIQUE INDEX messages_client ON messages (author_id, channel_id, client_id) WHERE client_id IS NOT NULL",
    "CREATE INDEX messages_pinned ON messages (channel_id, pinned_at) WHERE pinned_at IS NOT NULL",
    "CREATE TABLE message_index (message_key BIGINT NOT NULL PRIMARY KEY, tokens TSVECTOR NOT NULL)",
    "CREATE INDEX message_index_tokens ON message_index USING gin (tokens)",
];

const UP_MARIADB: &[&str] = &[
    "CREATE INDEX messages_by_channel ON messages (channel_id, message_key)",
    "CREATE INDEX messages_by_author ON messages (author_id, message_key)",
    "CREATE UNIQUE INDEX messages_client ON messages (author_id, channel_id, client_id)",
    "CREATE INDEX messages_pinned ON messages (channel_id, pinned_at)",
    "CREATE TABLE message_index (
        message_key BIGINT NOT NULL PRIMARY KEY,
        tokens MEDIUMTEXT NOT NULL,
        FULLTEXT KEY message_index_tokens (tokens)
    ){table}",
];

const DOWN: &[&str] = &[
    "message_index",
    "drafts",
    "message_mentions",
    "reactions",
    "message_revisions",
    "channel_events",
    "messages",
    "channel_members",
    "channels",
];

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_conversations"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await?;
        let rest = match manager.get_database_backend() {
            DbBackend::Postgres => UP_POSTGRES,
            DbBackend::MySql => UP_MARIADB,
            _ => UP_SQLITE,
        };
        run(manager, rest).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, DOWN).await
    }
}
