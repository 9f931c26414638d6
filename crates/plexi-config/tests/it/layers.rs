use plexi_config::{SecretSource, Sources, load};
use proptest::prelude::*;

use crate::{Demo, FILE, Level, load_text, variables};

#[test]
fn nothing_set_gives_the_defaults() {
    let loaded = load::<Demo>(&Sources::new()).unwrap();
    assert_eq!(loaded.settings, Demo::default());
    assert!(loaded.origins.values().all(|origin| origin.to_string() == "default"));
}

#[test]
fn a_stronger_layer_wins_key_by_key_and_every_key_names_its_origin() {
    let sources = Sources::new()
        .file(FILE)
        .with_text(FILE, "title = \"file\"\n[server]\nlisten = \"file:1\"\nmax_body_bytes = 1\nshare = 0.2\n")
        .profile("dev")
        .with_text("plexichat.dev.toml", "[server]\nmax_body_bytes = 2\nshare = 0.3\n[auth]\n")
        .environment(variables(&[
            ("PLEXICHAT_SERVER__SHARE", "0.4"),
            ("PLEXICHAT_LOGGING__TARGETS__PLEXI_WEB", "debug"),
            ("PLEXICHAT_AUTH__MIN_LENGTH", "9"),
            ("HOME", "not ours"),
        ]))
        .flags(["auth.min_length=10".to_owned()]);
    let loaded = load::<Demo>(&sources).unwrap();
    let (server, auth) = (&loaded.settings.server, &loaded.settings.auth);
    assert_eq!((server.listen.as_str(), server.max_body_bytes, server.share), ("file:1", 2, 0.4));
    assert_eq!((auth.min_length, loaded.settings.logging.targets["plexi_web"]), (10, Level::Debug));
    let origins: Vec<_> = loaded.origins.iter().map(|(key, origin)| format!("{key} {origin}")).collect();
    let expected = [
        "auth.max_length default",
        "auth.min_length --set auth.min_length",
        "auth.pepper default",
        "auth.signing default",
        "logging.level default",
        "logging.targets.plexi_web PLEXICHAT_LOGGING__TARGETS__PLEXI_WEB",
        "server.home default",
        "server.listen plexichat.toml:3:1",
        "server.max_body_bytes plexichat.dev.toml:2:1",
        "server.public_url default",
        "server.share PLEXICHAT_SERVER__SHARE",
        "server.trusted default",
        "title plexichat.toml:1:1",
    ];
    assert_eq!(origins, expected);
}

#[test]
fn text_stays_text_and_the_rest_is_read_as_toml() {
    let sources = Sources::new().environment(variables(&[
        ("PLEXICHAT_TITLE", "12"),
        ("PLEXICHAT_SERVER__PUBLIC_URL", "true"),
        ("PLEXICHAT_SERVER__TRUSTED", "[\"10.0.0.0/8\", \"::1\"]"),
        ("PLEXICHAT_SERVER__MAX_BODY_BYTES", "0x10"),
        ("PLEXICHAT_AUTH__SIGNING", "{ env = \"KEY\" }"),
    ]));
    let settings = load::<Demo>(&sources).unwrap().settings;
    assert_eq!((settings.title.as_str(), settings.server.public_url.as_deref()), ("12", Some("true")));
    assert_eq!(
        (settings.server.trusted, settings.server.max_body_bytes),
        (vec!["10.0.0.0/8".into(), "::1".into()], 16)
    );
    assert_eq!(settings.auth.signing, SecretSource::Env("KEY".into()));
}

#[test]
fn a_secret_of_a_stronger_layer_replaces_the_whole_of_a_weaker_one() {
    let sources = Sources::new()
        .file(FILE)
        .with_text(FILE, "[auth]\nsigning = { file = \"a\" }\npepper = { credential = \"p\" }")
        .flags(["auth.signing={ command = [\"pass\"] }".to_owned(), "auth.pepper=plain".to_owned()]);
    let auth = load::<Demo>(&sources).unwrap().settings.auth;
    assert_eq!(auth.signing, SecretSource::Command(vec!["pass".into()]));
    assert!(matches!(auth.pepper, Some(SecretSource::Literal(_))));
}

#[test]
fn tables_with_free_names_grow_from_layer_to_layer() {
    let sources = Sources::new()
        .file(FILE)
        .with_text(FILE, "[logging.targets]\nsqlx = \"info\"\n\"a.b\" = \"debug\"\n")
        .flags(["logging.targets.web=debug".to_owned()]);
    let loaded = load::<Demo>(&sources).unwrap();
    assert_eq!(loaded.settings.logging.targets.keys().collect::<Vec<_>>(), ["a.b", "sqlx", "web"]);
    assert_eq!(loaded.origins["logging.targets.\"a.b\""].to_string(), "plexichat.toml:3:1");
}

#[test]
fn a_missing_file_is_an_error_only_where_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.toml");
    assert!(load::<Demo>(&Sources::new().file_if_present(&path)).is_ok());
    let error = load::<Demo>(&Sources::new().file(&path)).unwrap_err().to_string();
    assert!(error.contains("none.toml: cannot be read: "), "{error}");
    let error = load::<Demo>(&Sources::new().file_if_present(&path).profile("dev")).unwrap_err().to_string();
    assert!(error.contains("none.dev.toml: cannot be read: "), "{error}");
    assert!(load::<Demo>(&Sources::new().file_if_present(&path).profile("../x")).is_err());
}

#[test]
fn rows_show_value_and_origin_of_every_key() {
    let rows = load_text("[server]\nlisten = \"[::]:80\"").unwrap().rows();
    let row = rows.iter().find(|(key, ..)| key == "server.listen").unwrap();
    assert_eq!((row.1.clone(), row.2.to_string()), ("[::]:80".into(), "plexichat.toml:2:1".into()));
    assert_eq!(serde_json::to_value(&row.2).unwrap()["line"], 2);
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, &bytes).unwrap();
        let told = load::<Demo>(&Sources::new().file(&path)).map_err(|error| error.to_string());
        prop_assert!(told.is_ok() || told.is_err_and(|words| !words.is_empty()));
    }

    #[test]
    fn no_text_that_looks_like_toml_makes_reading_panic(
        text in "(\\[\\[?(server|auth|x)\\]?\\]?\n|(listen|pepper|signing|share|\"\u{e9}\") ?= ?([0-9]{1,40}|\"[a-z]*\"|\\{|\\[|\\}|\\]|file|1e999|nan|,|\n)*\n){0,6}"
    ) {
        let told = load_text(&text).map_err(|error| error.to_string());
        prop_assert!(told.is_ok() || told.is_err_and(|words| !words.is_empty()));
    }

    #[test]
    fn no_variable_makes_reading_panic(name in "[A-Z_]{0,20}", value in any::<String>()) {
        for name in [format!("PLEXICHAT_{name}"), "PLEXICHAT_SERVER__TRUSTED".to_owned(), "PLEXICHAT_AUTH__PEPPER".to_owned()] {
            let sources = Sources::new().environment([(name, value.clone())]);
            let told = load::<Demo>(&sources).map_err(|error| error.to_string());
            prop_assert!(told.is_ok() || told.is_err_and(|words| !words.is_empty()));
        }
    }
}

#[test]
fn text_nested_without_end_is_refused() {
    for text in
        ["[".repeat(400_000), format!("a{} = 1", ".a".repeat(400_000)), "server = {listen = ".repeat(50_000)]
    {
        assert!(load_text(&text).is_err());
        let sources = Sources::new().environment([("PLEXICHAT_SERVER__TRUSTED".to_owned(), text)]);
        assert!(load::<Demo>(&sources).is_err());
    }
    let deep = format!("PLEXICHAT_{}", "A__".repeat(50_000));
    assert!(load::<Demo>(&Sources::new().environment([(deep, "1".to_owned())])).is_err());
}
