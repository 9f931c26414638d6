use std::time::Duration;

use plexi_app::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::server;

/// Sets up and returns the access token and the id of the channel `general`.
pub async fn set_up(http: &reqwest::Client, url: &str, token: &str) -> (String, String) {
    let body = json!({ "token": token, "name": "ada", "display_name": "Ada", "password": "nine lives of cats",
        "space_name": "Home", "transport": "token" });
    let made = http.post(format!("{url}/api/v1/auth/setup")).json(&body).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let access = made["access_token"].as_str().unwrap().to_owned();
    let sync = http.get(format!("{url}/api/v1/sync")).bearer_auth(&access).send().await.unwrap();
    let sync: Value = sync.json().await.unwrap();
    (access, sync["channels"][0]["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_and_who_was_signed_in_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let http = crate::http();
    let first = server::start(folder.path()).await;
    let (access, channel) = set_up(&http, &first.url, first.setup_token.as_deref().unwrap()).await;
    let messages = format!("/api/v1/channels/{channel}/messages");
    for nth in 0..5 {
        let body = json!({ "text": format!("message {nth}"), "client_id": format!("c{nth}") });
        let sent = http
            .post(format!("{}{messages}", first.url))
            .bearer_auth(&access)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 201);
    }
    first.stop().await;

    let second = server::start(folder.path()).await;
    assert_eq!(second.setup_token, None, "the server has its administrator");
    let window = http.get(format!("{}{messages}", second.url)).bearer_auth(&access).send().await.unwrap();
    assert_eq!(window.status(), 200, "the access token still counts");
    let window: Value = window.json().await.unwrap();
    let texts: Vec<&str> =
        window["items"].as_array().unwrap().iter().filter_map(|one| one["text"].as_str()).collect();
    assert!(texts.ends_with(&["message 0", "message 1", "message 2", "message 3", "message 4"]), "{texts:?}");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_idle_connections_and_accepts_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let running = server::start(folder.path()).await;
    let address = running.url.trim_start_matches("http://").to_owned();
    let mut silent = TcpStream::connect(&address).await.unwrap();
    let mut kept = TcpStream::connect(&address).await.unwrap();
    kept.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut some = [0; 12];
    kept.read_exact(&mut some).await.unwrap();
    assert_eq!(&some, b"HTTP/1.1 200");

    running.asks.send(Signal::Stop).await.unwrap();
    let within = Duration::from_secs(5);
    let ended = tokio::time::timeout(within, running.ended).await.expect("nobody has to be waited for");
    ended.unwrap().unwrap();
    let mut rest = Vec::new();
    kept.read_to_end(&mut rest).await.unwrap();
    assert_eq!(silent.read(&mut some).await.unwrap(), 0);
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_live_side_by_side_in_one_process() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (server::start(one.path()).await, server::start(two.path()).await);
    let http = crate::http();
    set_up(&http, &first.url, first.setup_token.as_deref().unwrap()).await;
    let open: Value =
        http.get(format!("{}/api/v1/auth/setup", second.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(open, json!({ "open": true }));
    first.stop().await;
    second.stop().await;
}
