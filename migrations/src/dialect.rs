//! One text for three engines: names in braces stand for the type that each engine has for it.

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// `(name, SQLite, PostgreSQL, MariaDB)`.
///
/// Names compare byte by byte on every engine: folding is done before they are stored. Times are microseconds.
const TYPES: &[(&str, &str, &str, &str)] = &[
    ("{uuid}", "BLOB", "UUID", "BINARY(16)"),
    ("{int}", "INTEGER", "BIGINT", "BIGINT"),
    ("{bool}", "BOOLEAN", "BOOLEAN", "BOOLEAN"),
    ("{name}", "TEXT", "TEXT COLLATE \"C\"", "VARCHAR(255)"),
    ("{long_name}", "TEXT", "TEXT COLLATE \"C\"", "VARCHAR(400)"),
    ("{text}", "TEXT", "TEXT", "MEDIUMTEXT"),
    ("{digest}", "BLOB", "BYTEA", "BINARY(32)"),
    ("{bytes}", "BLOB", "BYTEA", "MEDIUMBLOB"),
    ("{table}", "", "", " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin"),
    // A table that is read by its primary key only: SQLite keeps the rows in the key's own tree.
    ("{keyed}", " WITHOUT ROWID", "", " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin"),
];

/// `text` with the types of `engine`.
pub fn render(engine: DbBackend, text: &str) -> String {
    TYPES.iter().fold(text.to_owned(), |sql, (name, sqlite, postgres, mariadb)| {
        let chosen = match engine {
            DbBackend::Postgres => postgres,
            DbBackend::MySql => mariadb,
            _ => sqlite,
        };
        sql.replace(name, chosen)
    })
}

/// Runs statements one after the other.
pub async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let engine = manager.get_database_backend();
    for statement in statements {
        manager.get_connection().execute_unprepared(&render(engine, statement)).await?;
    }
    Ok(())
}

/// Drops tables, in the order given.
pub async fn drop_tables(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    for table in tables {
        manager.get_connection().execute_unprepared(&format!("DROP TABLE {table}")).await?;
    }
    Ok(())
}
