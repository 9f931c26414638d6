use plexi_config::{Origin, Sources, load};
use plexi_core::{Coded as _, ErrorCode};

use crate::{Demo, FILE, load_text, variables, wrong};

#[test]
fn an_unknown_key_is_an_error_and_the_nearest_name_is_suggested() {
    let cases = [
        (
            "[server]\nlistne = \"x\"",
            "plexichat.toml:2:1: server.listne: unknown key; did you mean server.listen?",
        ),
        ("[sever]\nlisten = \"x\"", "plexichat.toml:1:2: sever: unknown key; did you mean server?"),
        ("listen = \"x\"", "plexichat.toml:1:1: listen: unknown key; did you mean server.listen?"),
        (
            "[server]\n  max-body-bytes = 1",
            "plexichat.toml:2:3: server.max-body-bytes: unknown key; did you mean server.max_body_bytes?",
        ),
        ("quite_another_thing = 1", "plexichat.toml:1:1: quite_another_thing: unknown key"),
    ];
    for (text, expected) in cases {
        assert_eq!(wrong(text), expected);
    }
}

#[test]
fn an_unknown_variable_or_flag_is_told_in_its_own_spelling() {
    let sources = Sources::new()
        .environment(variables(&[("PLEXICHAT_SERVER_LISTEN", "x"), ("PLEXICHAT_CONFIG", "file")]))
        .reserve(["PLEXICHAT_CONFIG"])
        .flags(["auth.peper=x".to_owned(), "title".to_owned()]);
    let error = load::<Demo>(&sources).unwrap_err();
    let expected = "PLEXICHAT_SERVER_LISTEN: server_listen: unknown key; did you mean PLEXICHAT_SERVER__LISTEN?\n\
                    --set auth.peper: auth.peper: unknown key; did you mean auth.pepper?\n\
                    --set title: must be KEY=VALUE, for instance server.listen=127.0.0.1:8080";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn all_problems_of_all_layers_are_reported_at_once_with_their_places() {
    let text = "titel = \"x\"\n\
                [server]\n\
                listen = 80\n\
                max_body_bytes = -1\n\
                trusted = [\"a\", 2]\n\
                [logging]\n\
                level = \"debg\"\n\
                [auth]\n\
                min_length = 65\n";
    let sources = Sources::new()
        .file(FILE)
        .with_text(FILE, text)
        .environment(variables(&[("PLEXICHAT_SERVER__SHARE", "much")]))
        .flags(["auth.max_length=300".to_owned()]);
    let error = load::<Demo>(&sources).unwrap_err();
    let found: Vec<_> = error.problems().iter().map(|p| format!("{} {}", p.origin, p.key)).collect();
    let mut expected = vec![
        "plexichat.toml:1:1 titel",
        "plexichat.toml:3:1 server.listen",
        "plexichat.toml:4:1 server.max_body_bytes",
        "plexichat.toml:5:17 server.trusted.1",
        "plexichat.toml:7:1 logging.level",
        "PLEXICHAT_SERVER__SHARE server.share",
        "--set auth.max_length auth.max_length",
        "plexichat.toml:9:1 auth.min_length",
    ];
    let mut sorted = found.clone();
    sorted.sort();
    expected.sort_unstable();
    assert_eq!(sorted, expected, "{error}");
    let text = error.to_string();
    assert!(text.contains("logging.level: found \"debg\", expected \"info\" or \"debug\""), "{text}");
    assert!(text.contains("did you mean \"debug\"?"), "{text}");
    assert!(text.contains("auth.min_length: must not be above auth.max_length"), "{text}");
    assert_eq!(error.code(), ErrorCode::SystemConfiguration);
    assert_eq!(error.fields().len(), expected.len());
}

#[test]
fn a_wrong_value_is_reported_even_where_a_stronger_layer_hides_it() {
    let sources = Sources::new()
        .file(FILE)
        .with_text(FILE, "[auth]\nmin_length = \"long\"")
        .flags(["auth.min_length=9".to_owned()]);
    let error = load::<Demo>(&sources).unwrap_err().to_string();
    assert_eq!(
        error,
        "plexichat.toml:2:1: auth.min_length: found string \"long\", expected integer, 0 to 255"
    );
}

#[test]
fn errors_of_syntax_are_reported_with_their_places() {
    let error = load_text("title = \"a\n[server]\nlisten = = 2\n").unwrap_err();
    let lines: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| match &problem.origin {
            Origin::File { place: Some(place), .. } => place.line,
            other => panic!("{other}"),
        })
        .collect();
    assert!(lines.contains(&1) && lines.contains(&3), "{error}");
}

#[test]
fn text_that_is_not_utf8_is_reported_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    std::fs::write(&path, b"title = 'a'\nx = '\xff'").unwrap();
    let error = load::<Demo>(&Sources::new().file(&path)).unwrap_err().to_string();
    assert!(error.ends_with("plexichat.toml:2:6: is not UTF-8 from here on"), "{error}");
}

#[test]
fn a_section_that_is_a_value_and_a_value_that_is_a_section_are_errors() {
    assert!(
        wrong("server = 3").starts_with("plexichat.toml:1:1: server: invalid type"),
        "{}",
        wrong("server = 3")
    );
    let text = "[server.listen]\nhost = \"a\"";
    assert!(
        wrong(text).starts_with("plexichat.toml:1:9: server.listen: found map, expected string"),
        "{}",
        wrong(text)
    );
}

#[test]
fn the_number_of_problems_is_bounded() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for nth in 0..20_000 {
        writeln!(text, "unknown_{nth} = 1").unwrap();
    }
    let error = load_text(&text).unwrap_err();
    assert_eq!(error.problems().len(), 100);
    assert!(error.to_string().ends_with("there may be more problems"));
}
