use async_trait::async_trait;
use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

use crate::dialect::{drop_tables, run};

/// Roles, accounts, sessions, spaces, invitations.
pub struct Migration;

const UP: &[&str] = &[
    // `grants_read` repeats whether `permissions` holds channel.read, so that a search can ask for it.
    "CREATE TABLE roles (
        id {uuid} NOT NULL PRIMARY KEY,
        scope {name} NOT NULL,
        name {name} NOT NULL,
        permissions {text} NOT NULL,
        grants_read {bool} NOT NULL,
        built_in {bool} NOT NULL,
        CONSTRAINT roles_name UNIQUE (scope, name)
    ){table}",
    // `skeleton` is null for imported accounts whose names nobody could choose here.
    "CREATE TABLE users (
        id {uuid} NOT NULL PRIMARY KEY,
        name {name} NOT NULL,
        skeleton {name} NULL,
        display_name {name} NOT NULL,
        display_name_folded {name} NOT NULL,
        status_text {text} NOT NULL,
        kind {name} NOT NULL,
        disabled {bool} NOT NULL,
        created_at {int} NOT NULL,
        role_id {uuid} NOT NULL,
        password_hash {text} NULL,
        locale {name} NOT NULL,
        theme {name} NOT NULL,
        epoch {int} NOT NULL,
        CONSTRAINT users_name UNIQUE (name),
        CONSTRAINT users_skeleton UNIQUE (skeleton),
        CONSTRAINT users_role FOREIGN KEY (role_id) REFERENCES roles (id)
    ){table}",
    "CREATE INDEX users_display_name ON users (display_name_folded)",
    "CREATE INDEX users_by_role ON users (role_id)",
    "CREATE TABLE sessions (
        id {uuid} NOT NULL PRIMARY KEY,
        user_id {uuid} NOT NULL,
        device {text} NOT NULL,
        created_at {int} NOT NULL,
        last_seen_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        cookie {digest} NULL,
        refresh {digest} NULL,
        CONSTRAINT sessions_cookie UNIQUE (cookie),
        CONSTRAINT sessions_refresh UNIQUE (refresh),
        CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    ){table}",
    "CREATE INDEX sessions_by_user ON sessions (user_id, last_seen_at)",
    "CREATE INDEX sessions_by_expiry ON sessions (expires_at)",
    // The refresh tokens a session had, in order of `generation`.
    "CREATE TABLE refresh_tokens (
        digest {digest} NOT NULL PRIMARY KEY,
        session_id {uuid} NOT NULL,
        generation {int} NOT NULL,
        used_at {int} NOT NULL,
        sealed_next {bytes} NOT NULL,
        CONSTRAINT refresh_tokens_session FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
    ){table}",
    "CREATE UNIQUE INDEX refresh_tokens_by_session ON refresh_tokens (session_id, generation)",
    "CREATE TABLE spaces (
        id {uuid} NOT NULL PRIMARY KEY,
        name {name} NOT NULL,
        name_folded {name} NOT NULL,
        archived {bool} NOT NULL,
        created_at {int} NOT NULL,
        CONSTRAINT spaces_name UNIQUE (name_folded)
    ){table}",
    "CREATE TABLE space_members (
        space_id {uuid} NOT NULL,
        user_id {uuid} NOT NULL,
        role_id {uuid} NOT NULL,
        joined_at {int} NOT NULL,
        PRIMARY KEY (space_id, user_id),
        CONSTRAINT space_members_space FOREIGN KEY (space_id) REFERENCES spaces (id),
        CONSTRAINT space_members_user FOREIGN KEY (user_id) REFERENCES users (id),
        CONSTRAINT space_members_role FOREIGN KEY (role_id) REFERENCES roles (id)
    ){keyed}",
    "CREATE INDEX space_members_by_user ON space_members (user_id, space_id)",
    "CREATE INDEX space_members_by_role ON space_members (role_id)",
    "CREATE TABLE invitations (
        id {uuid} NOT NULL PRIMARY KEY,
        code {digest} NOT NULL,
        space_id {uuid} NOT NULL,
        role {name} NOT NULL,
        max_uses {int} NOT NULL,
        uses {int} NOT NULL,
        created_by {uuid} NOT NULL,
        created_at {int} NOT NULL,
        expires_at {int} NOT NULL,
        CONSTRAINT invitations_code UNIQUE (code),
        CONSTRAINT invitations_space FOREIGN KEY (space_id) REFERENCES spaces (id)
    ){table}",
    "CREATE INDEX invitations_by_space ON invitations (space_id, id)",
];

const DOWN: &[&str] =
    &["invitations", "space_members", "spaces", "refresh_tokens", "sessions", "users", "roles"];

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_identity"
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
