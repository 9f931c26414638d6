use std::time::Duration;

use plexi_core::Coded;
use plexi_messaging::model::{ChannelKind, Page, SearchHit};

use crate::world::World;

async fn search(world: &World, name: &str, query: &str) -> Page<SearchHit> {
    world.messaging.search(&world.actor(name), query, None, None, 50).await.unwrap()
}

async fn texts(world: &World, name: &str, query: &str) -> Vec<String> {
    search(world, name, query).await.items.into_iter().map(|hit| hit.message.text).collect()
}

#[tokio::test]
async fn words_are_found_anywhere_in_any_script_newest_first() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &[]).await;
    for text in ["The Workspace is ready", "今日は東京へ行く", "Café au lait", "unrelated"] {
        world.post("ada", channel.id, text).await;
    }
    assert_eq!(texts(&world, "ada", "KSPA").await, ["The Workspace is ready"]);
    assert_eq!(texts(&world, "ada", "東京").await, ["今日は東京へ行く"]);
    assert_eq!(texts(&world, "ada", "京").await, ["今日は東京へ行く"]);
    assert_eq!(texts(&world, "ada", "cafe").await, ["Café au lait"]);
    assert_eq!(texts(&world, "ada", "re -unrelated").await, ["The Workspace is ready"]);
    assert_eq!(texts(&world, "ada", "\"is ready\"").await, ["The Workspace is ready"]);
    assert_eq!(texts(&world, "ada", "a").await, ["unrelated", "Café au lait", "The Workspace is ready"]);
    let hit = &search(&world, "ada", "cafe lait").await.items[0];
    assert_eq!(hit.highlights, [(0, 4), (8, 12)]);
}

#[tokio::test]
async fn only_what_one_may_read_is_found() {
    let world = World::new().await;
    let open = world.channel("open", ChannelKind::Public, &[]).await;
    let closed = world.channel("closed", ChannelKind::Private, &["bob"]).await;
    world.post("ada", open.id, "word in the open").await;
    world.post("ada", closed.id, "word behind the door").await;
    assert_eq!(texts(&world, "bob", "word").await.len(), 2);
    assert_eq!(texts(&world, "carl", "word").await, ["word in the open"]);
    assert_eq!(texts(&world, "carl", "word in:closed").await, Vec::<String>::new());
    assert_eq!(texts(&world, "eve", "word").await, Vec::<String>::new());
    let asked = world.messaging.search(&world.actor("carl"), "word", Some(closed.id), None, 10).await;
    assert_eq!(asked.unwrap_err().code().status(), 404);
}

#[tokio::test]
async fn operators_narrow_the_search() {
    let world = World::new().await;
    let room = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let hall = world.channel("hall", ChannelKind::Public, &[]).await;
    let old = world.post("bob", room.id, "note one https://example.com").await;
    world.clock.advance(Duration::from_hours(72));
    world.post("ada", room.id, "note two").await;
    world.post("ada", hall.id, "note three").await;
    world.messaging.pin(&world.actor("bob"), old.id).await.unwrap();
    assert_eq!(texts(&world, "bob", "from:me").await.len(), 1);
    assert_eq!(texts(&world, "ada", "note from:@Bob").await, ["note one https://example.com"]);
    assert_eq!(texts(&world, "ada", "note in:#hall").await, ["note three"]);
    assert_eq!(texts(&world, "ada", "has:link").await.len(), 1);
    assert_eq!(texts(&world, "ada", "is:pinned").await.len(), 1);
    assert_eq!(texts(&world, "ada", "has:file").await.len(), 0);
    // The first day is 2027-01-15.
    assert_eq!(texts(&world, "ada", "note before:2027-01-16").await.len(), 1);
    assert_eq!(texts(&world, "ada", "note after:2027-01-15").await, ["note three", "note two"]);
    assert_eq!(texts(&world, "ada", "note from:nobody").await.len(), 0);
    let unknown = world.messaging.search(&world.actor("ada"), "form:bob", None, None, 10).await;
    assert_eq!(unknown.unwrap_err().fields()[0].field, "q.form");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &[]).await;
    for number in 0..45 {
        world.post("ada", channel.id, &format!("item {number}")).await;
        world.post("ada", channel.id, "filler").await;
    }
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page =
            world.messaging.search(&world.actor("ada"), "item", None, cursor.as_deref(), 10).await.unwrap();
        found.extend(page.items.into_iter().map(|hit| hit.message.text));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, (0..45).rev().map(|number| format!("item {number}")).collect::<Vec<_>>());
    let nonsense = world.messaging.search(&world.actor("ada"), "item", None, Some("nonsense"), 10).await;
    assert_eq!(nonsense.unwrap_err().code().as_str(), "VALIDATION_CURSOR");
}

#[tokio::test]
async fn edited_and_deleted_texts_are_found_as_they_are_now() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &[]).await;
    let message = world.post("ada", channel.id, "apples").await;
    let ada = world.actor("ada");
    world.messaging.edit(&ada, message.id, "pears", None).await.unwrap();
    assert_eq!(texts(&world, "ada", "apples").await.len(), 0);
    assert_eq!(texts(&world, "ada", "pears is:edited").await.len(), 1);
    world.messaging.delete(&ada, message.id).await.unwrap();
    assert_eq!(texts(&world, "ada", "pears").await.len(), 0);
}
