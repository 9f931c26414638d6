//! Threads tell who takes part in them what is new.

use plexi_core::{Coded, ErrorCode};
use plexi_messaging::model::ChannelKind;
use plexi_messaging::{MessageDraft, Subscription};
use serde_json::{Value, json};

use crate::world::{World, draft, waiting};

/// The frames about threads that wait: how many replies are unread, and whether one names me.
fn told(subscription: &Subscription) -> Vec<(Value, Value)> {
    let frames = waiting(subscription).into_iter().filter(|frame| frame["type"] == "thread");
    frames.map(|frame| (frame["unread"].clone(), frame["mentioned"].clone())).collect()
}

#[tokio::test]
async fn who_takes_part_is_told_of_replies_and_reading_them_counts_on_every_device() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob", "carl"]).await;
    let root = world.post("ada", channel.id, "root").await;
    let (ada, carl) = (world.connect("ada").await, world.connect("carl").await);
    let laptop = world.connect_as(&world.other_device("carl")).await;
    let (bob, reader) = (world.actor("bob"), world.actor("carl"));
    let reply = |text: &str| MessageDraft { thread_id: Some(root.id), ..draft(channel.id, text) };

    world.messaging.post(&bob, reply("first")).await.unwrap();
    assert_eq!(told(&ada), [(json!(1), json!(false))], "who began the thread");
    assert_eq!(told(&carl), [], "who only reads the channel");
    let second = world.messaging.post(&bob, reply("@carl look")).await.unwrap().message;
    assert_eq!(told(&carl), [(json!(1), json!(true))]);
    let mine = world.messaging.channel(&reader, channel.id).await.unwrap().membership.unwrap();
    assert_eq!(mine.mentions, 1);
    let unread = world.messaging.unread_threads(&reader).await.unwrap();
    assert_eq!((unread.len(), unread[0].thread_id, unread[0].mentioned), (1, root.id, true));

    told(&laptop);
    world.messaging.mark_thread_read(&reader, second.id, second.position).await.unwrap();
    for device in [&carl, &laptop] {
        assert_eq!(told(device), [(json!(0), json!(false))]);
    }
    assert_eq!(world.messaging.unread_threads(&reader).await.unwrap(), []);
    assert_eq!(world.messaging.threads(&reader).await.unwrap()[0].root.text, "root");

    world.messaging.edit(&bob, second.id, "@ada and @carl look", None).await.unwrap();
    assert_eq!(told(&ada).last().unwrap(), &(json!(2), json!(true)), "an edit is told, too");
    world.messaging.delete(&bob, second.id).await.unwrap();
    assert_eq!(told(&ada).last().unwrap().0, 1, "and a deletion");
}

#[tokio::test]
async fn threads_of_channels_that_cannot_be_read_do_not_exist() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Private, &["bob"]).await;
    let root = world.post("bob", channel.id, "root").await;
    let reply = MessageDraft { thread_id: Some(root.id), ..draft(channel.id, "reply") };
    world.messaging.post(&world.actor("ada"), reply).await.unwrap();
    let carl = world.actor("carl");
    let stranger = world.messaging.mark_thread_read(&carl, root.id, 0).await.unwrap_err();
    assert_eq!(stranger.code(), ErrorCode::ValidationNotFound);
    let bob = world.actor("bob");
    assert_eq!(world.messaging.unread_threads(&bob).await.unwrap().len(), 1);
    world.messaging.remove_channel_member(&world.actor("ada"), channel.id, bob.user).await.unwrap();
    assert_eq!(world.messaging.unread_threads(&bob).await.unwrap(), []);
}
