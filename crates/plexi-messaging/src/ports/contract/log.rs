use super::changes::edit;
use super::{Stage, Store};
use crate::event::EventBody;

pub(super) async fn a_replay_shows_messages_as_they_are_now<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let eve = stage.user("eve").await;
    let kept = crate::ports::NewMessage {
        client_id: Some("c".to_owned()),
        ..stage.draft(room.channel, room.ada, "kept")
    };
    let kept = stage.post(kept).await.message;
    let gone = stage.say(room.channel, room.bob, "gone").await;
    let mut live = Vec::new();
    live.push(store.edit(kept.id, &edit("kept and edited", stage.now())).await.unwrap());
    live.push(store.react(kept.id, room.ada, "\u{1f44d}", stage.now()).await.unwrap().unwrap());
    live.push(store.unreact(kept.id, room.ada, "\u{1f44d}", stage.now()).await.unwrap().unwrap());
    live.push(store.react(kept.id, room.bob, "\u{1f680}", stage.now()).await.unwrap().unwrap());
    live.push(store.set_pinned(kept.id, room.ada, true, stage.now()).await.unwrap().unwrap());
    live.push(store.set_channel_member(room.channel, eve, "member", stage.now()).await.unwrap().1.unwrap());
    live.push(store.remove_channel_member(room.channel, eve, stage.now()).await.unwrap().unwrap().event);
    let topic = crate::ports::ChannelChange {
        topic: Some("plans".to_owned()),
        ..crate::ports::ChannelChange::default()
    };
    live.push(store.update_channel(room.channel, &topic, stage.now()).await.unwrap().unwrap());
    live.push(store.set_pinned(kept.id, room.ada, false, stage.now()).await.unwrap().unwrap());
    live.push(store.delete(gone.id, stage.now()).await.unwrap().unwrap());

    let replay = store.events_after(room.channel, 0, 100).await.unwrap();
    assert_eq!(replay.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    let EventBody::MessagePosted { message } = &replay[0].event else { unreachable!("{:?}", replay[0]) };
    assert_eq!((message.id, message.text.as_str(), &message.client_id), (kept.id, "kept and edited", &None));
    assert!(message.reactions.len() == 1 && !message.reactions[0].me);
    assert_eq!(replay[0].at, kept.created_at);
    let EventBody::MessagePosted { message } = &replay[1].event else { unreachable!("{:?}", replay[1]) };
    assert!(message.id == gone.id && message.deleted && message.text.is_empty());
    let EventBody::MessageEdited { message } = &replay[2].event else { unreachable!("{:?}", replay[2]) };
    assert_eq!(message.id, kept.id);
    assert_eq!(replay[3..], live[1..], "all else is what was sent live");
}

pub(super) async fn a_replay_is_in_order_and_in_pages<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let batch: Vec<_> =
        (0..50).map(|number| stage.draft(room.channel, room.ada, &number.to_string())).collect();
    store.post(&batch).await.unwrap();
    let seqs = async |after, limit| -> Vec<i64> {
        store.events_after(room.channel, after, limit).await.unwrap().iter().map(|event| event.seq).collect()
    };
    assert_eq!(seqs(10, 5).await, [11, 12, 13, 14, 15]);
    assert_eq!(seqs(48, 100).await, [49, 50]);
    assert_eq!(seqs(50, 100).await, Vec::<i64>::new());
    assert_eq!(seqs(i64::MAX, 100).await, Vec::<i64>::new());
    assert_eq!(seqs(0, 1_000).await.len(), 50);
    assert_eq!(store.events_after(stage.id(), 0, 10).await.unwrap(), []);
}
