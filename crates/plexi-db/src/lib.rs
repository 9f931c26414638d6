//! The stores of PlexiChat on SQLite, PostgreSQL and MariaDB.
