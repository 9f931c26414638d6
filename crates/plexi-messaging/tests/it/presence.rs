use std::time::Duration;

use plexi_messaging::PresenceState::{Away, Offline, Online};

use crate::world::{World, next, waiting};

#[tokio::test(start_paused = true)]
async fn watchers_hear_of_changes_only_and_of_many_at_once() {
    let world = World::new().await;
    let ada = world.connect("ada").await;
    let (bob, carl) = (world.id("bob"), world.id("carl"));
    let now = world.messaging.subscribe_presence(&ada, &[bob, carl, world.id("ada")]).unwrap();
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
    assert_eq!(world.messaging.subscribe_presence(&ada, &[bob]).unwrap()[&bob], Online);
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
async fn a_new_set_replaces_the_former_and_is_bounded() {
    let world = World::new().await;
    let ada = world.connect("ada").await;
    let (bob, carl) = (world.id("bob"), world.id("carl"));
    world.messaging.subscribe_presence(&ada, &[bob]).unwrap();
    world.messaging.subscribe_presence(&ada, &[carl]).unwrap();
    let _bob = world.connect("bob").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(waiting(&ada).len(), 0);
    let many: Vec<_> = (0..501).map(|_| world.ids.next().unwrap()).collect();
    assert!(world.messaging.subscribe_presence(&ada, &many).is_err());
}
