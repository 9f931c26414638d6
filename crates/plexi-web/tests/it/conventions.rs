//! What `docs/API.md` says of all operations holds for each.

use http::{Method, header};
use plexi_web::openapi;
use plexi_web::operations::{Operation, table};
use serde_json::{Value, json};

use crate::authorisation::filled;
use crate::world::{World, request, world};

/// The operations of the document with their ids.
fn described() -> Vec<(String, Value)> {
    let document = openapi::document();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    operations
        .map(|operation| (operation["operationId"].as_str().unwrap().to_owned(), operation.clone()))
        .collect()
}

fn parameter<'a>(operation: &'a Value, name: &str) -> Option<&'a Value> {
    operation["parameters"].as_array().unwrap().iter().find(|parameter| parameter["name"] == name)
}

/// The properties of the good answer.
fn answered(operation: &Value) -> Vec<String> {
    let document = openapi::document();
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let pointer = schema["$ref"].as_str().map(|reference| reference.trim_start_matches('#').to_owned());
    let schema = pointer.and_then(|pointer| document.pointer(&pointer)).unwrap_or(schema);
    schema["properties"].as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default()
}

/// Reads that need no parameters in the query, as somebody who may.
fn reads() -> Vec<Operation> {
    let needs_query = |operation: &Operation| {
        operation.query_contract.properties().any(|(name, _)| operation.query_contract.requires(name))
    };
    let asked = |one: &Operation| one.method == Method::GET && !needs_query(one) && !of_transfers(one);
    table().into_iter().filter(asked).collect()
}

/// One transfer and what becomes of it: there is none in this world, the black-box tests have them.
fn of_transfers(operation: &Operation) -> bool {
    operation.id.starts_with("transfers.") && operation.id != "transfers.list"
}

#[test]
fn every_list_is_bounded_and_those_that_can_be_long_have_pages() {
    let mut whole = Vec::new();
    for (id, operation) in described() {
        let fields = answered(&operation);
        if !fields.iter().any(|field| field == "items") {
            continue;
        }
        let Some(limit) = parameter(&operation, "limit") else {
            whole.push(id);
            continue;
        };
        assert_eq!(
            (&limit["schema"]["maximum"], &limit["schema"]["default"]),
            (&json!(200), &json!(50)),
            "{id}"
        );
        let goes_on = fields.iter().any(|field| field == "next") && parameter(&operation, "cursor").is_some();
        let by_position = ["before", "after"].iter().all(|name| parameter(&operation, name).is_some());
        assert!(goes_on || by_position, "{id} cannot be read to its end");
    }
    whole.sort_unstable();
    // The ways to sign in and the secrets that were built in, the one transfer; at most 50 categories, 100 revisions, 100 pins,
    // 100 threads, 500 roles, 200 users that were asked for, the parts of the server, the kinds of what it remembers, the log files
    // that are kept, 2000 lines of one, the figures of the server
    // and those of them that are kept.
    let bounded = [
        "auth_methods",
        "cache_list",
        "channels_categories",
        "channels_set_categories",
        "config_get",
        "config_history",
        "logs_files",
        "logs_view",
        "messages_history",
        "messages_pins",
        "messages_threads",
        "metrics_history",
        "metrics_list",
        "roles_list",
        "secrets_list",
        "supervisor_list",
        "transfers_list",
        "users_lookup",
    ];
    assert_eq!(whole, bounded);
}

#[test]
fn every_operation_that_makes_something_takes_a_key() {
    let makes = |operation: &Value| operation["responses"]["201"].is_object();
    let mut without: Vec<String> = described()
        .into_iter()
        .filter(|(_, operation)| makes(operation) && parameter(operation, "Idempotency-Key").is_none())
        .map(|(id, _)| id)
        .collect();
    without.sort_unstable();
    // The first two have no account yet that a key could belong to, the answer of the last holds a secret.
    assert_eq!(without, ["auth_register", "auth_setup", "invitations_create"]);
}

fn body_of(world: &World, id: &str) -> Value {
    match id {
        "spaces.create" => json!({"name": "annex"}),
        "channels.create" => json!({"name": "garden", "kind": "public"}),
        "channels.direct" => json!({"user_ids": [world.other.id]}),
        "messages.post" => json!({"text": "once"}),
        "roles.create" => json!({"name": "witness", "scope": "channel", "permissions": []}),
        "users.create" => {
            json!({"name": "nina", "display_name": "Nina", "password": "seven quiet otters play chess"})
        }
        other => panic!("no body for {other}"),
    }
}

#[tokio::test]
async fn every_operation_that_takes_a_key_does_its_work_once() {
    let world = world().await;
    let keyed: Vec<Operation> =
        table().into_iter().filter(|operation| operation.idempotent && !of_transfers(operation)).collect();
    assert_eq!(keyed.len(), 6);
    for operation in keyed {
        let path = filled(operation.path, &world);
        let send = || {
            let body = body_of(&world, operation.id);
            let mut request = request(Some(&world.root), operation.method.clone(), &path, &body);
            request.headers_mut().insert("idempotency-key", operation.id.parse().unwrap());
            request
        };
        let first = world.send(send()).await;
        assert!(first.status < 300, "{}: {}", operation.id, first.text());
        let again = world.send(send()).await;
        assert_eq!(
            (again.status, again.header("idempotency-replayed")),
            (first.status, "true"),
            "{}",
            operation.id
        );
        assert_eq!(again.bytes, first.bytes, "{}", operation.id);
    }
}

#[tokio::test]
async fn every_read_has_a_tag_that_spares_its_body() {
    let world = world().await;
    for operation in reads() {
        // Their counts change with each request.
        if ["system.status", "metrics.list", "diagnostics.bundle"].contains(&operation.id) {
            continue;
        }
        let path = filled(operation.path, &world);
        let first = world.get(&world.root, &path).await;
        assert_eq!(first.status, 200, "{}: {}", operation.id, first.text());
        let mut again = request(Some(&world.root), Method::GET, &path, &Value::Null);
        again.headers_mut().insert(header::IF_NONE_MATCH, first.header("etag").parse().unwrap());
        let again = world.send(again).await;
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{}", operation.id);
        assert_eq!(again.header("etag"), first.header("etag"), "{}", operation.id);
    }
}

#[tokio::test]
async fn every_read_can_be_asked_for_its_head() {
    let world = world().await;
    for operation in reads() {
        let path = filled(operation.path, &world);
        let head = world.call(Some(&world.root), Method::HEAD, &path, &Value::Null).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0), "{}", operation.id);
        assert!(head.header("etag").starts_with('"'), "{}", operation.id);
        let nobody = world.call(None, Method::HEAD, &path, &Value::Null).await;
        let whole = world.call(None, Method::GET, &path, &Value::Null).await;
        assert_eq!((nobody.status, nobody.bytes.len()), (whole.status, 0), "{}", operation.id);
    }
}
