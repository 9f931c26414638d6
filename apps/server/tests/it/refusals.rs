use std::process::Output;

use crate::program::{Server, run};

fn told(output: &Output) -> (i32, String) {
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr.clone()).unwrap())
}

#[test]
fn a_second_server_on_the_folder_is_refused_with_4_and_the_first_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (code, text) = told(&run(folder.path(), &["--set", "server.listen=127.0.0.1:0"]));
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("in use by plexi-server at http://") && text.contains(&server.address), "{text}");
    assert_eq!(server.get("/health/live").0, "HTTP/1.1 200 OK");
}

#[test]
fn a_wrong_configuration_ends_with_2_says_everything_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("wrong.toml"), "[servr]\n[server]\nmax_in_flight = \"many\"\n")
        .unwrap();
    let (code, text) = told(&run(folder.path(), &["--config", "wrong.toml"]));
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("wrong.toml:1") && text.contains("wrong.toml:3"), "{text}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_port_in_use_ends_with_5() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("server.listen={}", taken.local_addr().unwrap());
    let (code, text) = told(&run(folder.path(), &["--set", &listen]));
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("Another program uses the port"), "{text}");
}

#[test]
fn the_documents_are_written() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["docs", "--out", "generated"]).status.success());
    let text = |name: &str| std::fs::read_to_string(folder.path().join("generated").join(name)).unwrap();
    let api: serde_json::Value = serde_json::from_str(&text("openapi.json")).unwrap();
    assert_eq!(api["openapi"].as_str().unwrap().split('.').next(), Some("3"));
    assert!(text("CONFIGURATION_REFERENCE.md").contains("`server.listen`"));
    assert!(text("ERROR_CODES.md").contains("`AUTH_REQUIRED`"));
    assert!(text("plexichat.example.toml").contains("[server]"));
    serde_json::from_str::<serde_json::Value>(&text("config.schema.json")).unwrap();
}
