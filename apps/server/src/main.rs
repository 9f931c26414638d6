//! The PlexiChat server.
fn main() {}
