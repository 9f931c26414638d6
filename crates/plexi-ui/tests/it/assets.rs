//! The table as a server uses it.

use plexi_ui::{all, find, index};

use crate::rules::content_hash;

#[test]
fn the_start_page_is_html_and_is_never_kept_for_ever() {
    let page = index();
    assert_eq!(page.path, "index.html");
    assert_eq!(page.content_type, "text/html; charset=utf-8");
    assert!(!page.immutable);
    let text = std::str::from_utf8(page.identity).expect("the page is UTF-8");
    assert!(text.to_lowercase().contains("<!doctype html>"));
}

#[test]
fn every_file_is_found_under_its_own_name_with_and_without_a_leading_slash() {
    for asset in all() {
        let found = [find(asset.path), find(&format!("/{}", asset.path))];
        assert!(
            found.iter().all(|found| found.is_some_and(|found| found.path == asset.path)),
            "{}",
            asset.path
        );
    }
}

#[test]
fn names_are_sorted_and_no_two_are_equal() {
    assert!(all().is_sorted_by(|one, next| one.path < next.path));
}

#[test]
fn nothing_else_is_found() {
    for path in [
        "",
        "/",
        "//index.html",
        "../Cargo.toml",
        "assets/../index.html",
        "INDEX.HTML",
        "index.html.br",
        "\0",
    ] {
        assert!(find(path).is_none(), "{path:?}");
    }
}

#[test]
fn the_entity_tag_is_the_hash_of_the_content() {
    for asset in all() {
        assert_eq!(asset.etag, content_hash(asset.identity), "{}", asset.path);
    }
}

#[test]
fn a_compressed_form_is_there_only_when_it_is_smaller_and_says_what_it_is() {
    for asset in all() {
        for form in [asset.gzip, asset.brotli].into_iter().flatten() {
            assert!(form.len() < asset.identity.len(), "{}", asset.path);
        }
        if let Some(gzip) = asset.gzip {
            assert_eq!(gzip[..3], [0x1f, 0x8b, 8], "{} is a deflate stream in gzip", asset.path);
        }
    }
}

#[test]
fn only_hashed_names_are_kept_for_ever() {
    for asset in all() {
        assert_eq!(asset.immutable, asset.path.starts_with("assets/"), "{}", asset.path);
    }
}
