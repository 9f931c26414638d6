//! The rules by which the build script fills the table.

use crate::rules::{content_hash, content_type, is_immutable, is_served};

#[test]
fn siblings_source_maps_and_hidden_files_have_no_name_of_their_own() {
    let exists = |name: &str| ["assets/a.js", "index.html"].contains(&name);
    assert!(is_served("assets/a.js", exists));
    assert!(!is_served("assets/a.js.br", exists));
    assert!(!is_served("assets/a.js.gz", exists));
    assert!(!is_served("assets/a.js.map", exists));
    assert!(!is_served(".vite/.hidden", exists));
    assert!(
        is_served("download/archive.gz", exists),
        "an archive without an original is a file like any other"
    );
}

#[test]
fn media_types_follow_the_ending() {
    assert_eq!(content_type("index.html"), "text/html; charset=utf-8");
    assert_eq!(content_type("assets/a-1.js"), "text/javascript; charset=utf-8");
    assert_eq!(content_type("manifest.webmanifest"), "application/manifest+json");
    assert_eq!(content_type("assets/font.woff2"), "font/woff2");
    assert_eq!(content_type("some.folder/LICENSE"), "application/octet-stream");
}

#[test]
fn only_the_folder_of_hashed_names_is_immutable() {
    assert!(is_immutable("assets/index-4f1c.js"));
    assert!(!is_immutable("sw.js"));
    assert!(!is_immutable("other/assets/a.js"));
}

#[test]
fn the_hash_is_fnv_1a_with_128_bits() {
    // The offset basis and two published vectors of the algorithm.
    assert_eq!(content_hash(b""), "6c62272e07bb014262b821756295c58d");
    assert_eq!(content_hash(b"a"), "d228cb696f1a8caf78912b704e4a8964");
    assert_eq!(content_hash(b"foobar"), "343e1662793c64bf6f0d3597ba446f18");
}
