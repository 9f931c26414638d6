//! Every operation is tried by everybody. An operation that has no row here fails the test.

use std::collections::BTreeMap;

use http::Method;
use plexi_web::operations::{BASE, Operation, table};
use serde_json::{Value, json};

use crate::world::{PASSWORD, Person, World, world};

struct Row {
    /// What follows the path.
    query: &'static str,
    body: Value,
    /// What anonymous, a stranger, a member and an administrator are answered.
    expected: [u16; 4],
}

/// What is tried: with a right body, on the public channel and a member's message in it, and on another member.
fn rows(world: &World) -> BTreeMap<&'static str, Row> {
    let mut rows = BTreeMap::new();
    let mut row = |id, query, body, expected| {
        assert!(rows.insert(id, Row { query, body, expected }).is_none(), "{id} twice");
    };
    let none = Value::Null;
    let password = json!({"current": PASSWORD, "new": "nine loud badgers paint fences"});
    let account = json!({"name": "nina", "display_name": "Nina", "password": PASSWORD});
    let mut joining = account.clone();
    joining["code"] = json!("no such code");
    let mut first = account.clone();
    first["token"] = json!("no such token");
    first["space_name"] = json!("takeover");

    row("auth.sign_in", "", json!({"name": "root", "password": "wrong"}), [401; 4]);
    row("auth.sign_in_by", "", json!({"proof": {"name": "root", "password": "wrong"}}), [401; 4]);
    row("auth.methods", "", none.clone(), [200; 4]);
    row("auth.refresh", "", json!({"refresh_token": "wrong"}), [401; 4]);
    row("auth.sign_out", "", none.clone(), [401, 204, 204, 204]);
    row("auth.password", "", password, [401, 204, 204, 204]);
    row("auth.sessions", "", none.clone(), [401, 200, 200, 200]);
    row("auth.session_end", "", none.clone(), [401, 404, 404, 404]);
    row("auth.sessions_end", "", none.clone(), [401, 204, 204, 204]);
    row("auth.setup_state", "", none.clone(), [200; 4]);
    row("auth.setup", "", first, [404; 4]);
    row("auth.register", "", joining, [404; 4]);
    let invitation = json!({"space_id": world.space, "role": "member", "max_uses": 1, "expires_in_hours": 1});
    row("invitations.create", "", invitation, [401, 404, 403, 201]);
    row("invitations.list", "", none.clone(), [401, 200, 200, 200]);
    row("invitations.delete", "", none.clone(), [401, 404, 404, 204]);
    row("invitations.look", "?code=wrong", none.clone(), [404; 4]);

    row("users.me", "", none.clone(), [401, 200, 200, 200]);
    row("users.update_me", "", json!({"status_text": "away"}), [401, 200, 200, 200]);
    row("users.list", "", none.clone(), [401, 200, 200, 200]);
    row("users.get", "", none.clone(), [401, 200, 200, 200]);
    row("users.account", "", none.clone(), [401, 403, 403, 200]);
    row("users.lookup", "", json!({"ids": [world.other.id]}), [401, 200, 200, 200]);
    row("users.create", "", account, [401, 403, 403, 201]);
    row("users.update", "", json!({"display_name": "Olga"}), [401, 403, 403, 200]);

    let role = json!({"name": "scribe", "scope": "channel", "permissions": ["channel.read"]});
    row("roles.list", "", none.clone(), [401, 200, 200, 200]);
    row("roles.create", "", role, [401, 403, 403, 201]);
    row("roles.update", "", json!({"name": "aide"}), [401, 403, 403, 200]);
    row("roles.delete", "", none.clone(), [401, 403, 403, 204]);

    row("spaces.list", "", none.clone(), [401, 200, 200, 200]);
    row("spaces.create", "", json!({"name": "annex"}), [401, 403, 403, 201]);
    row("spaces.get", "", none.clone(), [401, 404, 200, 200]);
    row("spaces.update", "", json!({"name": "home"}), [401, 404, 403, 200]);
    row("spaces.members", "", none.clone(), [401, 404, 200, 200]);
    row("spaces.set_member", "", json!({"role": "guest"}), [401, 404, 403, 200]);
    row("spaces.remove_member", "", none.clone(), [401, 404, 403, 204]);

    row("channels.list", "", none.clone(), [401, 404, 200, 200]);
    row("channels.create", "", json!({"name": "garden", "kind": "public"}), [401, 404, 201, 201]);
    row("channels.direct", "", json!({"user_ids": [world.other.id]}), [401, 200, 200, 200]);
    row("channels.get", "", none.clone(), [401, 404, 200, 200]);
    row("channels.update", "", json!({"topic": "rain"}), [401, 404, 403, 200]);
    row("channels.join", "", none.clone(), [401, 404, 200, 200]);
    row("channels.leave", "", none.clone(), [401, 404, 204, 204]);
    row("channels.members", "", none.clone(), [401, 404, 200, 200]);
    row("channels.set_member", "", json!({}), [401, 404, 403, 200]);
    row("channels.remove_member", "", none.clone(), [401, 404, 403, 204]);
    row("channels.read", "", json!({"seq": 1}), [401, 404, 200, 200]);
    row("channels.set_draft", "", json!({"text": "hm"}), [401, 404, 204, 204]);
    row("channels.delete_draft", "", none.clone(), [401, 404, 204, 204]);
    row("channels.settings", "", json!({"muted": true}), [401, 404, 200, 200]);

    row("channels.categories", "", none.clone(), [401, 200, 200, 200]);
    row("channels.set_categories", "", json!({"items": [{"name": "Later"}]}), [401, 200, 200, 200]);

    row("messages.window", "", none.clone(), [401, 404, 200, 200]);
    row("messages.post", "", json!({"text": "hello"}), [401, 404, 201, 201]);
    row("messages.pins", "", none.clone(), [401, 404, 200, 200]);
    row("messages.get", "", none.clone(), [401, 404, 200, 200]);
    row("messages.edit", "", json!({"text": "hello again"}), [401, 404, 200, 403]);
    row("messages.delete", "", none.clone(), [401, 404, 204, 204]);
    row("messages.history", "", none.clone(), [401, 404, 200, 200]);
    row("messages.thread", "", none.clone(), [401, 404, 200, 200]);
    row("messages.read_thread", "", json!({"position": 0}), [401, 404, 200, 200]);
    row("messages.threads", "", none.clone(), [401, 200, 200, 200]);
    row("messages.react", "", none.clone(), [401, 404, 204, 204]);
    row("messages.unreact", "", none.clone(), [401, 404, 204, 204]);
    row("messages.pin", "", none.clone(), [401, 404, 204, 204]);
    row("messages.unpin", "", none.clone(), [401, 404, 204, 204]);

    row("search.messages", "?q=hello", none.clone(), [401, 200, 200, 200]);
    row("sync.get", "", none.clone(), [401, 200, 200, 200]);
    row("system.version", "", none.clone(), [200; 4]);
    row("system.openapi", "", none.clone(), [200; 4]);
    row("system.status", "", none.clone(), [401, 403, 403, 200]);
    for (id, query, body, expected) in rows_of_administration() {
        row(id, query, body, expected);
    }
    rows
}

/// The same for what those who run the server may do.
fn rows_of_administration() -> Vec<(&'static str, &'static str, Value, [u16; 4])> {
    let none = || Value::Null;
    vec![
        ("transfers.list", "", none(), [401, 403, 403, 200]),
        // this world moves nothing: who may is told so
        ("transfers.begin", "", json!({"kind": "export"}), [401, 403, 403, 501]),
        ("transfers.get", "", none(), [401, 403, 403, 404]),
        ("transfers.cancel", "", none(), [401, 403, 403, 404]),
        ("transfers.upload", "", none(), [401, 403, 403, 415]),
        ("transfers.download", "", none(), [401, 403, 403, 404]),
        ("secrets.list", "", none(), [401, 403, 403, 200]),
        ("secrets.rotate", "", none(), [401, 403, 403, 404]),
        ("secrets.reload", "", none(), [401, 403, 403, 200]),
        ("supervisor.list", "", none(), [401, 403, 403, 200]),
        ("supervisor.restart", "", json!({"path": "nothing"}), [401, 403, 403, 404]),
        ("cache.list", "", none(), [401, 403, 403, 200]),
        ("cache.flush", "", json!({"name": "nothing"}), [401, 403, 403, 404]),
        ("config.get", "", none(), [401, 403, 403, 200]),
        ("config.check", "", json!({"version": 0, "changes": {}}), [401, 403, 403, 200]),
        ("config.update", "", json!({"version": 0, "changes": {}}), [401, 403, 403, 200]),
        ("config.history", "", none(), [401, 403, 403, 200]),
        ("config.compare", "", none(), [401, 403, 403, 200]),
        // this world keeps no history
        ("config.rollback", "", json!({"number": 1, "version": 0}), [401, 403, 403, 404]),
        ("diagnostics.about", "", none(), [401, 403, 403, 200]),
        ("diagnostics.bundle", "", none(), [401, 403, 403, 200]),
        ("logs.files", "", none(), [401, 403, 403, 200]),
        ("logs.levels", "", none(), [401, 403, 403, 200]),
        ("logs.change_levels", "", json!({"targets": {"sqlx": "warn"}}), [401, 403, 403, 200]),
        // this world wrote no log: who may read it is told so
        ("logs.view", "?file=latest.txt", none(), [401, 403, 403, 404]),
        ("metrics.history", "?range=24h", none(), [401, 403, 403, 200]),
        ("metrics.list", "", none(), [401, 403, 403, 200]),
        ("system.log_level", "", json!({"level": "debug"}), [401, 403, 403, 204]),
    ]
}

pub fn filled(path: &str, world: &World) -> String {
    path.replace("{space_id}", &world.space.to_string())
        .replace("{channel_id}", &world.general.to_string())
        .replace("{message_id}", &world.message.to_string())
        .replace("{user_id}", &world.other.id.to_string())
        .replace("{role_id}", &world.role.to_string())
        .replace("{session_id}", &world.other.session.to_string())
        .replace("{invitation_id}", &world.invitation.to_string())
        .replace("{method}", "password")
        .replace("{transfer_id}", "0123456789abcdef")
        .replace("{name}", "token.key")
        .replace("{number}", "1")
        .replace("{emoji}", "%F0%9F%91%8D")
}

fn somebody(world: &World, position: usize) -> Option<&Person> {
    [None, Some(&world.stranger), Some(&world.member), Some(&world.root)][position]
}

#[tokio::test]
async fn everybody_may_do_exactly_what_the_table_says() {
    let mut wrong = Vec::new();
    let untouched = world().await;
    for operation in table() {
        for (position, name) in ["anonymous", "stranger", "member", "administrator"].into_iter().enumerate() {
            let shared = rows(&untouched);
            let row = shared
                .get(operation.id)
                .unwrap_or_else(|| panic!("{} has no row in this table", operation.id));
            let expected = row.expected[position];
            // What changes something gets a world of its own, so that none sees what another did.
            let own = if expected < 300 && !operation.method.is_safe() { Some(world().await) } else { None };
            let world = own.as_ref().unwrap_or(&untouched);
            let row = &rows(world)[operation.id];
            let path = filled(operation.path, world) + row.query;
            let reply =
                world.call(somebody(world, position), operation.method.clone(), &path, &row.body).await;
            if reply.status != expected {
                wrong.push(format!(
                    "{} as {name}: {} not {expected}: {}",
                    operation.id,
                    reply.status,
                    reply.text()
                ));
            } else if reply.status >= 400 {
                reply.assert_error_shape(operation.id);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_private_channel_does_not_exist_for_others_not_even_for_the_administrator() {
    let world = world().await;
    let rows = rows(&world);
    let inside = |operation: &Operation| {
        operation.path.contains("{channel_id}") || operation.path.contains("{message_id}")
    };
    for operation in table().into_iter().filter(inside) {
        let row = &rows[operation.id];
        let path = operation
            .path
            .replace("{channel_id}", &world.private.to_string())
            .replace("{message_id}", &world.secret_message.to_string());
        let path = filled(&path, &world) + row.query;
        for who in [&world.stranger, &world.member, &world.root] {
            let reply = world.call(Some(who), operation.method.clone(), &path, &row.body).await;
            assert_eq!(
                (reply.status, &*reply.code()),
                (404, "VALIDATION_NOT_FOUND"),
                "{}: {}",
                operation.id,
                reply.text()
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_there_answers_like_what_may_not_be_seen() {
    let world = world().await;
    let unknown = "0198c0de-0000-7000-8000-000000000001";
    let missing = world.get(&world.stranger, &format!("/channels/{unknown}")).await;
    let hidden = world.get(&world.stranger, &format!("/channels/{}", world.private)).await;
    let mut bodies = [missing.json(), hidden.json()];
    for body in &mut bodies {
        body["correlation_id"] = Value::Null;
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn a_proof_that_is_not_right_is_refused_also_where_the_cookie_is() {
    let world = world().await;
    for proof in ["Bearer nonsense", "Bearer ", "Basic cm9vdDp4", &format!("Bearer {}", "a".repeat(9_000))] {
        let request = http::Request::builder()
            .uri(format!("{BASE}/users/me"))
            .header("host", "localhost")
            .header("authorization", proof)
            .header("cookie", &world.root.cookie)
            .body(axum::body::Body::empty())
            .unwrap();
        let reply = world.send(request).await;
        assert_eq!(reply.status, 401, "{proof:.40}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
        reply.assert_error_shape(proof);
    }
    let reply = world.call(None, Method::GET, "/users/me", &Value::Null).await;
    assert_eq!(reply.code(), "AUTH_REQUIRED");
}
