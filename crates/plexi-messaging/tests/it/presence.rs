use std::collections::BTreeMap;
use std::time::Duration;

use plexi_core::{ChannelId, Permission, UserId};
use plexi_messaging::PresenceState::{Away, Offline, Online};
use plexi_messaging::model::ChannelKind;
use plexi_messaging::{PresenceState, Subscription};

use crate::world::{World, next, waiting};

/// Watches these users; how they are now.
fn watch(world: &World, subscription: &Subscription, users: &[UserId]) -> BTreeMap<UserId, PresenceState> {
    let mut now = BTreeMap::new();
    let look = |states: &BTreeMap<_, _>| {
        now.clone_from(states);
        None
    };
    world.messaging.subscribe_presence(subscription, users, look).unwrap();
    now
}

#[tokio::test(start_paused = true)]
async fn watchers_hear_of_changes_only_and_of_many_at_once() {
    let world = World::new().await;
    let ada = world.connect("ada").await;
    let (bob, carl) = (world.id("bob"), world.id("carl"));
    let now = watch(&world, &ada, &[bob, carl, world.id("ada")]);
    assert_eq!(now[&bob], Offline);
    assert_eq!(now[&world.id("ada")], Online);
    let laptop = world.connect("bob").await;
    let _phone = world.connect_as(&world.other_device("bob")).await;
    let _carl = world.connect("carl").await;
    let frames = next(&ada, 1).await;
    assert_eq!(
        frames[0]["states"],
        serde_json::json!({bob.to_string(): "online", carl.to_string(): "online"})
    );
    world.messaging.set_presence(&laptop, Away);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(waiting(&ada).len(), 0, "the other device is still online");
}

#[tokio::test(start_paused = true)]
async fn a_short_absence_is_not_announced_and_a_long_one_is() {
    let world = World::new().await;
    let ada = world.connect("ada").await;
    let bob = world.id("bob");
    let connection = world.connect("bob").await;
    assert_eq!(watch(&world, &ada, &[bob])[&bob], Online);
    drop(connection);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.messaging.hub().presence(&[bob])[&bob], Online);
    let connection = world.connect("bob").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(waiting(&ada).len(), 0);
    drop(connection);
    let frames = next(&ada, 1).await;
    assert_eq!(frames[0], serde_json::json!({"type": "presence", "states": {bob.to_string(): "offline"}}));
    assert_eq!(world.messaging.hub().presence(&[bob])[&bob], Offline);
}

#[tokio::test(start_paused = true)]
async fn who_begins_to_watch_between_a_change_and_its_way_back_is_not_left_with_the_change() {
    let world = World::new().await;
    let (ada, carl, bob) = (world.connect("ada").await, world.connect("carl").await, world.id("bob"));
    let of_bob = world.connect("bob").await;
    watch(&world, &ada, &[bob]);
    world.messaging.set_presence(&of_bob, Away);
    let first = watch(&world, &carl, &[bob])[&bob];
    world.messaging.set_presence(&of_bob, Online);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let last = waiting(&carl).pop().map(|frame| frame["states"][bob.to_string()].clone());
    assert_eq!(last.unwrap_or_else(|| serde_json::json!(first)), "online");
}

#[tokio::test(start_paused = true)]
async fn who_begins_to_watch_during_a_short_absence_does_not_make_it_a_long_one() {
    let world = World::new().await;
    let (ada, carl, bob) = (world.connect("ada").await, world.connect("carl").await, world.id("bob"));
    let of_bob = world.connect("bob").await;
    watch(&world, &ada, &[bob]);
    drop(of_bob);
    assert_eq!(watch(&world, &carl, &[bob])[&bob], Online);
    assert_eq!(watch(&world, &ada, &[bob, world.id("carl")])[&bob], Online, "nor does watching anew");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let _back = world.connect("bob").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!((waiting(&ada).len(), waiting(&carl).len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_new_set_replaces_the_former_and_is_bounded() {
    let world = World::new().await;
    let ada = world.connect("ada").await;
    let (bob, carl) = (world.id("bob"), world.id("carl"));
    watch(&world, &ada, &[bob]);
    watch(&world, &ada, &[carl]);
    let _bob = world.connect("bob").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(waiting(&ada).len(), 0);
    let many: Vec<_> = (0..501).map(|_| world.ids.next().unwrap()).collect();
    assert!(world.messaging.subscribe_presence(&ada, &many, |_| None).is_err());
}

/// Bob, who does not see everybody, watches these and is told no more of the last one after `end`.
async fn is_told_no_more_of(
    world: &World,
    bob: &Subscription,
    who: &[UserId],
    end: impl Future<Output = ()>,
) {
    watch(world, bob, who);
    // What was to be found out before is, so that it is the end that counts.
    tokio::time::sleep(Duration::from_secs(1)).await;
    end.await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    waiting(bob);
    let _all = (world.connect("carl").await, world.connect("eve").await);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let told = waiting(bob).into_iter().filter(|frame| frame["type"] == "presence");
    let states: Vec<_> = told.map(|frame| frame["states"].clone()).collect();
    assert_eq!(states, [serde_json::json!({world.id("carl").to_string(): "online"})]);
}

/// Bob and carl are in a channel that stays, eve and bob in another one.
async fn two_rooms() -> (World, ChannelId) {
    let world = World::new().await;
    let (ada, eve) = (world.actor("ada"), world.id("eve"));
    world.channel("stays", ChannelKind::Private, &["bob", "carl"]).await;
    world.messaging.set_space_member(&ada, world.space_id(), eve, "member").await.unwrap();
    let ends = world.channel("ends", ChannelKind::Private, &["bob", "eve"]).await.id;
    (world, ends)
}

#[tokio::test(start_paused = true)]
async fn who_is_in_no_common_channel_any_more_is_not_told_of() {
    for removed in ["bob", "eve"] {
        let (world, ends) = two_rooms().await;
        let bob = world.connect("bob").await;
        let who = [world.id("carl"), world.id("eve")];
        let end = async {
            let (ada, gone) = (world.actor("ada"), world.id(removed));
            world.messaging.remove_channel_member(&ada, ends, gone).await.unwrap();
        };
        is_told_no_more_of(&world, &bob, &who, end).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_see_everybody_any_more_is_told_of_acquaintances_only() {
    let world = World::new().await;
    world.channel("room", ChannelKind::Private, &["bob", "carl"]).await;
    let mut actor = world.actor("bob");
    actor.system = actor.system.with(Permission::UsersRead);
    let bob = world.connect_as(&actor).await;
    let end = async { bob.set_sees_everybody(false) };
    is_told_no_more_of(&world, &bob, &[world.id("carl"), world.id("eve")], end).await;
}
