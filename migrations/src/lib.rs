//! The database schema of PlexiChat, as reversible steps for `SQLite`, `PostgreSQL` and `MariaDB`.
//!
//! A step is text with the type names of [`dialect`]; each engine gets the types that are natural to it. Steps
//! that were released are never changed: a new one is added at the end of [`Migrator`].

pub mod dialect;
mod m0001_identity;
mod m0002_conversations;
mod m0003_idempotency;
mod m0004_search_backlog;
mod m0005_threads;
mod m0006_categories;
mod m0007_imported;
mod m0008_search_forgets;

pub use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// All steps, in order.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_identity::Migration),
            Box::new(m0002_conversations::Migration),
            Box::new(m0003_idempotency::Migration),
            Box::new(m0004_search_backlog::Migration),
            Box::new(m0005_threads::Migration),
            Box::new(m0006_categories::Migration),
            Box::new(m0007_imported::Migration),
            Box::new(m0008_search_forgets::Migration),
        ]
    }
}
