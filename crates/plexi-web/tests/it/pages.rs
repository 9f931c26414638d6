//! Lists page by page: a cursor leads on in the list that gave it, and nowhere else.

use std::collections::BTreeMap;

use http::Method;
use plexi_web::operations::{BASE, table};
use serde_json::{Value, json};

use crate::world::{World, world};

/// The address of every list that has pages, without its query, and what the query needs.
fn lists(world: &World) -> BTreeMap<&'static str, String> {
    let (space, general) = (world.space, world.general);
    [
        ("auth.sessions", "/auth/sessions?".to_owned()),
        ("users.list", "/users?".to_owned()),
        ("invitations.list", "/invitations?".to_owned()),
        ("spaces.members", format!("/spaces/{space}/members?")),
        ("channels.list", format!("/spaces/{space}/channels?")),
        ("spaces.list", "/spaces?".to_owned()),
        ("channels.members", format!("/channels/{general}/members?")),
        ("search.messages", "/search?q=hello&".to_owned()),
    ]
    .into()
}

/// Each list has two entries at least.
async fn filled_world() -> World {
    let world = world().await;
    let (space, general) = (world.space, world.general);
    let invitation = json!({"space_id": space, "role": "member", "max_uses": 1, "expires_in_hours": 1});
    assert_eq!(world.post(&world.root, "/invitations", &invitation).await.status, 201);
    assert_eq!(world.post(&world.root, "/spaces", &json!({"name": "second"})).await.status, 201);
    let channel = json!({"name": "garden", "kind": "public"});
    assert_eq!(world.post(&world.root, &format!("/spaces/{space}/channels"), &channel).await.status, 201);
    let message = json!({"text": "hello again"});
    assert_eq!(world.post(&world.root, &format!("/channels/{general}/messages"), &message).await.status, 201);
    world
}

#[test]
fn every_list_with_a_cursor_is_tried() {
    let paged: Vec<&str> = table()
        .into_iter()
        .filter(|row| row.query_contract.properties().any(|(name, _)| name == "cursor"))
        .map(|row| row.id)
        .collect();
    let tried = tokio::runtime::Runtime::new().unwrap().block_on(async { lists(&world().await) });
    assert_eq!(tried.len(), paged.len(), "{paged:?}");
    for id in paged {
        assert!(tried.contains_key(id), "{id} of {BASE} is not tried");
    }
}

#[tokio::test]
async fn a_cursor_of_one_list_is_none_of_another() {
    let world = filled_world().await;
    let lists = lists(&world);
    let mut cursors = BTreeMap::new();
    for (id, path) in &lists {
        let page = world.get(&world.root, &format!("{path}limit=1")).await.json();
        let next = page["next"].as_str().unwrap_or_else(|| panic!("{id} has one page: {page}"));
        cursors.insert(*id, next.to_owned());
    }
    for (of, cursor) in &cursors {
        for (id, path) in &lists {
            let reply = world.get(&world.root, &format!("{path}limit=1&cursor={cursor}")).await;
            if of == id {
                assert_eq!(reply.json()["items"].as_array().map(Vec::len), Some(1), "{id}: {}", reply.text());
            } else {
                assert_eq!((reply.status, &*reply.code()), (400, "VALIDATION_CURSOR"), "{of} at {id}");
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_of_one_space_is_none_of_another() {
    let world = filled_world().await;
    let annex = world.post(&world.root, "/spaces", &json!({"name": "annex"})).await.json();
    let annex = annex["id"].as_str().unwrap().to_owned();
    for list in ["members", "channels"] {
        let first = world.get(&world.root, &format!("/spaces/{}/{list}?limit=1", world.space)).await.json();
        let cursor = first["next"].as_str().unwrap();
        let path = format!("/spaces/{annex}/{list}?cursor={cursor}");
        let reply = world.call(Some(&world.root), Method::GET, &path, &Value::Null).await;
        assert_eq!((reply.status, &*reply.code()), (400, "VALIDATION_CURSOR"), "{list}");
    }
}
