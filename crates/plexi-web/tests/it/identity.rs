//! Who somebody is, over HTTP: further ways to sign in, cookies after a new password, invitations whose maker lost a right.

use axum::body::Body;
use http::{Method, Request, header};
use plexi_core::StoreError;
use serde_json::{Value, json};

use crate::world::{Options, PASSWORD, Reply, World, plain, request, send, server, world};

const NEW_PASSWORD: &str = "nine calm otters paint fences 42";

fn by_cookie(cookie: &str, method: Method, path: &str, body: &Value) -> Request<Body> {
    let builder = plain(&format!("/api/v1{path}"))
        .method(method)
        .header(header::COOKIE, cookie)
        .header("sec-fetch-site", "same-origin");
    if body.is_null() {
        return builder.body(Body::empty()).unwrap();
    }
    builder.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}

fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_a_second_provider_knows_is_signed_in_over_http() {
    let world = world().await;
    let methods = world.call(None, Method::GET, "/auth/methods", &Value::Null).await.json();
    let expected = json!({"items": [
        {"method": "password", "proof": ["name", "password"]},
        {"method": "badge", "proof": ["badge"]},
    ]});
    assert_eq!(methods, expected);
    let sign_in = async |method: &str, body: Value| {
        world.call(None, Method::POST, &format!("/auth/sign-in/{method}"), &body).await
    };
    let badge = json!({"proof": {"badge": "badge of mira"}, "transport": "cookie", "device": "the door"});
    let reply = sign_in("badge", badge).await;
    assert_eq!((reply.status, &reply.json()["session"]["device"]), (200, &json!("the door")));
    let me = world.send(by_cookie(&cookie_of(&reply), Method::GET, "/users/me", &Value::Null)).await;
    assert_eq!(me.json()["id"], json!(world.member.id));
    let by_password = json!({"proof": {"name": "mira", "password": PASSWORD}});
    assert!(sign_in("password", by_password).await.json()["access_token"].is_string());

    let refused = sign_in("badge", json!({"proof": {"badge": "a forgery"}})).await;
    assert_eq!((refused.status, &*refused.code()), (401, "AUTH_INVALID_CREDENTIALS"));
    let unknown = sign_in("retina", json!({"proof": {}})).await;
    assert_eq!((unknown.status, &*unknown.code()), (422, "VALIDATION_INVALID"));
    assert_eq!(unknown.json()["details"]["fields"][0]["field"], "method");
    let many: serde_json::Map<String, Value> = (0..17).map(|part| (format!("p{part}"), json!("x"))).collect();
    for proof in [json!({}), json!({"badge": 7}), json!({"badge": "b", "extra": "x"}), Value::Object(many)] {
        let refused = sign_in("badge", json!({"proof": proof})).await;
        assert_eq!((refused.status, &*refused.code()), (422, "VALIDATION_INVALID"), "{proof}");
    }
}

#[tokio::test]
async fn a_new_password_brings_a_new_cookie_and_the_old_one_is_dead() {
    let world = world().await;
    let old = &world.member.cookie;
    let change = json!({"current": PASSWORD, "new": NEW_PASSWORD});
    let reply = world.send(by_cookie(old, Method::POST, "/auth/password", &change)).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    for attribute in ["__Host-plexi_session=", "Path=/", "Max-Age=", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(reply.header("set-cookie").contains(attribute), "{attribute}");
    }
    let new = cookie_of(&reply);
    assert_ne!(&new, old);
    let me = async |cookie: &str| world.send(by_cookie(cookie, Method::GET, "/users/me", &Value::Null)).await;
    assert_eq!(me(&new).await.status, 200);
    let dead = me(old).await;
    assert_eq!((dead.status, &*dead.code()), (401, "AUTH_SESSION_ENDED"));

    let refused = world.send(by_cookie(&new, Method::POST, "/auth/password", &change)).await;
    assert_eq!(
        (refused.status, refused.header("set-cookie")),
        (401, ""),
        "nothing changes without the present one"
    );
    assert_eq!(me(&new).await.status, 200);
}

#[tokio::test]
async fn a_script_that_changes_its_password_gets_no_cookie() {
    let world = world().await;
    let change = json!({"current": PASSWORD, "new": NEW_PASSWORD});
    let reply = world.post(&world.member, "/auth/password", &change).await;
    assert_eq!((reply.status, reply.header("set-cookie")), (204, ""));
}

/// Makes the member an administrator of the space who has invited somebody; the code.
async fn invited(world: &World) -> String {
    let admin = json!({"role": "admin"});
    let path = format!("/spaces/{}/members/{}", world.space, world.member.id);
    assert_eq!(world.call(Some(&world.root), Method::PUT, &path, &admin).await.status, 200);
    let body = json!({"space_id": world.space, "role": "member", "max_uses": 5, "expires_in_hours": 1});
    let made = world.post(&world.member, "/invitations", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_invitation_is_none_when_its_maker_may_not_invite_to_the_space_any_more() {
    let world = world().await;
    let code = invited(&world).await;
    let path = format!("/spaces/{}/members/{}", world.space, world.member.id);
    let look =
        async || world.call(None, Method::GET, &format!("/auth/invitation?code={code}"), &Value::Null).await;
    let join = async |name: &str| {
        let body = json!({"code": code, "name": name, "display_name": name, "password": PASSWORD});
        world.call(None, Method::POST, "/auth/register", &body).await
    };
    assert_eq!(look().await.status, 200);
    world.call(Some(&world.root), Method::PUT, &path, &json!({"role": "member"})).await;
    for refused in [look().await, join("nina").await] {
        assert_eq!((refused.status, &*refused.code()), (404, "AUTH_INVITATION_INVALID"));
    }
    world.call(Some(&world.root), Method::DELETE, &path, &Value::Null).await;
    assert_eq!(join("nina").await.code(), "AUTH_INVITATION_INVALID", "nor who left the space");
    let known = world.get(&world.root, "/users?q=nina").await.json();
    assert_eq!(known["items"], json!([]), "no account was made");

    world.call(Some(&world.root), Method::PUT, &path, &json!({"role": "admin"})).await;
    assert_eq!(join("nina").await.status, 201);
}

#[tokio::test]
async fn nobody_is_invited_to_a_space_that_is_archived() {
    let world = world().await;
    let code = invited(&world).await;
    let archive = async |archived: bool| {
        let path = format!("/spaces/{}", world.space);
        let done = world.call(Some(&world.root), Method::PATCH, &path, &json!({"archived": archived})).await;
        assert_eq!(done.status, 200);
    };
    let body = json!({"space_id": world.space, "role": "member", "max_uses": 5, "expires_in_hours": 1});
    let person = json!({"code": code, "name": "nina", "display_name": "Nina", "password": PASSWORD});
    archive(true).await;
    let made = world.post(&world.root, "/invitations", &body).await;
    let joined = world.call(None, Method::POST, "/auth/register", &person).await;
    for refused in [made, joined] {
        assert_eq!((refused.status, &*refused.code()), (409, "VALIDATION_SPACE_ARCHIVED"));
    }
    let known = world.get(&world.root, "/users?q=nina").await.json();
    assert_eq!(known["items"], json!([]), "no account was made");
    archive(false).await;
    assert_eq!(world.call(None, Method::POST, "/auth/register", &person).await.status, 201);
}

#[tokio::test]
async fn a_guest_sees_those_they_are_in_a_channel_with_and_nobody_else() {
    let world = world().await;
    let demote = json!({"role": "guest"});
    let path = format!("/users/{}", world.stranger.id);
    assert_eq!(world.call(Some(&world.root), Method::PATCH, &path, &demote).await.status, 200);
    world.identity.acquaint(world.stranger.id, world.member.id);
    let signed_in = json!({"name": "stefan", "password": PASSWORD});
    let signed_in = world.call(None, Method::POST, "/auth/sign-in", &signed_in).await.json();
    let mut guest = world.stranger.clone();
    signed_in["access_token"].as_str().unwrap().clone_into(&mut guest.token);

    let names = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&world.get(&guest, "/users").await.json()), ["mira", "stefan"]);
    assert_eq!(names(&world.get(&world.member, "/users").await.json()).len(), 4, "a member sees the team");
    let ids = json!({"ids": [world.member.id, world.other.id, world.root.id]});
    assert_eq!(names(&world.post(&guest, "/users/lookup", &ids).await.json()), ["mira"]);
    assert_eq!(world.get(&guest, &format!("/users/{}", world.member.id)).await.status, 200);
    let hidden = world.get(&guest, &format!("/users/{}", world.other.id)).await;
    assert_eq!((hidden.status, &*hidden.code()), (404, "VALIDATION_NOT_FOUND"));
}

#[tokio::test]
async fn a_first_space_that_cannot_be_made_locks_nobody_out() {
    let server = server(Options::default()).await;
    let call = async |method: Method, path: &str, token: Option<&str>, body: &Value| {
        let mut request = request(None, method, path, body);
        if let Some(token) = token {
            let bearer = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, bearer);
        }
        send(&server.router, request).await
    };
    let set_up = json!({"token": server.setup.expose(), "name": "ada", "display_name": "Ada", "password": PASSWORD,
        "space_name": "home"});
    server.chat.set_fault(Some(|| StoreError::Full("no room".into())));
    let made = call(Method::POST, "/auth/setup", None, &set_up).await;
    assert_eq!(made.status, 201, "the administrator is made and signed in: {}", made.text());
    let made = made.json();
    let token = made["access_token"].as_str();
    assert_eq!(call(Method::GET, "/spaces", token, &Value::Null).await.json()["items"], json!([]));
    assert_eq!(call(Method::POST, "/auth/setup", None, &set_up).await.code(), "AUTH_SETUP_CLOSED");

    let space = json!({"name": "home"});
    assert_eq!(call(Method::POST, "/spaces", token, &space).await.code(), "STORAGE_FULL");
    server.chat.set_fault(None);
    server.chat.add_user(made["user"]["id"].as_str().unwrap().parse().unwrap(), "ada", "Ada");
    let again = json!({"name": "ada", "password": PASSWORD});
    let signed_in = call(Method::POST, "/auth/sign-in", None, &again).await;
    assert_eq!(signed_in.status, 200, "nor who lost the session");
    let signed_in = signed_in.json();
    let made = call(Method::POST, "/spaces", signed_in["access_token"].as_str(), &space).await;
    assert_eq!((made.status, &made.json()["role"]), (201, &json!("admin")));
}
