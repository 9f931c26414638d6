//! The database schema of PlexiChat, as reversible steps.
