//! `Idempotency-Key`: a request that is sent again makes nothing again.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::world::{Person, request, world};

fn keyed(who: &Person, path: &str, key: &str, body: &Value) -> Request<Body> {
    let mut request = request(Some(who), Method::POST, path, body);
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

#[tokio::test]
async fn the_same_key_gives_the_first_answer_for_a_day() {
    let world = world().await;
    let body = json!({"name": "annex"});
    let first = world.send(keyed(&world.root, "/spaces", "k-1", &body)).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    let again = world.send(keyed(&world.root, "/spaces", "k-1", &body)).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(
        (again.bytes, again.headers["content-type"].clone()),
        (first.bytes, first.headers["content-type"].clone())
    );
    world.clock.advance(Duration::from_hours(24));
    let token = world.auth.sign_in(
        "root",
        plexi_core::Secret::new(crate::world::PASSWORD.into()),
        plexi_auth::Transport::Token,
        None,
        None,
    );
    let token = token.await.unwrap().tokens.unwrap().access_token.expose().clone();
    let root = Person { token, ..world.root.clone() };
    let next_day = world.send(keyed(&root, "/spaces", "k-1", &body)).await;
    assert_eq!(
        (next_day.status, &*next_day.code()),
        (409, "VALIDATION_CONFLICT"),
        "tried anew: the name is taken"
    );
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_person() {
    let world = world().await;
    let path = format!("/channels/{}/messages", world.general);
    let mine = world.send(keyed(&world.member, &path, "k", &json!({"text": "one"}))).await;
    let other = world.send(keyed(&world.member, &path, "k", &json!({"text": "two"}))).await;
    assert_eq!((other.status, &*other.code()), (422, "VALIDATION_IDEMPOTENCY_MISMATCH"));
    let theirs = world.send(keyed(&world.root, &path, "k", &json!({"text": "one"}))).await;
    assert_eq!(theirs.status, 201);
    assert_ne!(theirs.json()["id"], mine.json()["id"]);
    for bad in ["", "a b", "\u{7f}", &"k".repeat(65)] {
        let mut request = request(Some(&world.member), Method::POST, &path, &json!({"text": "x"}));
        let Ok(value) = http::HeaderValue::from_str(bad) else { continue };
        request.headers_mut().insert("idempotency-key", value);
        assert_eq!(world.send(request).await.status, 422, "{bad:?}");
    }
}

#[tokio::test]
async fn a_repeated_message_is_shown_as_it_is_now_and_never_sent_again() {
    let world = world().await;
    let path = format!("/channels/{}/messages", world.general);
    let body = json!({"text": "a secret said aloud", "client_id": "c-1"});
    let first = world.send(keyed(&world.member, &path, "k", &body)).await;
    let again = world.send(keyed(&world.member, &path, "k", &body)).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.json(), first.json());
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let gone =
        world.send(request(Some(&world.member), Method::DELETE, &format!("/messages/{id}"), &json!(null)));
    assert_eq!(gone.await.status, 204);
    let late = world.send(keyed(&world.member, &path, "k", &body)).await;
    assert_eq!((late.status, late.header("idempotency-replayed")), (201, "true"));
    assert_eq!(
        (&late.json()["id"], &late.json()["deleted"], &late.json()["text"]),
        (&json!(id), &json!(true), &json!(""))
    );
    let newest =
        world.send(request(Some(&world.root), Method::GET, &format!("{path}?limit=1"), &json!(null))).await;
    assert_eq!(newest.json()["items"][0]["id"], json!(id), "nothing was posted after it");
}

#[tokio::test]
async fn what_failed_may_be_tried_again_with_the_same_key() {
    let world = world().await;
    let path = format!("/spaces/{}/channels", world.space);
    let taken = json!({"name": "general", "kind": "public"});
    assert_eq!(world.send(keyed(&world.member, &path, "k", &taken)).await.status, 409);
    let free = json!({"name": "garden", "kind": "public"});
    assert_eq!(world.send(keyed(&world.member, &path, "k", &free)).await.status, 201);
}

#[tokio::test]
async fn of_many_at_once_with_one_key_one_is_done() {
    let world = world().await;
    let body = json!({"text": "once"});
    let path = format!("/channels/{}/messages", world.general);
    let attempts = (0..16).map(|_| world.send(keyed(&world.member, &path, "k", &body)));
    let replies = futures_util::future::join_all(attempts).await;
    let mut made = 0;
    for reply in &replies {
        match reply.status {
            201 if reply.header("idempotency-replayed").is_empty() => made += 1,
            201 => {}
            409 => assert_eq!(reply.header("retry-after"), "1"),
            status => panic!("{status}: {}", reply.text()),
        }
    }
    assert_eq!(made, 1);
}
