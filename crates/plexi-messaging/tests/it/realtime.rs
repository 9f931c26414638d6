use plexi_core::Timestamp;
use plexi_messaging::model::ChannelKind;
use plexi_messaging::ports::{ChannelChange, ChannelStore, MessageStore};
use plexi_messaging::{EndedSessions, HubConfig, MessageDraft, Outgoing};

use crate::world::{World, draft, next, seqs, waiting};

#[tokio::test]
async fn events_reach_all_devices_of_all_members_and_nobody_else() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Private, &["bob"]).await;
    let (bob, phone) = (world.connect("bob").await, world.connect_as(&world.other_device("bob")).await);
    let carl = world.connect("carl").await;
    let ada = world.actor("ada");
    let sent = MessageDraft { client_id: Some("secret key".to_owned()), ..draft(channel.id, "hello") };
    let message = world.messaging.post(&ada, sent).await.unwrap().message;
    for device in [&bob, &phone] {
        let frame = &next(device, 1).await[0];
        assert_eq!(frame["type"], "event");
        assert_eq!(frame["seq"], message.seq);
        assert_eq!(frame["event"]["kind"], "message_posted");
        assert_eq!(frame["event"]["message"]["text"], "hello");
        assert!(frame["event"]["message"].get("client_id").is_none());
    }
    assert_eq!(waiting(&carl).len(), 0);
    assert_eq!(world.messaging.hub().counts().connections, 3);
    drop((bob, phone, carl));
    let counts = world.messaging.hub().counts();
    assert_eq!((counts.connections, counts.users, counts.channels), (0, 0, 0));
}

#[tokio::test]
async fn everything_that_changes_a_channel_is_an_event_without_gaps() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let bob = world.connect("bob").await;
    let ada = world.actor("ada");
    let message = world.post("ada", channel.id, "one").await;
    world.messaging.edit(&ada, message.id, "two", None).await.unwrap();
    world.messaging.react(&ada, message.id, "x").await.unwrap();
    world.messaging.unreact(&ada, message.id, "x").await.unwrap();
    world.messaging.pin(&ada, message.id).await.unwrap();
    world.messaging.unpin(&ada, message.id).await.unwrap();
    world.messaging.delete(&ada, message.id).await.unwrap();
    let topic = ChannelChange { topic: Some("t".to_owned()), ..ChannelChange::default() };
    world.messaging.update_channel(&ada, channel.id, topic).await.unwrap();
    world.messaging.join(&world.actor("carl"), channel.id).await.unwrap();
    let frames = next(&bob, 11).await;
    let kinds: Vec<&str> = frames.iter().map(|frame| frame["event"]["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "message_posted",
            "message_edited",
            "reaction_added",
            "reaction_removed",
            "message_pinned",
            "message_unpinned",
            "message_deleted",
            "channel_updated",
            "message_posted",
            "member_joined",
            "message_posted",
        ]
    );
    assert_eq!(seqs(&frames, channel.id), (message.seq..message.seq + 11).collect::<Vec<_>>());
}

#[tokio::test]
async fn joining_makes_a_channel_live_and_removal_ends_it_at_once() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &[]).await;
    let carl = world.connect("carl").await;
    world.post("ada", channel.id, "before").await;
    assert_eq!(waiting(&carl).len(), 0);
    world.messaging.join(&world.actor("carl"), channel.id).await.unwrap();
    let frames = waiting(&carl);
    assert_eq!(frames[0]["event"]["kind"], "member_joined");
    assert!(
        frames
            .iter()
            .any(|frame| frame["type"] == "channel" && frame["channel"]["membership"]["role"] == "member")
    );
    world.messaging.remove_channel_member(&world.actor("ada"), channel.id, world.id("carl")).await.unwrap();
    world.post("ada", channel.id, "after").await;
    let frames = waiting(&carl);
    assert_eq!(frames.len(), 1);
    assert_eq!((&frames[0]["type"], &frames[0]["removed"]), (&"channel".into(), &true.into()));
}

#[tokio::test]
async fn of_two_joins_at_once_one_is_noted() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &[]).await;
    let carl = world.actor("carl");
    // The service remembers that carl is no member, as a second request does that was let in before the first was stored.
    world.messaging.channel(&carl, channel.id).await.unwrap();
    let at = Timestamp::from_seconds(1_800_000_100);
    let (_, joined) = world.store.set_channel_member(channel.id, carl.user, "member", at).await.unwrap();
    let joined =
        world.messaging.join(&carl, channel.id).await.map(|seen| (seen.last_seq, joined.unwrap().seq));
    let (last, seq) = joined.unwrap();
    assert_eq!(last, seq, "nothing was written");
}

#[tokio::test]
async fn a_direct_conversation_appears_for_everybody_in_it() {
    let world = World::new().await;
    let carl = world.connect("carl").await;
    let direct = world.messaging.open_direct(&world.actor("bob"), vec![world.id("carl")]).await.unwrap();
    assert_eq!(waiting(&carl)[0]["channel"]["id"], direct.id.to_string());
    world.post("bob", direct.id, "psst").await;
    assert_eq!(next(&carl, 1).await[0]["event"]["message"]["text"], "psst");
}

#[tokio::test]
async fn an_event_that_was_not_announced_is_brought_from_the_store_in_its_turn() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let bob = world.connect("bob").await;
    let message = world.post("ada", channel.id, "one").await;
    // Behind the service's back, as by a caller who went away between commit and announcement.
    let at = Timestamp::from_seconds(1_800_000_100);
    world.store.react(message.id, world.id("ada"), "x", at).await.unwrap();
    world.store.react(message.id, world.id("ada"), "y", at).await.unwrap();
    world.post("ada", channel.id, "two").await;
    let frames = next(&bob, 4).await;
    assert_eq!(seqs(&frames, channel.id), (message.seq..message.seq + 4).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_removal_that_was_not_announced_takes_effect_with_the_next_event() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Private, &["bob", "carl"]).await;
    let (bob, carl) = (world.connect("bob").await, world.connect("carl").await);
    world.post("bob", channel.id, "still in").await;
    next(&bob, 1).await;
    let at = Timestamp::from_seconds(1_800_000_100);
    world.store.remove_channel_member(channel.id, world.id("bob"), at).await.unwrap();
    let message = world.post("ada", channel.id, "among ourselves").await;
    let frames = next(&carl, 3).await;
    assert_eq!(seqs(&frames, channel.id), (message.seq - 2..=message.seq).collect::<Vec<_>>());
    let frames = waiting(&bob);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["removed"], true);
    assert!(world.try_post("bob", channel.id, "out").await.is_err());
}

#[tokio::test]
async fn after_too_many_unannounced_events_listeners_are_told_to_read_again() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob", "carl"]).await;
    let message = world.post("ada", channel.id, "one").await;
    let bob = world.connect("bob").await;
    let at = Timestamp::from_seconds(1_800_000_100);
    for _ in 0..1_500 {
        world.store.react(message.id, world.id("ada"), "x", at).await.unwrap();
        world.store.unreact(message.id, world.id("ada"), "x", at).await.unwrap();
    }
    let carl = world.connect("carl").await;
    world.store.remove_channel_member(channel.id, world.id("carl"), at).await.unwrap();
    let last = world.post("ada", channel.id, "two").await;
    let told = &next(&bob, 1).await[0];
    assert_eq!((&told["type"], &told["seq"]), (&"reset".into(), &last.seq.into()));
    let after = world.post("ada", channel.id, "three").await;
    assert_eq!(seqs(&next(&bob, 1).await, channel.id), [after.seq]);
    let frames = waiting(&carl);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["removed"], true);
}

#[tokio::test]
async fn a_reader_who_is_too_slow_is_closed_and_delays_nobody() {
    let world = World::with_hub(HubConfig { queue_frames: 16, ..HubConfig::default() }).await;
    let channel = world.channel("room", ChannelKind::Public, &["bob", "carl"]).await;
    let (slow, quick) = (world.connect("bob").await, world.connect("carl").await);
    let mut seen = 0;
    for _ in 0..40 {
        world.post("ada", channel.id, "x").await;
        seen += next(&quick, 1).await.len();
    }
    assert_eq!(seen, 40);
    assert_eq!(waiting(&slow), ["slow_consumer"]);
    assert_eq!(slow.receive(&mut Vec::<Outgoing>::new(), 10).await, 0);
}

#[tokio::test]
async fn typing_is_told_to_the_others_once_and_left_out_for_slow_readers() {
    let world = World::with_hub(HubConfig { queue_frames: 16, ..HubConfig::default() }).await;
    let channel = world.channel("room", ChannelKind::Public, &["bob", "carl"]).await;
    let (bob, carl) = (world.connect("bob").await, world.connect("carl").await);
    for _ in 0..3 {
        world.messaging.typing(&world.actor("bob"), &bob, channel.id, None).await.unwrap();
    }
    let frames = waiting(&carl);
    assert_eq!(frames.len(), 1);
    assert_eq!(
        (&frames[0]["type"], &frames[0]["user_id"]),
        (&"typing".into(), &world.id("bob").to_string().into())
    );
    assert_eq!(waiting(&bob).len(), 0);
    for _ in 0..8 {
        world.post("ada", channel.id, "x").await;
    }
    let ada = world.connect("ada").await;
    world.messaging.typing(&world.actor("ada"), &ada, channel.id, None).await.unwrap();
    // The last post is announced while nothing else is stored: it may come a moment after its answer.
    assert!(next(&carl, 8).await.iter().all(|frame| frame["type"] == "event"));
}

#[tokio::test]
async fn reading_is_told_to_all_connections_and_drafts_to_the_other_devices_only() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let (laptop, phone) = (world.connect("bob").await, world.connect_as(&world.other_device("bob")).await);
    // Another tab of the same browser.
    let tab = world.connect("bob").await;
    let bob = world.actor("bob");
    world.messaging.mark_read(&bob, channel.id, 1, false).await.unwrap();
    world.messaging.set_draft(&bob, channel.id, None, Some("to be said")).await.unwrap();
    world.messaging.set_draft(&bob, channel.id, None, None).await.unwrap();
    let frames = waiting(&phone);
    let kinds: Vec<&str> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["read", "draft", "draft"]);
    assert_eq!((&frames[1]["text"], &frames[2]["text"]), (&"to be said".into(), &serde_json::Value::Null));
    for own in [&laptop, &tab] {
        let frames = waiting(own);
        assert_eq!(frames.len(), 1);
        assert_eq!((&frames[0]["type"], &frames[0]["last_read_seq"]), (&"read".into(), &2.into()));
    }
    assert_eq!(world.messaging.drafts(&bob).await.unwrap(), []);
}

#[tokio::test]
async fn ended_sessions_and_a_restart_close_connections() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let other = world.other_device("bob");
    let (laptop, phone) = (world.connect("bob").await, world.connect_as(&other).await);
    let hub = world.messaging.hub();
    hub.session_ended(world.id("bob"), &EndedSessions::Some(vec![other.session.unwrap()]));
    assert_eq!(waiting(&phone), ["session_ended"]);
    world.post("ada", channel.id, "x").await;
    assert_eq!(next(&laptop, 1).await.len(), 1);
    hub.shutdown();
    assert_eq!(waiting(&laptop), ["restart"]);
    hub.session_ended(world.id("bob"), &EndedSessions::All);
    assert_eq!(waiting(&laptop).len(), 0);
}

#[tokio::test]
async fn a_waiting_reader_wakes_when_something_comes() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let bob = world.connect("bob").await;
    let (frames, message) = tokio::join!(next(&bob, 1), world.post("ada", channel.id, "x"));
    assert_eq!(seqs(&frames, channel.id), [message.seq]);
}
