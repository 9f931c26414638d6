//! Nonsense in every operation: always a refusal of the catalogue, never a failure.

use axum::body::Body;
use http::{Method, Request, header};
use plexi_web::operations::{BASE, Operation, table};
use serde_json::{Value, json};

use crate::authorisation::filled;
use crate::world::{HOST, World, request, world};

fn with_body(world: &World, operation: &Operation, media_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(operation.method.clone())
        .uri(format!("{BASE}{}", filled(operation.path, world)))
        .header(header::HOST, HOST)
        .header(header::AUTHORIZATION, format!("Bearer {}", world.root.token))
        .header(header::CONTENT_TYPE, media_type)
        .body(body.into())
        .unwrap()
}

fn deep(levels: usize) -> String {
    format!("{{\"name\":{}1{}}}", "[".repeat(levels), "]".repeat(levels))
}

#[tokio::test]
async fn every_body_that_is_not_right_is_refused_with_the_reason() {
    let world = world().await;
    let nonsense: [(&str, Vec<u8>, u16); 11] = [
        ("empty", Vec::new(), 400),
        ("cut off", b"{\"name\":".to_vec(), 400),
        ("broken utf-8", b"{\"name\":\"\xff\xfe\"}".to_vec(), 400),
        ("lone surrogate", br#"{"name":"\ud800"}"#.to_vec(), 400),
        ("too deep", deep(500).into_bytes(), 400),
        ("trailing", b"{} {}".to_vec(), 400),
        ("list", b"[]".to_vec(), 422),
        ("text", b"\"x\"".to_vec(), 422),
        ("null", b"null".to_vec(), 422),
        ("unknown field", br#"{"no_such_field":{"a":[1]}}"#.to_vec(), 422),
        ("huge", [b"{\"name\":\"".to_vec(), vec![b'a'; 300_000], b"\"}".to_vec()].concat(), 413),
    ];
    for operation in table().into_iter().filter(|operation| operation.body_contract.is_some()) {
        for (name, body, expected) in &nonsense {
            let reply = world.send(with_body(&world, &operation, "application/json", body.clone())).await;
            let what = format!("{} with a body that is {name}", operation.id);
            assert_eq!(reply.status, *expected, "{what}: {}", reply.text());
            reply.assert_error_shape(&what);
        }
        for media_type in
            ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"]
        {
            let reply = world.send(with_body(&world, &operation, media_type, "{}")).await;
            assert_eq!((reply.status, &*reply.code()), (415, "VALIDATION_MEDIA_TYPE"), "{}", operation.id);
        }
    }
}

#[tokio::test]
async fn every_field_of_every_body_refuses_the_wrong_kinds() {
    let world = world().await;
    for operation in table() {
        let Some(contract) = &operation.body_contract else { continue };
        for (field, _) in contract.properties() {
            for wrong in
                [json!({"a": 1}), json!([[1]]), json!(-1.5), json!(1e300), json!("\u{0}\u{202e}".repeat(200))]
            {
                let body = json!({field: wrong});
                let path = filled(operation.path, &world);
                let reply = world.call(Some(&world.root), operation.method.clone(), &path, &body).await;
                let what = format!("{} {body:.60}", operation.id);
                if reply.status >= 400 {
                    assert!(reply.status < 500, "{what}: {}", reply.text());
                    reply.assert_error_shape(&what);
                }
                let named =
                    reply.json()["details"]["fields"].as_array().is_some_and(|fields| !fields.is_empty());
                assert!(reply.status != 422 || named, "{what}: {}", reply.text());
            }
        }
    }
}

#[tokio::test]
async fn every_parameter_refuses_what_it_cannot_be() {
    let world = world().await;
    for operation in table() {
        let bare = operation.path.replace("{emoji}", "%20");
        for wrong in ["nonsense", "%FF", "%00", "..%2f..", "1", "0198c0de00007000800000000000000a"] {
            let path = bare.split('/').map(|part| if part.starts_with('{') { wrong } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            // the number of a configuration may be 1
            if path == operation.path || (operation.id, wrong) == ("config.compare", "1") {
                continue;
            }
            let reply = world.call(Some(&world.root), operation.method.clone(), &path, &json!({})).await;
            let what = format!("{} {path}", operation.id);
            assert!((400..500).contains(&reply.status), "{what}: {} {}", reply.status, reply.text());
            reply.assert_error_shape(&what);
        }
        for wrong in [
            "?no_such=1",
            "?limit=0&limit=2",
            "?limit=many",
            "?q=%FF",
            "?cursor=%zz",
            &format!("?{}", "a=1&".repeat(99)),
        ] {
            let path = format!("{}{wrong}", filled(operation.path, &world));
            let reply = world.call(Some(&world.root), operation.method.clone(), &path, &json!({})).await;
            let what = format!("{} {wrong:.40}", operation.id);
            assert!((400..500).contains(&reply.status), "{what}: {} {}", reply.status, reply.text());
            reply.assert_error_shape(&what);
        }
    }
}

#[tokio::test]
async fn all_problems_are_named_at_once_with_their_fields() {
    let world = world().await;
    let body = json!({"name": "", "kind": "secret", "topic": 7, "extra": true});
    let reply = world.post(&world.root, &format!("/spaces/{}/channels", world.space), &body).await;
    assert_eq!((reply.status, &*reply.code()), (422, "VALIDATION_INVALID"));
    assert_eq!(
        reply.json()["details"]["fields"],
        json!([
            {"field": "extra", "problem": "is not known here"},
            {"field": "kind", "problem": "must be public or private"},
            {"field": "name", "problem": "must be 1 to 64 characters"},
            {"field": "topic", "problem": "must be text"},
        ])
    );
}

#[tokio::test]
async fn an_absent_field_leaves_as_it_is_and_null_is_no_value() {
    let world = world().await;
    let path = format!("/channels/{}", world.general);
    let change = |body: Value| request(Some(&world.root), Method::PATCH, &path, &body);
    assert_eq!(world.send(change(json!({"topic": "rain"}))).await.json()["topic"], "rain");
    assert_eq!(world.send(change(json!({}))).await.json()["topic"], "rain");
    assert_eq!(world.send(change(json!({"topic": null}))).await.status, 422);
    assert_eq!(world.send(change(json!({"topic": ""}))).await.json()["topic"], "");
}

#[tokio::test]
async fn an_unknown_method_or_address_is_answered_from_the_catalogue() {
    let world = world().await;
    for operation in table() {
        let taken: Vec<Method> = table()
            .into_iter()
            .filter(|other| other.path == operation.path)
            .map(|other| other.method)
            .collect();
        for method in
            [Method::DELETE, Method::PUT, Method::PATCH, Method::POST, Method::OPTIONS, Method::TRACE]
        {
            if taken.contains(&method) {
                continue;
            }
            let path = filled(operation.path, &world);
            let reply = world.call(Some(&world.root), method.clone(), &path, &Value::Null).await;
            // A path of another operation may match: `/users/me` is also `/users/{user_id}`.
            if reply.status == 405 {
                assert!(reply.header("allow").contains(operation.method.as_str()), "{method} {path}");
            }
            assert!((400..500).contains(&reply.status), "{method} {path}: {}", reply.status);
            reply.assert_error_shape(&path);
        }
    }
    let reply = world.get(&world.root, "/no/such/address").await;
    assert_eq!(reply.code(), "VALIDATION_NOT_FOUND");
    reply.assert_error_shape("no such address");
}
