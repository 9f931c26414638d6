//! Changes of spaces are live.

use plexi_messaging::model::{ChannelKind, Space};
use plexi_messaging::ports::SpaceStore as _;
use plexi_messaging::{FIRST_CHANNEL, Subscription};
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

#[tokio::test]
async fn a_new_administrator_gets_every_space_however_many_there_are_and_can_read_them_page_by_page() {
    let world = World::new().await;
    let (ada, bob) = (world.actor("ada"), world.id("bob"));
    for number in 0..620 {
        let (id, name) = (world.ids.next().unwrap(), format!("imported {number:03}"));
        world.store.create_space(&Space { id, name, ..world.space.clone() }, bob).await.unwrap();
    }
    let first = world.messaging.first_space(&ada, "Zoo").await.unwrap();
    let channels = world.messaging.my_channels(&ada).await.unwrap();
    assert!(channels.iter().any(|one| one.space_id == Some(first.id) && one.name == FIRST_CHANNEL));

    let (mut read, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = world.messaging.spaces(&ada, cursor.as_deref(), 200).await.unwrap();
        read.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(read, world.messaging.all_spaces(&ada).await.unwrap());
    assert_eq!(read.len(), 622);
    assert!(read.iter().all(|space| space.role.as_deref() == Some("admin")));
    let names: Vec<&str> = read.iter().map(|space| space.name.as_str()).collect();
    assert!(names.is_sorted_by_key(|name| name.to_lowercase()), "by name");
    assert_eq!(
        world.messaging.all_spaces(&world.actor("eve")).await.unwrap(),
        [],
        "who is in none sees none"
    );
}
