//! Parts of the running server panic, end and hang; people notice nothing, or connect again and miss nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use plexi_app::{AppError, Fault, Faults};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use crate::restart::set_up;
use crate::server::{self, Running};

/// Every part that is a loop, by its path.
const LOOPS: [&str; 8] = [
    "core/sender",
    "realtime/sessions",
    "realtime/presence",
    "housekeeping/forget-sessions",
    "housekeeping/forget-answers",
    "housekeeping/sweep-deleted",
    "housekeeping/sample-figures",
    "edge/listener",
];
const GROUPS: [&str; 3] = ["transfers", "edge/connections", "edge/sockets"];
const QUICK: [&str; 2] = ["supervisor.backoff_initial_seconds=1", "supervisor.backoff_max_seconds=1"];
/// Only where something is to hang: on a busy machine also what is well may be silent for so long.
const SHORT_HEARTBEAT: &str = "supervisor.heartbeat_seconds=3";

struct World {
    _folder: tempfile::TempDir,
    http: reqwest::Client,
    faults: Faults,
    server: Running,
    access: String,
    channel: String,
}

async fn world() -> World {
    world_with(&QUICK).await
}

async fn world_with(settings: &[&str]) -> World {
    let folder = tempfile::tempdir().unwrap();
    let (http, faults) = (crate::http(), Faults::default());
    let server = server::start_with(folder.path(), settings, faults.clone()).await;
    let (access, channel) = set_up(&http, &server.url, server.setup_token.as_deref().unwrap()).await;
    World { _folder: folder, http, faults, server, access, channel }
}

impl World {
    async fn parts(&self) -> BTreeMap<String, Value> {
        let address = format!("{}/api/v1/admin/supervisor", self.server.url);
        // A connection that comes while all connections are told to go is told so too.
        let answer = loop {
            match self.http.get(&address).bearer_auth(&self.access).send().await {
                Ok(answer) => break answer,
                Err(error) => assert!(error.is_request(), "{error}"),
            }
        };
        let parts: Value = answer.json().await.unwrap();
        let parts = parts["items"].as_array().unwrap().iter();
        parts.map(|part| (part["path"].as_str().unwrap().to_owned(), part.clone())).collect()
    }

    /// How often a part was started again.
    async fn restarts(&self, path: &str) -> u64 {
        self.parts().await[path]["restarts"].as_u64().unwrap()
    }

    /// Waits until a part runs again that had been started again `before` times.
    async fn runs_again(&self, path: &str, before: u64) -> Value {
        let again = async {
            loop {
                let part = self.parts().await.remove(path).unwrap();
                if part["state"] == "running" && part["restarts"].as_u64().unwrap() > before {
                    return part;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), again).await.unwrap()
    }

    async fn restart(&self, path: &str) -> u16 {
        let asked = self.http.post(format!("{}/api/v1/admin/supervisor/restart", self.server.url));
        let body = json!({ "path": path });
        asked.bearer_auth(&self.access).json(&body).send().await.unwrap().status().as_u16()
    }

    async fn socket(&self) -> impl futures_util::Stream<Item = Value> + Unpin + use<> {
        let address = format!("{}/api/v1/ws", self.server.url.replacen("http", "ws", 1));
        let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
        let hello = json!({ "type": "authenticate", "id": "1", "token": self.access }).to_string();
        socket.send(Message::text(hello)).await.unwrap();
        let frames = socket.filter_map(async |message| match message {
            Ok(Message::Text(text)) => Some(serde_json::from_str::<Value>(&text).unwrap()),
            Ok(Message::Close(frame)) => {
                let code = frame.map(|frame| u16::from(frame.code));
                Some(json!({ "type": "closed", "code": code }))
            }
            _ => None,
        });
        let mut frames = Box::pin(frames);
        while frames.next().await.unwrap()["type"] != "ready" {}
        frames
    }
}

/// Sends one message after another, each until it is acknowledged, until told to stop. Returns how many there were.
async fn talk(http: reqwest::Client, address: String, access: String, stop: watch::Receiver<bool>) -> usize {
    let mut sent = 0;
    while !*stop.borrow() {
        let body = json!({ "text": format!("message {sent}"), "client_id": format!("c{sent}") });
        loop {
            let answer = http.post(&address).bearer_auth(&access).json(&body).send().await;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(200 | 201) => break,
                Ok(status) => assert!(status >= 500, "{status}"),
                Err(error) => assert!(!error.is_builder(), "{error}"),
            }
        }
        sent += 1;
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn what_panics_or_ends_comes_back_and_nobody_misses_a_message() {
    let world = world().await;
    let mut frames = world.socket().await;
    let (stop, stopped) = watch::channel(false);
    let address = format!("{}/api/v1/channels/{}/messages", world.server.url, world.channel);
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(talk(world.http.clone(), address.clone(), world.access.clone(), stopped));

    for path in LOOPS {
        let name = path.rsplit('/').next().unwrap();
        for fault in [Fault::Panic, Fault::End] {
            let before = world.restarts(path).await;
            assert!(world.faults.strike(name, fault), "{path}");
            let part = world.runs_again(path, before).await;
            assert!(part["last_failure"].is_string(), "{part}");
        }
    }
    stop.send_replace(true);
    let sent = tasks.join_next().await.unwrap().unwrap();

    let mut heard = Vec::new();
    let mut seqs = Vec::new();
    while heard.len() < sent {
        let next =
            tokio::time::timeout(Duration::from_secs(20), frames.next()).await.expect("an event is missing");
        let frame = next.expect("the socket stays");
        if frame["type"] == "event" {
            seqs.push(frame["seq"].as_i64().unwrap());
            heard.extend(frame["event"]["message"]["text"].as_str().map(str::to_owned));
        }
    }
    let expected: Vec<String> = (0..sent).map(|nth| format!("message {nth}")).collect();
    assert_eq!(heard, expected, "each once, in order");
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "without a gap: {seqs:?}");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_is_found_and_started_again() {
    let world = world_with(&[&QUICK[..], &[SHORT_HEARTBEAT]].concat()).await;
    let watched = LOOPS.iter().filter(|path| !path.starts_with("housekeeping"));
    for path in watched.clone() {
        assert!(world.faults.strike(path.rsplit('/').next().unwrap(), Fault::Hang), "{path}");
    }
    for path in watched {
        let part = world.runs_again(path, 0).await;
        assert!(part["hung"].as_u64().unwrap() > 0, "{part}");
    }
    let address = format!("{}/api/v1/channels/{}/messages", world.server.url, world.channel);
    let body = json!({ "text": "all is well", "client_id": "c" });
    let sent = world.http.post(address).bearer_auth(&world.access).json(&body).send().await.unwrap();
    assert_eq!(sent.status(), 201);
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_starts_any_part_anew() {
    let world = world().await;
    for path in LOOPS.iter().chain(&GROUPS) {
        let mut frames = world.socket().await;
        let before = world.restarts(path).await;
        assert_eq!(world.restart(path).await, 204, "{path}");
        world.runs_again(path, before).await;
        if *path == "edge/sockets" {
            while frames.next().await.expect("a goodbye")["code"] != 1001 {}
        }
    }
    assert_eq!(world.restart("core/nobody").await, 404);
    assert_eq!(world.restart("server").await, 404, "the whole is started anew by its service manager");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_supervision_the_server_ends_with_the_first_part_that_fails() {
    let (folder, faults) = (tempfile::tempdir().unwrap(), Faults::default());
    let server = server::start_with(folder.path(), &["supervisor.enabled=false"], faults.clone()).await;
    let http = crate::http();
    set_up(&http, &server.url, server.setup_token.as_deref().unwrap()).await;
    assert!(faults.strike("presence", Fault::Panic));
    let ended = server.ended.await.unwrap();
    assert!(matches!(&ended, Err(AppError::GaveUp { .. })), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_when_the_transfers_were_started_anew_meanwhile() {
    let world = world().await;
    let posts = br#"{"type":"version","version":1}"#;
    let transfers = format!("{}/api/v1/admin/transfers", world.server.url);
    let wish =
        json!({ "kind": "import", "source": "mattermost", "file_name": "bulk.jsonl", "size": posts.len() });
    let begun = world.http.post(&transfers).bearer_auth(&world.access).json(&wish).send().await.unwrap();
    let begun: Value = begun.json().await.unwrap();
    let transfer = format!("{transfers}/{}", begun["id"].as_str().unwrap());
    assert_eq!(world.restart("transfers").await, 204);
    world.runs_again("transfers", 0).await;
    let piece = world.http.put(format!("{transfer}/content?offset=0")).bearer_auth(&world.access);
    let piece = piece.header("Content-Type", "application/octet-stream").body(posts.to_vec());
    assert!(piece.send().await.unwrap().status().is_success());
    let ended = async {
        loop {
            let now = world.http.get(&transfer).bearer_auth(&world.access).send().await.unwrap();
            let now: Value = now.json().await.unwrap();
            if now["state"] != "running" {
                return now;
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_mins(1), ended).await.unwrap();
    assert_eq!(ended["state"], "done", "{ended}");
    world.server.stop().await;
}
