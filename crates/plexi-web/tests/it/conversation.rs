//! The ordinary day: what a client does, by REST.

use http::{Method, header};
use serde_json::{Value, json};

use crate::world::{PASSWORD, plain, request, world};

#[tokio::test]
async fn a_browser_signs_in_by_cookie_and_out_again() {
    let world = world().await;
    let body =
        json!({"name": "Mira", "password": PASSWORD, "transport": "cookie", "device": "Mira's laptop"});
    let reply = world.call(None, Method::POST, "/auth/sign-in", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["user"]["name"], "mira");
    assert!(reply.json().get("access_token").is_none(), "a cookie is proof enough");
    let cookie = reply.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-plexi_session="), "{cookie}");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let me =
        plain("/api/v1/users/me").header(header::COOKIE, &cookie).body(axum::body::Body::empty()).unwrap();
    assert_eq!(world.send(me).await.json()["id"], json!(world.member.id));
    let out = |cookie: &str| {
        let builder = plain("/api/v1/auth/sign-out").method(Method::POST).header(header::COOKIE, cookie);
        builder.header("sec-fetch-site", "same-origin").body(axum::body::Body::empty()).unwrap()
    };
    let reply = world.send(out(&cookie)).await;
    assert_eq!(reply.status, 204);
    assert!(reply.header("set-cookie").contains("Max-Age=0"), "the cookie is cleared");
    assert_eq!(world.send(out(&cookie)).await.code(), "AUTH_SESSION_ENDED");
}

#[tokio::test]
async fn a_script_signs_in_by_token_and_refreshes_it() {
    let world = world().await;
    let body = json!({"name": "mira", "password": PASSWORD});
    let reply = world.call(None, Method::POST, "/auth/sign-in", &body).await.json();
    let refresh = json!({"refresh_token": reply["refresh_token"]});
    let next = world.call(None, Method::POST, "/auth/refresh", &refresh).await;
    assert_eq!(next.status, 200, "{}", next.text());
    assert!(
        next.json()["access_token"].is_string() && next.json()["refresh_token"] != reply["refresh_token"]
    );
    assert_eq!(next.header("cache-control"), "no-store");
}

#[tokio::test]
async fn an_invitation_leads_in_and_only_as_often_as_it_says() {
    let world = world().await;
    let body = json!({"space_id": world.space, "role": "guest", "max_uses": 1, "expires_in_hours": 1});
    let made = world.post(&world.root, "/invitations", &body).await.json();
    let code = made["code"].as_str().unwrap().to_owned();
    assert_eq!(made["url"], format!("http://127.0.0.1:8080/join#code={code}"));
    let seen = world.call(None, Method::GET, &format!("/auth/invitation?code={code}"), &Value::Null).await;
    assert_eq!(seen.json()["space_name"], "house");
    let person = |name: &str| json!({"code": code, "name": name, "display_name": name, "password": PASSWORD});
    let joined = world.call(None, Method::POST, "/auth/register", &person("nina")).await;
    assert_eq!((joined.status, &joined.json()["user"]["role"]), (201, &json!("guest")), "{}", joined.text());
    let again = world.call(None, Method::POST, "/auth/register", &person("nino")).await;
    assert_eq!((again.status, &*again.code()), (404, "AUTH_INVITATION_INVALID"));
}

#[tokio::test]
async fn a_message_is_posted_once_read_edited_and_found() {
    let world = world().await;
    let path = format!("/channels/{}/messages", world.general);
    let body = json!({"text": "lunch at *noon*", "client_id": "a1"});
    let posted = world.post(&world.member, &path, &body).await;
    assert_eq!((posted.status, &posted.json()["client_id"]), (201, &json!("a1")));
    let again = world.post(&world.member, &path, &body).await;
    assert_eq!(
        (again.status, &again.json()["id"]),
        (200, &posted.json()["id"]),
        "the same message, not made again"
    );

    let window = world.get(&world.root, &format!("{path}?limit=1")).await.json();
    assert_eq!(window["items"][0]["text"], "lunch at *noon*");
    assert_eq!((&window["has_before"], &window["has_after"]), (&json!(true), &json!(false)));
    assert!(window["items"][0].get("client_id").is_none(), "the author's key is the author's");
    let both = world.get(&world.root, &format!("{path}?before=1&after=0")).await;
    assert_eq!(both.status, 422);
    for date in ["1492-10-12T00:00:00Z", "2026-01-01T00:00:00%2B02:00", "9999-12-31T23:59:59Z"] {
        assert_eq!(world.get(&world.root, &format!("{path}?date={date}")).await.status, 200, "{date}");
    }

    let message = format!("/messages/{}", posted.json()["id"].as_str().unwrap());
    let edited =
        world.call(Some(&world.member), Method::PATCH, &message, &json!({"text": "lunch at one"})).await;
    assert_eq!(edited.json()["text"], "lunch at one");
    let history = world.get(&world.root, &format!("{message}/history")).await.json();
    assert_eq!(history["items"][0]["text"], "lunch at *noon*");
    let found = world.get(&world.root, "/search?q=lunch").await.json();
    assert_eq!(found["items"][0]["highlights"], json!([[0, 5]]));
    let sync = world.get(&world.root, "/sync").await.json();
    assert_eq!(sync["server"]["heartbeat_seconds"], 30);
    assert_eq!(sync["channels"][0]["membership"]["unread"], 3, "two messages and the note that she joined");
}

#[tokio::test]
async fn members_are_people_with_roles_and_pages_lead_on() {
    let world = world().await;
    let path = format!("/spaces/{}/members?limit=2", world.space);
    let first = world.get(&world.member, &path).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert!(first["items"][0]["user"]["display_name"].is_string() && first["items"][0]["role"].is_string());
    let rest =
        world.get(&world.member, &format!("{path}&cursor={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    let nonsense = world.get(&world.member, &format!("{path}&cursor=nonsense")).await;
    assert_eq!((nonsense.status, &*nonsense.code()), (400, "VALIDATION_CURSOR"));
}

#[tokio::test]
async fn a_tag_spares_the_body_and_guards_a_change() {
    let world = world().await;
    let path = format!("/messages/{}", world.message);
    let read = world.get(&world.member, &path).await;
    let tag = read.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    let with = |method: Method, name: header::HeaderName, tag: &str, body: &Value| {
        let mut request = request(Some(&world.member), method, &path, body);
        request.headers_mut().insert(name, tag.parse().unwrap());
        request
    };
    let same = world.send(with(Method::GET, header::IF_NONE_MATCH, &tag, &Value::Null)).await;
    assert_eq!((same.status, same.bytes.len(), same.header("etag")), (304, 0, &*tag));
    let edit = |tag: &str, text: &str| with(Method::PATCH, header::IF_MATCH, tag, &json!({"text": text}));
    assert_eq!(world.send(edit(&tag, "first")).await.status, 200);
    let late = world.send(edit(&tag, "second")).await;
    assert_eq!((late.status, &*late.code()), (412, "VALIDATION_PRECONDITION"));
    assert_eq!(world.send(edit("*", "third")).await.status, 200);
    let changed = world.send(with(Method::GET, header::IF_NONE_MATCH, &tag, &Value::Null)).await;
    assert_eq!((changed.status, &changed.json()["text"]), (200, &json!("third")));
}

#[tokio::test]
async fn every_change_that_takes_a_tag_is_refused_when_the_tag_is_old() {
    let world = world().await;
    let conditional: Vec<_> =
        plexi_web::operations::table().into_iter().filter(|operation| operation.conditional).collect();
    assert_eq!(conditional.len(), 5, "a message, a channel, a space, a user and oneself");
    for operation in conditional {
        let path = crate::authorisation::filled(operation.path, &world);
        let who = if operation.id == "messages.edit" { &world.member } else { &world.root };
        let tag = world.get(who, &path).await.header("etag").to_owned();
        let field = ["text", "name", "display_name"]
            .into_iter()
            .find(|field| {
                operation.body_contract.as_ref().unwrap().properties().any(|(name, _)| name == *field)
            })
            .unwrap();
        let change = |tag: &str, text: &str| {
            let mut request = request(Some(who), operation.method.clone(), &path, &json!({field: text}));
            request.headers_mut().insert(header::IF_MATCH, tag.parse().unwrap());
            request
        };
        let first = world.send(change(&tag, "first")).await;
        assert_eq!(first.status, 200, "{}: {}", operation.id, first.text());
        let late = world.send(change(&tag, "second")).await;
        assert_eq!((late.status, &*late.code()), (412, "VALIDATION_PRECONDITION"), "{}", operation.id);
        late.assert_error_shape(operation.id);
        assert_eq!(world.send(change("*", "third")).await.json()[field], "third", "{}", operation.id);
        let now = world.get(who, &path).await.header("etag").to_owned();
        assert_eq!(world.send(change(&now, "fourth")).await.json()[field], "fourth", "{}", operation.id);
    }
}
