//! Nonsense on the WebSocket: an error of the catalogue or a close code of `docs/API.md`, never a failure, never silence.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::socket::{Client, open, ready};
use crate::world::{World, world};

/// The codes of `docs/API.md` that a client can bring about.
const CODES: [u16; 7] = [4400, 4401, 4410, 4429, 1008, 1009, 1013];

/// What a frame is made of; the last one says that no more follow.
fn part(payload: impl Into<Vec<u8>>, code: Data, last: bool) -> Message {
    Message::Frame(Frame::message(payload.into(), OpCode::Data(code), last))
}

fn text(payload: impl Into<Vec<u8>>) -> Message {
    part(payload, Data::Text, true)
}

/// How the server takes what was sent: the codes of the errors it answers until it answers a ping behind it, or the close code.
async fn outcome(client: &mut Client, sent: Vec<Message>) -> Result<Vec<String>, u16> {
    for message in sent {
        // It may have closed in between: that is seen when reading.
        if client.0.feed(message).await.is_err() {
            break;
        }
    }
    let ping = json!({"type": "ping", "id": "the end"}).to_string();
    client.0.feed(Message::text(ping)).await.ok();
    client.0.flush().await.ok();
    let mut errors = Vec::new();
    loop {
        let frame = client.receive().await?;
        match frame["type"].as_str().unwrap() {
            "pong" if frame["id"] == "the end" => return Ok(errors),
            "error" => {
                let code = frame["error"]["error_code"].as_str().unwrap();
                let known = plexi_core::ErrorCode::ALL.iter().find(|known| known.as_str() == code);
                assert!(known.is_some_and(|known| known.status() < 500), "{frame}");
                assert!(frame["error"]["correlation_id"].as_str().unwrap().starts_with("req-"), "{frame}");
                errors.push(code.to_owned());
            }
            _ => {}
        }
    }
}

fn deep(levels: usize) -> String {
    format!(r#"{{"type":"ping","id":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels))
}

#[tokio::test]
async fn frames_of_the_wrong_form_are_refused_and_the_socket_goes_on() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    for wrong in [
        json!({"type": "send", "id": 1, "channel_id": world.general, "client_id": 7, "text": "x"}),
        json!({"type": "send", "id": 1, "channel_id": [], "client_id": "c", "text": {"a": 1}}),
        json!({"type": "send", "id": 1, "channel_id": world.general, "client_id": "c", "text": "x", "extra": 1}),
        json!({"type": "send", "id": {"a": 1}, "channel_id": world.general, "client_id": "c", "text": "x"}),
        json!({"type": "resume", "id": 1, "positions": [1]}),
        json!({"type": "resume", "id": 1, "positions": {"general": 1}}),
        json!({"type": "read", "id": 1, "channel_id": world.general, "seq": 1e300}),
        json!({"type": "presence", "state": "asleep"}),
        json!({"type": "subscribe_presence", "id": 1, "user_ids": "all"}),
        json!({"type": "typing", "channel_id": null}),
        json!({"type": "ping"}),
        json!({"type": "authenticate", "id": 1, "token": 5}),
        json!({"type": ""}),
    ] {
        let errors = outcome(&mut client, vec![Message::text(wrong.to_string())]).await;
        assert_eq!(errors, Ok(vec!["VALIDATION_INVALID".to_owned()]), "{wrong}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_ends_the_socket_with_its_code() {
    let mut world = world().await;
    let address = world.listen().await;
    let half = vec![b' '; 150 * 1024];
    for (what, sent, code) in [
        ("ten thousand levels", vec![Message::text(deep(10_000))], 4400),
        ("ten thousand open ones", vec![Message::text("[".repeat(10_000))], 4400),
        ("broken UTF-8", vec![text(b"{\"type\":\"ping\",\"id\":\"\xff\"}".to_vec())], 4400),
        ("half a character", vec![text(b"{\"type\":\"ping\",\"id\":\"\xe2\x82\"}".to_vec())], 4400),
        ("a lone surrogate", vec![Message::text(r#"{"type":"ping","id":"\ud800"}"#)], 4400),
        ("a name twice", vec![Message::text(r#"{"type":1,"type":[]}"#)], 4400),
        ("two values", vec![Message::text(r#"{"type":"ping","id":1}{}"#)], 4400),
        ("binary", vec![Message::binary(br#"{"type":"ping","id":1}"#.to_vec())], 4400),
        ("too long at once", vec![text(vec![b' '; 257 * 1024])], 1009),
        (
            "too long in parts",
            vec![part(half.clone(), Data::Text, false), part(half, Data::Continue, true)],
            1009,
        ),
    ] {
        let mut client = ready(address, &world.member.token).await;
        assert_eq!(outcome(&mut client, sent.clone()).await, Err(code), "{what}");
        let mut nobody = open(address, &[]).await.unwrap();
        assert_eq!(outcome(&mut nobody, sent).await, Err(code), "{what}, from nobody");
    }
}

#[tokio::test]
async fn a_frame_in_parts_is_one_frame() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    // Even a character may be cut, and a ping of the protocol may come in between.
    let frame = "{\"type\":\"ping\",\"id\":\"\u{20ac}\"}".as_bytes();
    for cut in 1..frame.len() {
        let sent = [
            part(&frame[..cut], Data::Text, false),
            Message::Ping(bytes::Bytes::from_static(b"?")),
            part(&frame[cut..], Data::Continue, true),
        ];
        for message in sent {
            client.0.send(message).await.unwrap();
        }
        assert_eq!(client.next_of("pong").await["id"], "\u{20ac}", "cut at {cut}");
    }
}

/// A server for all cases of a property.
struct Served {
    runtime: tokio::runtime::Runtime,
    world: World,
    address: SocketAddr,
}

impl Served {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (world, address) = runtime.block_on(async {
            let mut world = world().await;
            let address = world.listen().await;
            (world, address)
        });
        Self { runtime, world, address }
    }

    /// Holds the property for these inputs, each on a socket of its own, by somebody and by nobody.
    fn holds<T: std::fmt::Debug + Clone>(
        &self,
        inputs: impl Strategy<Value = T>,
        frames: impl Fn(T) -> Vec<Message>,
    ) {
        let config = ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let held = runner.run(&inputs, |input| {
            let frames = frames(input);
            self.runtime.block_on(async {
                let mut somebody = ready(self.address, &self.world.member.token).await;
                let mut nobody = open(self.address, &[]).await.unwrap();
                for client in [&mut somebody, &mut nobody] {
                    if let Err(code) = outcome(client, frames.clone()).await {
                        prop_assert!(CODES.contains(&code), "closed with {}", code);
                    }
                }
                Ok(())
            })
        });
        if let Err(failure) = held {
            panic!("{failure}");
        }
    }
}

/// JSON of some depth.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("0198c0de-0000-7000-8000-000000000001")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(".{0,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

const KINDS: [&str; 8] =
    ["resume", "send", "typing", "read", "presence", "subscribe_presence", "ping", "hello"];
const FIELDS: [&str; 11] = [
    "id",
    "channel_id",
    "text",
    "client_id",
    "thread_id",
    "reply_to",
    "seq",
    "positions",
    "state",
    "user_ids",
    "x",
];

/// Objects with the names of real frames and fields.
fn frame() -> impl Strategy<Value = Value> {
    let fields = prop::collection::hash_map(prop::sample::select(&FIELDS[..]), value(), 0..6);
    (prop::sample::select(&KINDS[..]), fields).prop_map(|(kind, fields)| {
        let mut frame = json!(fields);
        frame["type"] = kind.into();
        frame
    })
}

#[test]
fn no_bytes_as_a_frame_bring_the_server_to_fail_or_to_fall_silent() {
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    Served::new().holds((bytes, any::<bool>()), |(bytes, binary)| {
        vec![part(bytes, if binary { Data::Binary } else { Data::Text }, true)]
    });
}

#[test]
fn no_value_as_a_frame_brings_the_server_to_fail_or_to_fall_silent() {
    let frames = prop::collection::vec(prop_oneof![frame(), value()], 1..4);
    Served::new()
        .holds(frames, |frames| frames.into_iter().map(|frame| Message::text(frame.to_string())).collect());
}

#[test]
fn no_bytes_below_the_frames_bring_the_server_to_fail_or_to_fall_silent() {
    let served = Served::new();
    let config = ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let held = runner.run(&prop::collection::vec(any::<u8>(), 1..300), |bytes| {
        served.runtime.block_on(async {
            let client = open(served.address, &[]).await.unwrap();
            let mut stream = client.0.into_inner();
            stream.write_all(&bytes).await.ok();
            stream.shutdown().await.ok();
            // It ends, whatever it says before; how much that is is bounded.
            let mut said = Vec::new();
            let mut stream = stream.take(1 << 20);
            let read = stream.read_to_end(&mut said);
            tokio::time::timeout(std::time::Duration::from_secs(20), read).await.expect("it hangs").ok();
            let mut other = ready(served.address, &served.world.member.token).await;
            prop_assert_eq!(outcome(&mut other, Vec::new()).await, Ok(Vec::new()));
            other.0.close(None).await.ok();
            while other.0.next().await.is_some_and(|message| message.is_ok()) {}
            Ok(())
        })
    });
    if let Err(failure) = held {
        panic!("{failure}");
    }
}
