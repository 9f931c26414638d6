//! The WebSocket, frame by frame, over a real connection.

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::world::{Options, World, world, world_with};

/// A client of the test, with patience.
pub struct Client(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Opens a socket with these headers; the status when it is refused.
pub async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
    open_asking("", address, headers).await
}

/// As [`open`], with something in the query.
async fn open_asking(
    query: &str,
    address: SocketAddr,
    headers: &[(&'static str, &str)],
) -> Result<Client, u16> {
    let mut request = format!("ws://{address}/api/v1/ws{query}").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(Client(socket)),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// Opens a socket and goes on as soon as it is ready.
pub async fn ready(address: SocketAddr, token: &str) -> Client {
    let mut client = open(address, &[("authorization", &format!("Bearer {token}"))]).await.unwrap();
    assert_eq!(client.next().await["authenticated"], true);
    assert_eq!(client.next().await["type"], "ready");
    client
}

impl Client {
    pub async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame; the close code when it is the last.
    pub async fn receive(&mut self) -> Result<Value, u16> {
        let patience = Duration::from_secs(20);
        loop {
            match tokio::time::timeout(patience, self.0.next()).await.expect("nothing came") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("{error}"),
                None => return Err(0),
            }
        }
    }

    pub async fn next(&mut self) -> Value {
        self.receive().await.unwrap()
    }

    /// The next frame of this type; others are passed over.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The reason of the goodbye and the close code.
    pub async fn goodbye(&mut self) -> (String, u16) {
        let mut reason = String::new();
        loop {
            match self.receive().await {
                Ok(frame) if frame["type"] == "goodbye" => {
                    frame["reason"].as_str().unwrap().clone_into(&mut reason);
                }
                Ok(_) => {}
                Err(code) => return (reason, code),
            }
        }
    }
}

fn send_frame(world: &World, id: u32, text: &str) -> Value {
    json!({"type": "send", "id": id, "channel_id": world.general, "client_id": format!("c{id}"), "text": text})
}

#[tokio::test]
async fn a_message_is_acknowledged_and_reaches_the_other() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut root = ready(address, &world.root.token).await;

    let mut mira = open(address, &[]).await.unwrap();
    let hello = mira.next().await;
    assert_eq!(hello["type"], "hello");
    assert_eq!((&hello["server"], &hello["authenticated"]), (&json!("PlexiChat"), &json!(false)));
    assert_eq!((&hello["version"], &hello["heartbeat_seconds"]), (&json!("0.1.0"), &json!(30)));
    assert!(hello["connection_id"].is_string());
    mira.send(json!({"type": "authenticate", "id": 1, "token": world.member.token})).await;
    let ready = mira.next().await;
    let expected =
        json!({"type": "ready", "id": 1, "user_id": world.member.id, "session_id": world.member.session});
    assert_eq!(ready, expected);

    mira.send(send_frame(&world, 2, "hello")).await;
    let ack = mira.next_of("ack").await;
    assert_eq!(
        (&ack["id"], &ack["duplicate"], &ack["message"]["client_id"]),
        (&json!(2), &json!(false), &json!("c2"))
    );
    let event = root.next_of("event").await;
    assert_eq!(event["seq"], ack["message"]["seq"]);
    assert_eq!(event["event"]["kind"], "message_posted");
    assert_eq!(event["event"]["message"]["text"], "hello");
    assert!(event["event"]["message"].get("client_id").is_none());

    mira.send(send_frame(&world, 2, "hello")).await;
    let again = mira.next_of("ack").await;
    assert_eq!((&again["duplicate"], &again["message"]["id"]), (&json!(true), &ack["message"]["id"]));
}

#[tokio::test]
async fn sends_of_one_connection_to_one_channel_keep_their_order() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    for id in 0..100 {
        client.send(send_frame(&world, id, &format!("text {id}"))).await;
    }
    let mut acknowledged = 0;
    let mut texts = Vec::new();
    let mut last = None;
    while acknowledged < 100 || texts.len() < 100 {
        let frame = client.next().await;
        match frame["type"].as_str().unwrap() {
            "ack" => acknowledged += 1,
            "event" => {
                let seq = frame["seq"].as_i64().unwrap();
                assert!(last.is_none_or(|last| seq == last + 1), "a gap before {seq}");
                last = Some(seq);
                texts.push(frame["event"]["message"]["text"].as_str().unwrap().to_owned());
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(texts, (0..100).map(|id| format!("text {id}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn after_a_break_a_client_resumes_where_it_was() {
    let mut world = world().await;
    let address = world.listen().await;
    let path = format!("/channels/{}", world.general);
    let seen = world.get(&world.root, &path).await.json()["last_seq"].as_i64().unwrap();
    for text in ["one", "two", "three"] {
        world.post(&world.member, &format!("{path}/messages"), &json!({"text": text})).await;
    }
    let mut root = ready(address, &world.root.token).await;
    root.send(json!({"type": "resume", "id": "r", "positions": {world.general.to_string(): seen}})).await;
    for (number, text) in (1..).zip(["one", "two", "three"]) {
        let event = root.next().await;
        assert_eq!(
            (event["seq"].as_i64(), &event["event"]["message"]["text"]),
            (Some(seen + number), &json!(text))
        );
    }
    let resumed = root.next().await;
    assert_eq!((&resumed["type"], &resumed["id"]), (&json!("resumed"), &json!("r")));
    assert_eq!(resumed["heads"][world.general.to_string()], seen + 3);
}

#[tokio::test]
async fn a_frame_that_is_not_right_is_answered_with_the_error_of_rest_and_the_socket_goes_on() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.stranger.token).await;
    client.send(send_frame(&world, 1, "let me in")).await;
    let refused = client.next().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!(1)));
    assert_eq!(refused["error"]["error_code"], "VALIDATION_NOT_FOUND");
    client.send(json!({"type": "send", "id": 2, "text": "x"})).await;
    let wrong = client.next().await;
    assert_eq!(wrong["error"]["details"]["fields"][0]["field"], "channel_id");
    client.send(json!({"type": "dance", "id": 3})).await;
    assert_eq!(client.next().await["error"]["details"]["fields"][0]["field"], "type");
    client.send(json!({"type": "ping", "id": 4})).await;
    assert_eq!(client.next().await, json!({"type": "pong", "id": 4}));
}

#[tokio::test]
async fn typing_presence_reading_and_profiles_are_told() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut root = ready(address, &world.root.token).await;
    let mut phone = ready(address, &world.root.token).await;
    let mut mira = ready(address, &world.member.token).await;
    mira.send(json!({"type": "typing", "channel_id": world.general})).await;
    let typing = root.next_of("typing").await;
    assert_eq!(typing, json!({"type": "typing", "channel_id": world.general, "user_id": world.member.id}));

    root.send(
        json!({"type": "subscribe_presence", "id": 5, "user_ids": [world.member.id, world.stranger.id]}),
    )
    .await;
    let presence = root.next_of("presence").await;
    let states = json!({world.member.id.to_string(): "online", world.stranger.id.to_string(): "offline"});
    assert_eq!(presence, json!({"type": "presence", "id": 5, "states": states}));

    root.send(json!({"type": "read", "id": 6, "channel_id": world.general, "seq": 2})).await;
    assert_eq!(root.next_of("ok").await["id"], 6);
    let path = "/users/me";
    world.call(Some(&world.member), http::Method::PATCH, path, &json!({"display_name": "Mira M."})).await;
    assert_eq!(phone.next_of("user").await["user"]["display_name"], "Mira M.");
}

#[tokio::test]
async fn a_guest_is_told_of_nobody_they_are_not_in_a_channel_with() {
    let mut world = world().await;
    let address = world.listen().await;
    let guest = plexi_auth::UserChange { role: Some("guest".into()), ..plexi_auth::UserChange::default() };
    world.auth.update_user(&world.root.actor, world.stranger.id, guest).await.unwrap();
    world.identity.acquaint(world.stranger.id, world.member.id);
    let secret = plexi_core::Secret::new(crate::world::PASSWORD.to_owned());
    let signed_in =
        world.auth.sign_in("stefan", secret, plexi_auth::Transport::Token, None, None).await.unwrap();
    let mut guest = ready(address, signed_in.tokens.unwrap().access_token.expose()).await;
    let mut root = ready(address, &world.root.token).await;

    guest
        .send(json!({"type": "subscribe_presence", "id": 1, "user_ids": [world.member.id, world.root.id]}))
        .await;
    let states = json!({world.member.id.to_string(): "offline"});
    assert_eq!(guest.next_of("presence").await["states"], states, "the administrator is there, unseen");

    for (who, name) in [(&world.root, "Root R."), (&world.member, "Mira M.")] {
        world.call(Some(who), http::Method::PATCH, "/users/me", &json!({"display_name": name})).await;
    }
    assert_eq!(root.next_of("user").await["user"]["display_name"], "Root R.");
    assert_eq!(
        guest.next_of("user").await["user"]["display_name"],
        "Mira M.",
        "the first that they are told"
    );
}

#[tokio::test]
async fn only_the_own_pages_come_in_by_the_cookie() {
    let mut world = world().await;
    let address = world.listen().await;
    let own = format!("http://{address}");
    let cookie = world.member.cookie.as_str();
    assert_eq!(open(address, &[("cookie", cookie)]).await.err(), Some(403));
    assert_eq!(
        open(address, &[("cookie", cookie), ("origin", "https://evil.example")]).await.err(),
        Some(403)
    );
    assert_eq!(open(address, &[("origin", "https://evil.example")]).await.err(), Some(403));
    assert_eq!(open(address, &[("authorization", "Bearer nonsense")]).await.err(), Some(401));
    let mut client = open(address, &[("cookie", cookie), ("origin", &own)]).await.unwrap();
    assert_eq!(client.next().await["authenticated"], true);
    assert_eq!(client.next().await["user_id"], json!(world.member.id));
}

/// The next event as it came: whether it was packed, and what it says.
async fn next_event(client: &mut Client) -> (bool, Value) {
    loop {
        let (packed, json) = match client.0.next().await.expect("closed").unwrap() {
            Message::Text(text) => (false, text.as_bytes().to_vec()),
            Message::Binary(bytes) => {
                let mut json = Vec::new();
                flate2::read::DeflateDecoder::new(&*bytes).read_to_end(&mut json).unwrap();
                (true, json)
            }
            other => panic!("{other}"),
        };
        let frame: Value = serde_json::from_slice(&json).unwrap();
        if frame["type"] == "event" {
            return (packed, frame);
        }
        assert!(!packed, "only events are packed: {frame}");
    }
}

#[tokio::test]
async fn who_asks_for_it_gets_longer_events_packed_and_hears_the_same_as_who_does_not() {
    let mut world = world().await;
    let address = world.listen().await;
    let bearer = format!("Bearer {}", world.root.token);
    let headers = [("authorization", &*bearer)];
    let mut packing = open_asking("?compress=deflate-raw", address, &headers).await.unwrap();
    assert_eq!(packing.next().await["compress"], "deflate-raw");
    let mut plain = open_asking("?compress=br", address, &headers).await.unwrap();
    assert!(plain.next().await.get("compress").is_none(), "what is not known here is not done");

    let path = format!("/channels/{}/messages", world.general);
    for text in ["short".to_owned(), "a longer story ".repeat(100), "short again".to_owned()] {
        world.post(&world.member, &path, &json!({"text": text})).await;
    }
    for long in [false, true, false] {
        let (packed, event) = next_event(&mut packing).await;
        assert_eq!(packed, long);
        assert_eq!(next_event(&mut plain).await, (false, event));
    }
}

#[tokio::test]
async fn a_server_may_be_told_to_pack_nothing() {
    let config = plexi_web::WebConfig { compress_events: false, ..plexi_web::WebConfig::default() };
    let mut world = world_with(Options { web: config, ..Options::default() }).await;
    let address = world.listen().await;
    let bearer = format!("Bearer {}", world.root.token);
    let headers = [("authorization", &*bearer)];
    let mut client = open_asking("?compress=deflate-raw", address, &headers).await.unwrap();
    assert!(client.next().await.get("compress").is_none());
    let path = format!("/channels/{}/messages", world.general);
    world.post(&world.member, &path, &json!({"text": "a longer story ".repeat(100)})).await;
    assert!(!next_event(&mut client).await.0);
}
