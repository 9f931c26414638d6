//! How a socket ends: each way has its goodbye and its close code.

use std::time::Duration;

use futures_util::SinkExt as _;
use plexi_auth::RoleChange;
use plexi_messaging::{HubConfig, OutFrame};
use plexi_web::WebConfig;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::socket::{open, ready};
use crate::world::{Options, world, world_with};

#[tokio::test]
async fn the_end_of_a_session_closes_its_sockets_at_once() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    let mut other = ready(address, &world.root.token).await;
    assert_eq!(world.post(&world.member, "/auth/sign-out", &Value::Null).await.status, 204);
    assert_eq!(client.goodbye().await, ("session_ended".into(), 4401));
    other.send(json!({"type": "ping", "id": 1})).await;
    assert_eq!(other.next_of("pong").await["id"], 1);
}

#[tokio::test]
async fn a_page_with_a_dead_cookie_is_told_that_its_session_has_ended() {
    let mut world = world().await;
    let address = world.listen().await;
    let own = format!("http://{address}");
    let cookie = world.member.cookie.clone();
    world.auth.end_user_sessions(&world.root.actor, world.member.id).await.unwrap();
    for cookie in [&*cookie, "__Host-plexi_session=nonsense"] {
        let mut client = open(address, &[("cookie", cookie), ("origin", &own)]).await.unwrap();
        assert_eq!(client.next().await["authenticated"], false);
        assert_eq!(client.next().await["error"]["error_code"], "AUTH_SESSION_ENDED");
        assert_eq!(client.goodbye().await, ("session_ended".into(), 4401));
    }
}

#[tokio::test]
async fn a_disabled_account_is_cut_off() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    let path = format!("/users/{}", world.member.id);
    world.call(Some(&world.root), http::Method::PATCH, &path, &json!({"disabled": true})).await;
    assert_eq!(client.goodbye().await, ("session_ended".into(), 4401));
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_waits_for_its_sockets() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut known = ready(address, &world.member.token).await;
    let mut unknown = open(address, &[]).await.unwrap();
    unknown.next().await;
    world.stop.cancel();
    assert_eq!(known.goodbye().await, ("restart".into(), 1001));
    assert_eq!(unknown.goodbye().await, ("restart".into(), 1001));
    drop((known, unknown));
    world.web.sockets().drained().await;
    assert_eq!(world.web.open_sockets(), 0);
    assert_eq!(open(address, &[]).await.err(), Some(503), "no new ones");
}

#[tokio::test]
async fn what_is_no_frame_ends_the_socket() {
    let mut world = world().await;
    let address = world.listen().await;
    for (message, code) in [
        (Message::text("{"), 4400),
        (Message::text("[]"), 4400),
        (Message::binary(vec![1, 2, 3]), 4400),
        (Message::text("x".repeat(300 * 1024)), 1009),
    ] {
        let mut client = ready(address, &world.member.token).await;
        client.0.send(message).await.unwrap();
        assert_eq!(client.goodbye().await, ("policy".into(), code));
    }
}

#[tokio::test]
async fn nobody_speaks_before_saying_who_it_is() {
    let mut world = world().await;
    let address = world.listen().await;
    let send = json!({"type": "send", "id": 1, "channel_id": world.general, "client_id": "a", "text": "x"});
    let nonsense = json!({"type": "authenticate", "id": 1, "token": "nonsense"});
    for (frame, code, reason, close) in [
        (send, "AUTH_REQUIRED", "unauthenticated", 4410),
        (nonsense, "AUTH_TOKEN_INVALID", "token_refused", 4401),
    ] {
        let mut client = open(address, &[]).await.unwrap();
        client.next().await;
        client.send(frame).await;
        let error = client.next().await;
        assert_eq!((&error["id"], &error["error"]["error_code"]), (&json!(1), &json!(code)));
        assert_eq!(client.goodbye().await, (reason.into(), close));
    }
}

#[tokio::test]
async fn who_does_not_say_in_time_who_it_is_is_let_go_and_no_session_ended() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = open(address, &[]).await.unwrap();
    client.next().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    assert_eq!(client.goodbye().await, ("unauthenticated".into(), 4410));
}

#[tokio::test]
async fn a_proof_that_cannot_be_looked_at_just_now_ends_no_session() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut known = ready(address, &world.root.token).await;
    let mut client = open(address, &[]).await.unwrap();
    client.next().await;
    // A changed role is the reason to read accounts again.
    world.auth.update_role(&world.root.actor, world.role, RoleChange::default()).await.unwrap();
    world.identity.set_away(true);
    client.send(json!({"type": "authenticate", "id": 1, "token": world.member.token})).await;
    let error = client.next().await;
    assert_eq!((&error["id"], &error["error"]["error_code"]), (&json!(1), &json!("STORAGE_UNAVAILABLE")));
    assert_eq!(client.goodbye().await, ("unavailable".into(), 1013));
    known.send(json!({"type": "read", "id": 2, "channel_id": world.general, "seq": 1})).await;
    assert_eq!(known.next_of("error").await["error"]["error_code"], "STORAGE_UNAVAILABLE");
    world.identity.set_away(false);
    known.send(json!({"type": "read", "id": 3, "channel_id": world.general, "seq": 1})).await;
    assert_eq!(known.next_of("ok").await["id"], 3, "who was known stays");
}

#[tokio::test]
async fn a_wrong_second_proof_leaves_the_connection_as_it_was() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    for (id, token, code) in
        [(1, "nonsense", "AUTH_TOKEN_INVALID"), (2, &*world.root.token, "VALIDATION_INVALID")]
    {
        client.send(json!({"type": "authenticate", "id": id, "token": token})).await;
        let error = client.next_of("error").await;
        assert_eq!((&error["id"], &error["error"]["error_code"]), (&json!(id), &json!(code)));
    }
    client.send(json!({"type": "read", "id": 3, "channel_id": world.general, "seq": 1})).await;
    assert_eq!(client.next_of("ok").await["id"], 3);
}

#[tokio::test]
async fn a_frame_of_a_session_whose_end_nobody_told_is_answered_before_the_goodbye() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    // Its days are over.
    world.clock.advance(Duration::from_hours(24 * 400));
    client.send(json!({"type": "read", "id": 7, "channel_id": world.general, "seq": 1})).await;
    let error = client.next_of("error").await;
    assert_eq!((&error["id"], &error["error"]["error_code"]), (&json!(7), &json!("AUTH_SESSION_ENDED")));
    assert_eq!(client.goodbye().await, ("session_ended".into(), 4401));
}

#[tokio::test]
async fn a_flood_of_frames_ends_the_socket() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    for id in 0..450 {
        if client.0.feed(Message::text(json!({"type": "ping", "id": id}).to_string())).await.is_err() {
            break;
        }
    }
    client.0.flush().await.ok();
    assert_eq!(client.goodbye().await, ("policy".into(), 4429));
}

#[tokio::test]
async fn unknown_sockets_of_one_address_are_few() {
    let config = WebConfig { max_unauthenticated_sockets: 2, ..WebConfig::default() };
    let mut world = world_with(Options { web: config, ..Options::default() }).await;
    let address = world.listen().await;
    let mut first = open(address, &[]).await.unwrap();
    let _second = open(address, &[]).await.unwrap();
    assert_eq!(open(address, &[]).await.err(), Some(429));
    first.next().await;
    first.send(json!({"type": "authenticate", "id": 1, "token": world.member.token})).await;
    assert_eq!(first.next().await["type"], "ready");
    assert!(open(address, &[]).await.is_ok(), "who is known no longer counts");
}

#[tokio::test]
async fn sockets_of_one_user_are_bounded_by_handshake_and_by_frame() {
    let config = WebConfig { max_sockets_per_user: 2, ..WebConfig::default() };
    let mut world = world_with(Options { web: config, ..Options::default() }).await;
    let address = world.listen().await;
    let bearer = format!("Bearer {}", world.member.token);
    let _first = open(address, &[("authorization", &*bearer)]).await.unwrap();
    let _second = ready(address, &world.member.token).await;
    assert_eq!(open(address, &[("authorization", &*bearer)]).await.err(), Some(503));
    let mut late = open(address, &[]).await.unwrap();
    late.next().await;
    late.send(json!({"type": "authenticate", "id": 1, "token": world.member.token})).await;
    assert_eq!(late.next().await["error"]["error_code"], "NETWORK_OVERLOADED");
    assert_eq!(late.goodbye().await, ("policy".into(), 1013));
    ready(address, &world.other.token).await;
}

#[tokio::test]
async fn a_silent_client_is_let_go() {
    let config = WebConfig { heartbeat_seconds: 1, ..WebConfig::default() };
    let mut world = world_with(Options { web: config, ..Options::default() }).await;
    let address = world.listen().await;
    let mut client = ready(address, &world.member.token).await;
    // It answers no ping, for it reads nothing until the server has given it up.
    let gone = async {
        while world.web.open_sockets() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the socket stays open");
    assert_eq!(client.goodbye().await, ("policy".into(), 4409));
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_loses_nothing_that_it_cannot_resume() {
    let hub = HubConfig { queue_frames: 16, ..HubConfig::default() };
    let mut world = world_with(Options { hub, ..Options::default() }).await;
    let address = world.listen().await;
    let path = format!("/channels/{}", world.general);
    let seen = world.get(&world.root, &path).await.json()["last_seq"].as_i64().unwrap();
    let mut client = ready(address, &world.root.token).await;
    // More than the buffers of the connection take, while it reads nothing.
    let filler = OutFrame::text(json!({"type": "filler", "text": "x".repeat(60_000)}).to_string());
    for _ in 0..500 {
        world.messaging.hub().to_user(world.root.id, &filler, None);
        tokio::task::yield_now().await;
    }
    world.post(&world.member, &format!("{path}/messages"), &json!({"text": "missed"})).await;
    assert_eq!(client.goodbye().await, ("slow_consumer".into(), 4408));
    let mut again = ready(address, &world.root.token).await;
    again.send(json!({"type": "resume", "id": 1, "positions": {world.general.to_string(): seen}})).await;
    let event = again.next_of("event").await;
    assert_eq!(
        (event["seq"].as_i64(), &event["event"]["message"]["text"]),
        (Some(seen + 1), &json!("missed"))
    );
}
