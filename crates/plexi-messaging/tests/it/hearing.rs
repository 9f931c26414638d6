//! Who may not read a channel hears nothing of it, by whatever way the right was lost.

use std::collections::HashMap;
use std::time::Duration;

use plexi_core::{ChannelId, Permission, PermissionSet, RoleScope};
use plexi_messaging::Subscription;
use plexi_messaging::model::{Channel, ChannelKind};
use plexi_messaging::ports::{SearchPlan, SearchStore};
use serde_json::Value;

use crate::world::{World, seqs, waiting};

/// The next `count` frames; a test that waits in vain ends.
async fn next(subscription: &Subscription, count: usize) -> Vec<Value> {
    let soon = Duration::from_secs(20);
    tokio::time::timeout(soon, crate::world::next(subscription, count)).await.unwrap()
}

/// A role of channels that grants `channel.read`, or nothing.
fn set_role(world: &World, reads: bool) {
    let grants =
        if reads { PermissionSet::EMPTY.with(Permission::ChannelRead) } else { PermissionSet::EMPTY };
    world.store.add_role(RoleScope::Channel, "listed", grants);
}

/// A channel with bob in it by the role `listed`, who has this role in the space.
async fn listed(world: &World, space_role: &str, reads: bool) -> Channel {
    set_role(world, reads);
    let channel = world.channel("room", ChannelKind::Private, &[]).await;
    let (ada, bob) = (world.actor("ada"), world.id("bob"));
    world.messaging.set_space_member(&ada, world.space_id(), bob, space_role).await.unwrap();
    world.messaging.set_channel_member(&ada, channel.id, bob, Some("listed")).await.unwrap();
    channel
}

fn is_removed(frame: &Value, channel: ChannelId) -> bool {
    frame["type"] == "channel" && frame["removed"] == true && frame["channel_id"] == channel.to_string()
}

fn is_shown(frame: &Value, channel: ChannelId) -> bool {
    frame["type"] == "channel" && frame["channel"]["id"] == channel.to_string()
}

async fn found(world: &World, name: &str) -> usize {
    let reader = world.id(name);
    let named = world.store.channels_named("room", reader).await.unwrap().len();
    let messages = world.store.find(&SearchPlan::default(), reader, None, 100).await.unwrap().len();
    assert_eq!(named > 0, messages > 0);
    messages
}

#[tokio::test]
async fn a_role_that_loses_the_right_to_read_is_cut_off_at_once_and_hears_again_when_it_gets_it_back() {
    let world = World::new().await;
    let channel = listed(&world, "guest", true).await;
    let bob = world.connect("bob").await;
    let heard = world.post("ada", channel.id, "heard").await;
    assert_eq!(seqs(&next(&bob, 1).await, channel.id), [heard.seq]);
    assert_eq!(found(&world, "bob").await, 1);

    set_role(&world, false);
    world.messaging.roles_changed();
    assert!(is_removed(&next(&bob, 1).await[0], channel.id));
    world.post("ada", channel.id, "not heard").await;
    world.messaging.typing(&world.actor("ada"), &world.connect("ada").await, channel.id, None).await.unwrap();
    assert_eq!(waiting(&bob).len(), 0);
    assert_eq!(found(&world, "bob").await, 0);

    set_role(&world, true);
    world.messaging.roles_changed();
    assert!(is_shown(&next(&bob, 1).await[0], channel.id));
    let again = world.post("ada", channel.id, "heard again").await;
    assert_eq!(seqs(&next(&bob, 1).await, channel.id), [again.seq]);
    assert_eq!(found(&world, "bob").await, 3);
}

#[tokio::test]
async fn a_member_whose_system_role_reads_hears_what_it_lets_them_read() {
    let world = World::new().await;
    let channel = listed(&world, "guest", false).await;
    let bob = world.connect("bob").await;
    world.post("ada", channel.id, "not heard").await;
    assert_eq!((waiting(&bob).len(), found(&world, "bob").await), (0, 0));

    world.store.set_system_reads(world.id("bob"), true);
    world.messaging.hub().rights_changed(world.id("bob"));
    assert!(is_shown(&next(&bob, 1).await[0], channel.id));
    let heard = world.post("ada", channel.id, "heard").await;
    assert_eq!(seqs(&next(&bob, 1).await, channel.id), [heard.seq]);
    assert_eq!(found(&world, "bob").await, 2);

    world.store.set_system_reads(world.id("bob"), false);
    world.messaging.hub().rights_changed(world.id("bob"));
    assert!(is_removed(&next(&bob, 1).await[0], channel.id));
    assert_eq!(found(&world, "bob").await, 0);
}

#[tokio::test]
async fn the_role_in_the_space_lets_its_members_hear_as_long_as_they_have_it() {
    let world = World::new().await;
    let channel = listed(&world, "member", false).await;
    let bob = world.connect("bob").await;
    let heard = world.post("ada", channel.id, "heard").await;
    assert_eq!(seqs(&next(&bob, 1).await, channel.id), [heard.seq]);
    assert_eq!(found(&world, "bob").await, 1);

    let ada = world.actor("ada");
    world.messaging.set_space_member(&ada, world.space_id(), world.id("bob"), "guest").await.unwrap();
    let told = next(&bob, 2).await;
    assert_eq!(told[0]["space"]["role"], "guest");
    assert!(is_removed(&told[1], channel.id));
    world.post("ada", channel.id, "not heard").await;
    assert_eq!(waiting(&bob).len(), 0);
    assert_eq!(found(&world, "bob").await, 0);
}

#[tokio::test]
async fn a_guest_of_the_space_whose_role_is_changed_stops_and_starts_to_hear() {
    let world = World::new().await;
    let channel = listed(&world, "guest", false).await;
    let (ada, bob) = (world.actor("ada"), world.connect("bob").await);
    let give = async |role| {
        world.messaging.set_channel_member(&ada, channel.id, world.id("bob"), Some(role)).await.unwrap();
    };
    world.post("ada", channel.id, "not heard").await;
    assert_eq!(waiting(&bob).len(), 0);

    give("reader").await;
    assert!(is_shown(&next(&bob, 1).await[0], channel.id));
    waiting(&bob);
    let heard = world.post("ada", channel.id, "heard").await;
    assert_eq!(seqs(&next(&bob, 1).await, channel.id), [heard.seq]);

    give("listed").await;
    assert!(is_removed(&next(&bob, 1).await[0], channel.id));
    world.post("ada", channel.id, "not heard").await;
    assert_eq!(waiting(&bob).len(), 0);
}

#[tokio::test]
async fn a_resume_replays_nothing_of_what_may_not_be_read_any_more() {
    let world = World::new().await;
    let channel = listed(&world, "guest", true).await;
    for _ in 0..3 {
        world.post("ada", channel.id, "a secret by now").await;
    }
    let bob = world.connect("bob").await;
    // Behind the service's back: it was not told yet.
    set_role(&world, false);
    for position in [0, 1, -1, 1_000_000] {
        let positions = HashMap::from([(channel.id, position)]);
        let heads = world.messaging.resume(&world.actor("bob"), &bob, &positions).await.unwrap().heads;
        assert!(heads.is_empty());
        let frames = waiting(&bob);
        assert!(!frames.is_empty() && frames.iter().all(|frame| is_removed(frame, channel.id)), "{frames:?}");
    }
    world.post("ada", channel.id, "not heard").await;
    assert_eq!(waiting(&bob).len(), 0);
}
