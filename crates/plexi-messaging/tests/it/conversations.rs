use std::time::Duration;

use plexi_core::{Coded, UserId};
use plexi_messaging::model::{ChannelKind, SystemEvent};
use plexi_messaging::ports::{ChannelChange, ChannelFilter, Slice};
use plexi_messaging::{MessageDraft, MessagingError};

use crate::world::{World, draft};

#[tokio::test]
async fn an_edit_keeps_the_former_text_and_refuses_when_it_was_changed_meanwhile() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let message = world.post("bob", channel.id, "furst").await;
    let bob = world.actor("bob");
    world.clock.advance(Duration::from_mins(1));
    let edited = world.messaging.edit(&bob, message.id, "first", Some(None)).await.unwrap();
    assert_eq!((edited.text.as_str(), edited.edited_at.is_some()), ("first", true));
    let again = world.messaging.edit(&bob, message.id, "second", Some(None)).await;
    assert!(matches!(again, Err(MessagingError::Changed)));
    let history = world.messaging.history(&bob, message.id).await.unwrap();
    assert_eq!(history.iter().map(|revision| revision.text.as_str()).collect::<Vec<_>>(), ["furst"]);
    world.messaging.delete(&bob, message.id).await.unwrap();
    assert_eq!(world.messaging.history(&bob, message.id).await.unwrap(), []);
    let mark = world.messaging.message(&bob, message.id).await.unwrap();
    assert_eq!((mark.text.as_str(), mark.deleted), ("", true));
    assert_eq!(world.messaging.edit(&bob, message.id, "x", None).await.unwrap_err().code().status(), 404);
}

#[tokio::test]
async fn a_thread_has_its_own_positions_and_shows_below_its_first_message() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let root = world.post("ada", channel.id, "question").await;
    let bob = world.actor("bob");
    let reply = MessageDraft { thread_id: Some(root.id), ..draft(channel.id, "answer") };
    let reply = world.messaging.post(&bob, reply).await.unwrap().message;
    assert_eq!(reply.position, 0);
    let window = world.messaging.thread(&bob, root.id, Slice::Latest, 50).await.unwrap();
    assert_eq!(window.items, std::slice::from_ref(&reply));
    assert_eq!(window.root.unwrap().thread.unwrap().participant_ids, [bob.user]);
    let by_reply = world.messaging.thread(&bob, reply.id, Slice::Latest, 50).await.unwrap();
    assert_eq!(by_reply.root.unwrap().id, root.id);
    let nested = MessageDraft { thread_id: Some(reply.id), ..draft(channel.id, "x") };
    assert_eq!(world.messaging.post(&bob, nested).await.unwrap_err().fields()[0].field, "thread_id");
}

#[tokio::test]
async fn windows_know_what_is_before_and_after() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &[]).await;
    let first = world.post("ada", channel.id, "0").await.position;
    for number in 1..10 {
        world.post("ada", channel.id, &number.to_string()).await;
    }
    let ada = world.actor("ada");
    let total = first + 10;
    for (slice, from, count) in [
        (Slice::Latest, total - 4, 4),
        (Slice::Before(total - 4), total - 8, 4),
        (Slice::After(total - 3), total - 2, 2),
        (Slice::Around(total - 5), total - 7, 4),
        (Slice::After(total), -1, 0),
    ] {
        let window = world.messaging.window(&ada, channel.id, slice, 4).await.unwrap();
        assert_eq!(window.items.len(), count, "{slice:?}");
        assert_eq!(window.first_position.unwrap_or(-1), from, "{slice:?}");
        assert_eq!(window.total, total);
        assert!(window.has_before);
        assert_eq!(window.has_after, count > 0 && from + i64::try_from(count).unwrap() < total, "{slice:?}");
    }
}

#[tokio::test]
async fn reactions_and_pins_are_counted_once() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let message = world.post("ada", channel.id, "nice").await;
    for name in ["ada", "bob", "bob"] {
        world.messaging.react(&world.actor(name), message.id, "🎉").await.unwrap();
    }
    world.messaging.pin(&world.actor("bob"), message.id).await.unwrap();
    let seen = world.messaging.message(&world.actor("bob"), message.id).await.unwrap();
    assert_eq!((seen.reactions[0].count, seen.reactions[0].me, seen.pinned), (2, true, true));
    world.messaging.unreact(&world.actor("bob"), message.id, "🎉").await.unwrap();
    assert_eq!(world.messaging.pins(&world.actor("bob"), channel.id).await.unwrap()[0].reactions[0].count, 1);
    for number in 0..49 {
        world.messaging.react(&world.actor("ada"), message.id, &format!(":{number}:")).await.unwrap();
    }
    let one_more = world.messaging.react(&world.actor("ada"), message.id, ":more:").await;
    assert_eq!(one_more.unwrap_err().fields()[0].field, "emoji");
}

#[tokio::test]
async fn names_in_a_text_become_mentions_and_count_as_such() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let start = world.messaging.channel(&world.actor("bob"), channel.id).await.unwrap().last_seq;
    world.messaging.mark_read(&world.actor("bob"), channel.id, start, false).await.unwrap();
    let message = world.post("ada", channel.id, "@Bob and @nobody, see `@carl`").await;
    assert_eq!(message.mentions, [world.id("bob")]);
    world.post("ada", channel.id, "something else").await;
    let mine = world.messaging.channel(&world.actor("bob"), channel.id).await.unwrap().membership.unwrap();
    assert_eq!((mine.unread, mine.mentions), (2, 1));
    let state = world.messaging.mark_read(&world.actor("bob"), channel.id, message.seq, false).await.unwrap();
    assert_eq!((state.unread, state.mentions), (1, 0));
    let back = world.messaging.mark_read(&world.actor("bob"), channel.id, start, false).await.unwrap();
    assert_eq!(back.last_read_seq, message.seq);
    let forced = world.messaging.mark_read(&world.actor("bob"), channel.id, start, true).await.unwrap();
    assert_eq!((forced.last_read_seq, forced.unread), (start, 2));
}

#[tokio::test]
async fn a_direct_conversation_is_the_same_for_both_and_made_once() {
    let world = World::new().await;
    let (bob, carl) = (world.actor("bob"), world.actor("carl"));
    let first = world.messaging.open_direct(&bob, vec![carl.user]).await.unwrap();
    let second = world.messaging.open_direct(&carl, vec![bob.user, carl.user]).await.unwrap();
    assert_eq!((first.id, first.kind), (second.id, ChannelKind::Direct));
    let group = world.messaging.open_direct(&bob, vec![carl.user, world.id("eve")]).await.unwrap();
    assert_eq!((group.kind, group.user_ids.len()), (ChannelKind::Group, 3));
    assert!(world.messaging.leave(&bob, first.id).await.is_err());
    let stranger: UserId = world.ids.next().unwrap();
    let unknown = world.messaging.open_direct(&bob, vec![stranger]).await;
    assert_eq!(unknown.unwrap_err().fields()[0].field, "user_ids[0]");
    assert!(world.messaging.open_direct(&bob, vec![bob.user]).await.is_err());
}

#[tokio::test]
async fn what_happens_to_a_channel_is_noted_in_it() {
    use SystemEvent::{Added, Archived, Created, Joined, Left, Renamed, Topic};
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let (ada, carl) = (world.actor("ada"), world.actor("carl"));
    world.messaging.join(&carl, channel.id).await.unwrap();
    world.messaging.leave(&carl, channel.id).await.unwrap();
    let change = ChannelChange {
        name: Some("hall".to_owned()),
        topic: Some("all".to_owned()),
        archived: Some(true),
        expected: None,
    };
    world.messaging.update_channel(&ada, channel.id, change).await.unwrap();
    let window = world.messaging.window(&ada, channel.id, Slice::Latest, 50).await.unwrap();
    let noted: Vec<SystemEvent> =
        window.items.into_iter().map(|message| message.system.unwrap().event).collect();
    assert_eq!(noted, [Created, Added, Joined, Left, Archived, Renamed, Topic]);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new().await;
    for name in ["c", "a", "b"] {
        world.channel(name, ChannelKind::Public, &[]).await;
    }
    let bob = world.actor("bob");
    let list = |cursor: Option<String>| {
        let (messaging, bob, space) = (world.messaging.clone(), bob.clone(), world.space_id());
        async move { messaging.space_channels(&bob, space, ChannelFilter::default(), cursor.as_deref(), 2).await }
    };
    let first = list(None).await.unwrap();
    assert_eq!(first.items.iter().map(|channel| channel.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let second = list(first.next).await.unwrap();
    assert_eq!((second.items[0].name.as_str(), second.next), ("c", None));
    assert!(matches!(list(Some("zz".to_owned())).await, Err(MessagingError::Cursor)));
    let members = world.messaging.space_members(&bob, world.space_id(), Some("B"), None, 10).await.unwrap();
    assert_eq!(members.items.iter().map(|member| member.user_id).collect::<Vec<_>>(), [bob.user]);
}

#[tokio::test]
async fn names_are_taken_once() {
    let world = World::new().await;
    let room = world.channel("room", ChannelKind::Public, &[]).await;
    world.channel("hall", ChannelKind::Public, &[]).await;
    let ada = world.actor("ada");
    let change = ChannelChange { name: Some("hall".to_owned()), ..ChannelChange::default() };
    let taken = world.messaging.update_channel(&ada, room.id, change).await;
    assert!(matches!(taken, Err(MessagingError::Conflict("name"))));
    assert!(matches!(
        world.messaging.create_space(&ada, "tEAM").await,
        Err(MessagingError::Conflict("name"))
    ));
    assert!(world.messaging.create_space(&world.actor("bob"), "Other").await.is_err());
}
