//! The PlexiChat command line.
fn main() {}
