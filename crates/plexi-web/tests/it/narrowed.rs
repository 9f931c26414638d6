//! What the holder of an access token added to it binds over REST and over the socket, frame by frame.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::socket::{open, ready};
use crate::world::{Person, World, narrowed, world};

/// The same person, by a token that was narrowed.
fn only(person: &Person, checks: &str) -> Person {
    Person { token: narrowed(&person.token, checks), ..person.clone() }
}

fn post(world: &World, id: u32) -> Value {
    json!({"type": "send", "id": id, "channel_id": world.general, "client_id": format!("c{id}"), "text": "x"})
}

async fn messages(world: &World) -> usize {
    let window = world.get(&world.root, &format!("/channels/{}/messages", world.general)).await;
    window.json()["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_token_for_reading_reads_and_writes_nothing() {
    let world = world().await;
    let reader = only(&world.member, r#"check if operation("read");"#);
    let path = format!("/channels/{}/messages", world.general);
    assert_eq!(world.get(&reader, &path).await.status, 200);
    assert_eq!(world.get(&reader, "/search?q=hello").await.status, 200);
    let looked = world.post(&reader, "/users/lookup", &json!({"ids": [world.member.id]})).await;
    assert_eq!(looked.status, 200, "what changes nothing reads, whatever its method");
    let refused = world.post(&reader, &path, &json!({"text": "x"})).await;
    assert_eq!((refused.status, &*refused.code()), (403, "AUTH_TOKEN_RESTRICTED"));
    refused.assert_error_shape("restricted");
    assert_eq!(world.call(Some(&reader), Method::PUT, "/users/me", &Value::Null).await.status, 405);
}

#[tokio::test]
async fn a_token_for_one_operation_does_that_and_nothing_else() {
    let world = world().await;
    let poster = only(&world.member, r#"check if operation("messages.post");"#);
    let path = format!("/channels/{}/messages", world.general);
    assert_eq!(world.post(&poster, &path, &json!({"text": "x"})).await.status, 201);
    assert_eq!(world.get(&poster, &path).await.code(), "AUTH_TOKEN_RESTRICTED");
    let sign_out = world.post(&poster, "/auth/sign-out", &Value::Null).await;
    assert_eq!(sign_out.code(), "AUTH_TOKEN_RESTRICTED");
}

#[tokio::test]
async fn a_socket_by_a_token_for_reading_hears_and_says_nothing() {
    let mut world = world().await;
    let address = world.listen().await;
    let reader = only(&world.member, r#"check if operation("read");"#);
    let mut client = ready(address, &reader.token).await;
    let refused = [post(&world, 1), json!({"type": "read", "id": 1, "channel_id": world.general, "seq": 1})];
    for frame in refused {
        client.send(frame).await;
        let error = client.next_of("error").await;
        assert_eq!(
            (&error["id"], &error["error"]["error_code"]),
            (&json!(1), &json!("AUTH_TOKEN_RESTRICTED"))
        );
    }
    client.send(json!({"type": "resume", "id": 2, "positions": {world.general.to_string(): 0}})).await;
    assert_eq!(client.next_of("resumed").await["id"], 2);
    client.send(json!({"type": "subscribe_presence", "id": 3, "user_ids": [world.root.id]})).await;
    assert_eq!(client.next_of("presence").await["id"], 3);
    world.post(&world.root, &format!("/channels/{}/messages", world.general), &json!({"text": "news"})).await;
    assert_eq!(client.next_of("event").await["event"]["message"]["text"], "news");
}

#[tokio::test]
async fn a_socket_needs_a_token_that_may_connect() {
    let mut world = world().await;
    let address = world.listen().await;
    let poster = narrowed(&world.member.token, r#"check if operation("messages.post");"#);
    assert_eq!(open(address, &[("authorization", &format!("Bearer {poster}"))]).await.err(), Some(403));
    let mut client = open(address, &[]).await.unwrap();
    client.next().await;
    client.send(json!({"type": "authenticate", "id": 1, "token": poster})).await;
    assert_eq!(client.next().await["error"]["error_code"], "AUTH_TOKEN_RESTRICTED");
    assert_eq!(client.goodbye().await, ("token_restricted".into(), 4403));
    let both = r#"check if operation("ws.connect") or operation("messages.post");"#;
    let mut client = ready(address, &narrowed(&world.member.token, both)).await;
    client.send(post(&world, 2)).await;
    assert_eq!(client.next_of("ack").await["id"], 2);
    client.send(json!({"type": "resume", "id": 3, "positions": {}})).await;
    assert_eq!(client.next_of("error").await["error"]["error_code"], "AUTH_TOKEN_RESTRICTED");
}

const UNTIL: &str = "check if time($now), $now < 2027-01-15T08:00:03Z;";

#[tokio::test]
async fn when_the_time_of_a_narrowed_token_is_over_its_socket_does_nothing_more() {
    let mut world = world().await;
    let address = world.listen().await;
    let short = only(&world.member, UNTIL);
    let mut client = ready(address, &short.token).await;
    client.send(post(&world, 1)).await;
    assert_eq!(client.next_of("ack").await["id"], 1);
    let before = messages(&world).await;
    world.clock.advance(Duration::from_secs(5));
    let refused = world.get(&short, "/users/me").await;
    assert_eq!((refused.status, &*refused.code()), (403, "AUTH_TOKEN_RESTRICTED"));
    client.send(post(&world, 2)).await;
    let error = client.next_of("error").await;
    assert_eq!((&error["id"], &error["error"]["error_code"]), (&json!(2), &json!("AUTH_TOKEN_RESTRICTED")));
    assert_eq!(client.goodbye().await, ("token_restricted".into(), 4403));
    assert_eq!(messages(&world).await, before, "nothing was stored");
}

#[tokio::test]
async fn when_the_time_of_a_narrowed_token_is_over_its_socket_hears_nothing_more() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut client = ready(address, &narrowed(&world.member.token, UNTIL)).await;
    world.clock.advance(Duration::from_secs(5));
    world.post(&world.root, &format!("/channels/{}/messages", world.general), &json!({"text": "news"})).await;
    assert_eq!(client.next().await["error"]["error_code"], "AUTH_TOKEN_RESTRICTED");
    assert_eq!(client.goodbye().await, ("token_restricted".into(), 4403));
}

#[tokio::test]
async fn a_socket_outlives_a_whole_token_but_not_a_narrowed_one() {
    let mut world = world().await;
    let address = world.listen().await;
    let mut whole = ready(address, &world.member.token).await;
    let mut part = ready(address, &narrowed(&world.member.token, "check if true;")).await;
    world.clock.advance(Duration::from_mins(11));
    whole.send(post(&world, 1)).await;
    assert_eq!(whole.next_of("ack").await["id"], 1, "the session lives");
    // Only what the message brought makes the other one look; a frame of its own would do the same.
    assert_eq!(part.next().await["error"]["error_code"], "AUTH_TOKEN_EXPIRED");
    assert_eq!(part.goodbye().await, ("token_refused".into(), 4401));
}

#[tokio::test]
async fn the_last_proof_of_a_connection_counts() {
    let mut world = world().await;
    let address = world.listen().await;
    let reader = narrowed(&world.member.token, r#"check if operation("read");"#);
    let mut client = ready(address, &reader).await;
    for (id, token, answer) in [(1, &world.member.token, "ack"), (2, &reader, "error")] {
        client.send(json!({"type": "authenticate", "id": "again", "token": token})).await;
        assert_eq!(client.next_of("ready").await["id"], "again");
        client.send(post(&world, id)).await;
        assert_eq!(client.next_of(answer).await["id"], id);
    }
}
