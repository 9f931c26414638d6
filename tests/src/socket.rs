use std::time::Duration;

use flate2::read::DeflateDecoder;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Outcome;

/// A connection as `docs/API.md` describes it.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames that came while another was waited for.
    waiting: std::collections::VecDeque<Value>,
    packed: u64,
}

/// How long a frame may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

impl Socket {
    /// Connects with a token and waits until the server is ready.
    pub async fn open(address: &str, token: &str) -> Outcome<Self> {
        Self::open_at(&format!("ws://{address}/api/v1/ws"), token).await
    }

    /// As [`Socket::open`], asking for longer events to be compressed.
    pub async fn open_packing(address: &str, token: &str) -> Outcome<Self> {
        Self::open_at(&format!("ws://{address}/api/v1/ws?compress=deflate-raw"), token).await
    }

    async fn open_at(url: &str, token: &str) -> Outcome<Self> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse()?);
        let (stream, _) = connect_async(request).await?;
        let mut socket = Self { stream, waiting: std::collections::VecDeque::new(), packed: 0 };
        socket.until("ready").await?;
        Ok(socket)
    }

    /// How many frames came compressed.
    pub fn packed(&self) -> u64 {
        self.packed
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &Value) -> Outcome<()> {
        self.stream.send(Message::text(frame.to_string())).await?;
        Ok(())
    }

    /// Sends a message without waiting for its acknowledgement.
    pub async fn post(&mut self, id: u64, channel: &str, client_id: &str, text: &str) -> Outcome<()> {
        self.send(
            &json!({"type": "send", "id": id, "channel_id": channel, "client_id": client_id, "text": text}),
        )
        .await
    }

    /// The next frame.
    pub async fn next(&mut self) -> Outcome<Value> {
        if let Some(frame) = self.waiting.pop_front() {
            return Ok(frame);
        }
        self.read().await
    }

    /// The next frame of this type; others are kept for later.
    pub async fn until(&mut self, kind: &str) -> Outcome<Value> {
        if let Some(at) = self.waiting.iter().position(|frame| frame["type"] == kind) {
            return Ok(self.waiting.remove(at).unwrap_or_default());
        }
        loop {
            let frame = self.read().await?;
            if frame["type"] == kind {
                return Ok(frame);
            }
            if frame["type"] == "error" {
                return Err(frame.to_string().into());
            }
            self.waiting.push_back(frame);
        }
    }

    /// Asks for what was missed after these positions and returns the events in order, with the heads.
    pub async fn resume(&mut self, positions: Value) -> Outcome<(Vec<Value>, Value)> {
        self.send(&json!({"type": "resume", "id": "resume", "positions": positions})).await?;
        let mut events = Vec::new();
        loop {
            let frame = self.next().await?;
            match frame["type"].as_str() {
                Some("event") => events.push(frame),
                Some("resumed") => return Ok((events, frame["heads"].clone())),
                Some("error") => return Err(frame.to_string().into()),
                _ => {}
            }
        }
    }

    async fn read(&mut self) -> Outcome<Value> {
        loop {
            let message =
                tokio::time::timeout(PATIENCE, self.stream.next()).await.map_err(|_| "no frame came")?;
            match message.ok_or("closed")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Binary(bytes) => {
                    self.packed += 1;
                    return Ok(serde_json::from_reader(DeflateDecoder::new(&*bytes))?);
                }
                Message::Close(frame) => {
                    let code = frame.map(|frame| u16::from(frame.code)).unwrap_or_default();
                    return Err(format!("closed with {code}").into());
                }
                _ => {}
            }
        }
    }
}
