use std::fs;

use crate::plexi::Plexi;

#[test]
fn every_value_says_where_it_comes_from() {
    let plexi = Plexi::new();
    fs::create_dir(plexi.path("config")).unwrap();
    fs::write(plexi.path("config/plexichat.toml"), "[server]\nlisten = \"127.0.0.1:9000\"\n").unwrap();
    let shown =
        plexi.ok(&["config", "show", "--origin", "--key", "server.", "--set", "server.shutdown_seconds=3"]);
    let line = |key: &str| {
        shown.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("{key}\n{shown}"))
    };
    assert_eq!(line("server.listen"), "server.listen = \"127.0.0.1:9000\"  (config/plexichat.toml:2:1)");
    assert!(line("server.shutdown_seconds").contains("--set server.shutdown_seconds"));
    assert!(line("server.data_dir").contains("default"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_place() {
    let plexi = Plexi::new();
    let text = "[server]\nlisten = \"127.0.0.1:9000\"\nheartbeat_secnds = 5\nmax_in_flight = 0\n";
    fs::write(plexi.path("wrong.toml"), text).unwrap();
    let ran = plexi.fails(&["config", "check", "--config", "wrong.toml"], 2);
    for part in ["wrong.toml:3", "did you mean server.heartbeat_seconds?", "server.max_in_flight"] {
        assert!(ran.err.contains(part), "{part}\n{}", ran.err);
    }
    assert_eq!(ran.err.matches("wrong.toml:3").count(), 1, "each problem once\n{}", ran.err);
    let missing = plexi.fails(&["config", "check", "--config", "missing.toml"], 2);
    assert_eq!(missing.err.matches("missing.toml").count(), 1, "{}", missing.err);
    assert!(!missing.err.contains("  : "), "{}", missing.err);
}

#[test]
fn the_defaults_the_example_and_the_file_of_the_repository_are_valid() {
    let plexi = Plexi::new();
    assert_eq!(plexi.ok(&["config", "check"]), "the configuration is valid\n");
    fs::write(plexi.path("example.toml"), plexi.ok(&["config", "example"])).unwrap();
    plexi.ok(&["config", "check", "--config", "example.toml"]);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/plexichat.toml");
    plexi.ok(&["config", "check", "--config", shipped]);
    assert!(plexi.ok(&["config", "reference"]).contains("| `server.listen` |"));
    let schema: serde_json::Value =
        serde_json::from_str(&plexi.ok(&["config", "reference", "--format", "schema"])).unwrap();
    assert!(schema["properties"]["server"].is_object());
}

#[test]
fn a_plain_http_address_for_other_machines_is_refused_and_an_open_port_is_warned_of() {
    let plexi = Plexi::new();
    let ran = plexi.fails(&["config", "check", "--set", "server.public_url=http://chat.example.org"], 2);
    assert!(ran.err.contains("https"), "{}", ran.err);
    let out = plexi.ok(&["config", "check", "--set", "server.listen=0.0.0.0:8080"]);
    assert!(out.contains("warning: server.public_url"), "{out}");
}

#[test]
fn a_history_that_is_not_there_is_not_found() {
    let plexi = Plexi::new();
    plexi.fails(&["config", "history"], 3);
    plexi.fails(&["config", "rollback", "1"], 3);
}

#[test]
fn a_version_that_is_not_kept_is_said_with_those_that_are() {
    let plexi = Plexi::new();
    let set = vec![format!("server.data_dir={}", plexi.data().display())];
    let args = plexi_app::SettingsArgs { set, ..plexi_app::SettingsArgs::default() };
    args.start().unwrap();
    for args in [&["config", "diff", "99"][..], &["config", "diff", "1", "99"], &["config", "rollback", "99"]]
    {
        let ran = plexi.fails(args, 3);
        assert!(ran.err.contains("no version 99") && ran.err.contains("There are 1;"), "{}", ran.err);
    }
}
