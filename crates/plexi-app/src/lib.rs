//! The composition root: settings in, a running PlexiChat out.
