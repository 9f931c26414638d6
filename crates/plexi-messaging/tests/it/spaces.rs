//! Changes of spaces are live.

use plexi_messaging::Subscription;
use plexi_messaging::model::ChannelKind;
use serde_json::{Value, json};

use crate::world::{World, archive_space, rename_space, waiting};

/// The frames about spaces that wait.
fn told(subscription: &Subscription) -> Vec<Value> {
    waiting(subscription).into_iter().filter(|frame| frame["type"] == "space").collect()
}

#[tokio::test]
async fn who_is_added_to_a_space_is_shown_it_at_once_with_the_own_role() {
    let world = World::new().await;
    let (eve, bob) = (world.connect("eve").await, world.connect("bob").await);
    let ada = world.actor("ada");
    world.messaging.set_space_member(&ada, world.space_id(), world.id("eve"), "guest").await.unwrap();
    let frames = told(&eve);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["space"]["name"], "Team");
    assert_eq!(frames[0]["space"]["role"], "guest");
    world.messaging.set_space_member(&ada, world.space_id(), world.id("eve"), "member").await.unwrap();
    assert_eq!(told(&eve)[0]["space"]["role"], "member");
    assert_eq!(told(&bob), Vec::<Value>::new(), "nothing changed for bob");
}

#[tokio::test]
async fn a_space_that_is_made_renamed_archived_or_restored_is_shown_to_its_members() {
    let world = World::new().await;
    let (ada, bob, eve) =
        (world.connect("ada").await, world.connect("bob").await, world.connect("eve").await);
    let boss = world.actor("ada");
    world.messaging.update_space(&boss, world.space_id(), rename_space("Crew")).await.unwrap();
    let shown = told(&bob);
    assert_eq!((&shown[0]["space"]["name"], &shown[0]["space"]["role"]), (&json!("Crew"), &json!("member")));
    assert_eq!(told(&ada)[0]["space"]["role"], "admin");
    for archived in [true, false] {
        world.messaging.update_space(&boss, world.space_id(), archive_space(archived)).await.unwrap();
        assert_eq!(told(&bob)[0]["space"]["archived"], archived);
    }
    assert_eq!(told(&eve), Vec::<Value>::new(), "who is not in it hears nothing");
    world.messaging.create_space(&boss, "Second").await.unwrap();
    assert!(told(&ada).iter().any(|frame| frame["space"]["name"] == "Second"), "other devices of its maker");
}

#[tokio::test]
async fn who_is_removed_from_a_space_is_told_with_its_channels() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let bob = world.connect("bob").await;
    world
        .messaging
        .remove_space_member(&world.actor("ada"), world.space_id(), world.id("bob"))
        .await
        .unwrap();
    let frames = waiting(&bob);
    let space = json!({"type": "space", "space_id": world.space_id(), "removed": true});
    let gone = json!({"type": "channel", "channel_id": channel.id, "removed": true});
    assert!(frames.contains(&space) && frames.contains(&gone), "{frames:?}");
}
