//! A WebSocket client that costs as little as it can: it looks at the beginning of a frame and parses nothing.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::{Outcome, Room};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Writer(SplitSink<Socket, Message>);
pub(crate) struct Reader(SplitStream<Socket>);

/// What a frame is, as far as a benchmark cares.
pub(crate) enum Frame {
    Ready,
    Ack,
    Event(Utf8Bytes),
    Error(Utf8Bytes),
    Other,
}

pub(crate) async fn connect(room: &Room) -> Outcome<(Writer, Reader)> {
    let mut request = room.url.as_str().into_client_request()?;
    if let Some(token) = &room.token {
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse()?);
    }
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0);
    let (socket, _) = connect_async_with_config(request, Some(config), true).await?;
    let (writer, reader) = socket.split();
    let mut reader = Reader(reader);
    loop {
        match tokio::time::timeout(Duration::from_secs(10), reader.next()).await?? {
            Frame::Ready => return Ok((Writer(writer), reader)),
            Frame::Error(text) => return Err(text.to_string().into()),
            _ => {}
        }
    }
}

impl Writer {
    pub async fn post(&mut self, room: &Room, number: u64, key: &str, text: &str) -> Outcome<()> {
        let channel = &room.channel;
        let frame = format!(
            r#"{{"type":"send","id":{number},{channel}"client_id":"{key}-{number}","text":"{text}"}}"#
        );
        self.0.send(Message::text(frame)).await?;
        Ok(())
    }
}

impl Reader {
    pub async fn next(&mut self) -> Outcome<Frame> {
        loop {
            let Some(message) = self.0.next().await else {
                return Err("the server closed the connection".into());
            };
            let Message::Text(text) = message? else { continue };
            let kind =
                text.strip_prefix(r#"{"type":""#).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            return Ok(match kind {
                "ready" => Frame::Ready,
                "ack" => Frame::Ack,
                "event" => Frame::Event(text),
                "error" => Frame::Error(text),
                _ => Frame::Other,
            });
        }
    }
}

/// A number that stands behind `name` in a frame.
pub(crate) fn number(text: &str, name: &str) -> Option<u64> {
    let rest = &text[text.find(name)? + name.len()..];
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}
