//! The two limits: what a WebSocket server costs that does nothing but pass messages on, and one that also syncs them.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path as Segment, State};
use axum::routing::get;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::process::Server;
use crate::{Outcome, Room};

pub(crate) struct Peer {
    pub server: Server,
    address: String,
}

impl Peer {
    pub async fn start(log: Option<&Path>) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("peer");
        if let Some(log) = log {
            command.arg("--log").arg(log);
        }
        let name = if log.is_some() { "log with fdatasync" } else { "bare broadcaster" };
        let (server, mut lines) = Server::start(name, &mut command)?;
        let address = lines.next_line().await?.ok_or_else(|| crate::stopped(&server))?;
        Ok(Self { server, address })
    }

    pub fn rooms(&self, count: usize) -> Vec<Room> {
        let room =
            |n| Room { url: format!("ws://{}/ws/{n}", self.address), token: None, channel: String::new() };
        (0..count).map(room).collect()
    }
}

/// A message on its way to the log, and the connection that waits for it.
struct Pending {
    room: u32,
    id: u64,
    text: String,
    sender: mpsc::Sender<Utf8Bytes>,
}

#[derive(Default)]
struct Rooms {
    members: HashMap<u32, Vec<mpsc::Sender<Utf8Bytes>>>,
    seq: HashMap<u32, u64>,
}

#[derive(Clone)]
struct Hub {
    rooms: Arc<Mutex<Rooms>>,
    log: Option<std::sync::mpsc::SyncSender<Pending>>,
}

impl Hub {
    fn publish(&self, pending: &Pending) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = rooms.seq.entry(pending.room).or_default();
        *seq += 1;
        let text = serde_json::Value::from(pending.text.as_str());
        let frame = Utf8Bytes::from(format!(r#"{{"type":"event","seq":{seq},"text":{text}}}"#));
        let ack = Utf8Bytes::from(format!(r#"{{"type":"ack","id":{}}}"#, pending.id));
        // A full queue drops, as a bare broadcaster does; the measurement counts what is lost.
        let _ = pending.sender.try_send(ack);
        if let Some(members) = rooms.members.get_mut(&pending.room) {
            members.retain(|member| {
                !matches!(member.try_send(frame.clone()), Err(mpsc::error::TrySendError::Closed(_)))
            });
        }
    }
}

pub(crate) async fn serve(log: Option<PathBuf>) -> Outcome<()> {
    let mut hub = Hub { rooms: Arc::default(), log: None };
    if let Some(path) = log {
        let (sender, waiting) = std::sync::mpsc::sync_channel(4_096);
        let writer = hub.clone();
        let file = File::create(path)?;
        std::thread::spawn(move || write(&writer, file, &waiting));
        hub.log = Some(sender);
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let router = Router::new().route("/ws/{room}", get(upgrade)).with_state(hub);
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |io| drop(io.set_nodelay(true))), router).await?;
    Ok(())
}

/// Takes all that waits, writes it, syncs once, answers all.
fn write(hub: &Hub, mut file: File, waiting: &std::sync::mpsc::Receiver<Pending>) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(255));
        let mut bytes = Vec::new();
        for pending in &group {
            bytes.extend_from_slice(pending.text.as_bytes());
            bytes.push(b'\n');
        }
        if file.write_all(&bytes).and_then(|()| file.sync_data()).is_err() {
            return;
        }
        for pending in &group {
            hub.publish(pending);
        }
    }
}

async fn upgrade(
    Segment(room): Segment<u32>,
    State(hub): State<Hub>,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    upgrade
        .read_buffer_size(4 * 1024)
        .write_buffer_size(4 * 1024)
        .on_upgrade(move |socket| connection(socket, room, hub))
}

async fn connection(socket: WebSocket, room: u32, hub: Hub) {
    let (mut sink, mut stream) = socket.split();
    let (sender, mut queue) = mpsc::channel::<Utf8Bytes>(1_024);
    let _ = sender.try_send(Utf8Bytes::from_static(r#"{"type":"ready"}"#));
    hub.rooms
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .members
        .entry(room)
        .or_default()
        .push(sender.clone());
    let writing = tokio::spawn(async move {
        let mut frames = Vec::new();
        while queue.recv_many(&mut frames, 64).await > 0 {
            for frame in frames.drain(..) {
                if sink.feed(Message::Text(frame)).await.is_err() {
                    return;
                }
            }
            if sink.flush().await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(frame) = serde_json::from_str::<serde_json::Value>(&text) else { break };
        let id = frame["id"].as_u64().unwrap_or_default();
        let text = frame["text"].as_str().unwrap_or_default().to_owned();
        let pending = Pending { room, id, text, sender: sender.clone() };
        match &hub.log {
            None => hub.publish(&pending),
            Some(log) => {
                if log.try_send(pending).is_err() {
                    break;
                }
            }
        }
    }
    writing.abort();
}
