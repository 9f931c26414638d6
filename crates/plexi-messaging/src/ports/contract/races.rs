use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Stage, Store};
use crate::error::StoreError;
use crate::ports::{ChannelChange, Line, NewMessage, Slice, SpaceChange};

pub(super) async fn senders_at_once_leave_no_gap<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let other = stage.channel(room.space, "other", &[room.ada, room.bob]).await;
    let root = stage.say(room.channel, room.ada, "root").await;
    let mut senders = JoinSet::new();
    for number in 0..8_i64 {
        let (store, at) = (Arc::clone(&stage.store), stage.now());
        let user = if number % 2 == 0 { room.ada } else { room.bob };
        let batches: Vec<Vec<NewMessage>> = (0..5)
            .map(|_| {
                let here = stage.draft(room.channel, user, "here");
                let there = stage.draft(other, user, "there");
                let reply =
                    NewMessage { thread_id: Some(root.id), ..stage.draft(room.channel, user, "reply") };
                if number % 2 == 0 { vec![here, there, reply] } else { vec![there, reply, here] }
            })
            .collect();
        let emoji = format!(":e{number}:");
        let root = root.id;
        senders.spawn(async move {
            for batch in batches {
                for posted in store.post(&batch).await.unwrap() {
                    posted.unwrap();
                }
                store.react(root, user, &emoji, at).await.unwrap();
            }
        });
    }
    senders.join_all().await;

    for (channel, count) in [(room.channel, 1 + 80 + 8), (other, 40)] {
        let events = stage.store.events_after(channel, 0, 1_000).await.unwrap();
        let seqs: Vec<i64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=count).collect::<Vec<_>>());
        assert_eq!(stage.store.channel(channel, room.ada).await.unwrap().unwrap().last_seq, count);
    }
    for (line, count) in
        [(Line::Main(room.channel), 41), (Line::Main(other), 40), (Line::Thread(room.channel, root.id), 40)]
    {
        let (items, total) = stage.store.slice(line, Slice::After(-1), 200, room.ada).await.unwrap();
        assert_eq!(total, count);
        assert_eq!(
            items.iter().map(|message| message.position).collect::<Vec<_>>(),
            (0..count).collect::<Vec<_>>()
        );
    }
    assert_eq!(stage.shown(root.id, room.ada).await.thread.unwrap().reply_count, 40);
}

pub(super) async fn of_the_same_message_at_once_one_is_stored<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let mut senders = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&stage.store);
        let new =
            NewMessage { client_id: Some("same".to_owned()), ..stage.draft(room.channel, room.ada, "same") };
        senders.spawn(async move { store.post(&[new]).await.unwrap().remove(0).unwrap() });
    }
    let posted = senders.join_all().await;
    assert_eq!(posted.iter().filter(|one| !one.duplicate).count(), 1, "{posted:?}");
    assert!(posted.iter().all(|one| one.message == posted[0].message));
    assert_eq!(stage.store.channel(room.channel, room.ada).await.unwrap().unwrap().last_seq, 1);
}

pub(super) async fn of_the_same_conversation_at_once_one_is_made<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let mut openers = JoinSet::new();
    for _ in 0..6 {
        let (store, new) = (Arc::clone(&stage.store), stage.new_direct(&[room.ada, room.bob]));
        openers.spawn(async move { store.create_channel(&new).await.unwrap() });
    }
    let made = openers.join_all().await;
    assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
    assert_eq!(stage.store.channels_of(room.bob).await.unwrap().len(), 2);
}

pub(super) async fn of_changes_at_once_that_expect_the_same_one_is_made<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let space = stage.store.space(room.space, room.ada).await.unwrap().unwrap();
    let mut racers = JoinSet::new();
    for number in 0..6 {
        let (store, at, space) = (Arc::clone(&stage.store), stage.now(), space.clone());
        let topic = Some(format!("topic {number}"));
        let of_channel = ChannelChange { topic, expected: Some(0), ..ChannelChange::default() };
        let name = Some(format!("Space {number}"));
        let of_space = SpaceChange { name, expected: Some(space), ..SpaceChange::default() };
        racers.spawn(async move {
            let channel = store.update_channel(room.channel, &of_channel, at).await;
            let space = store.update_space(room.space, &of_space).await;
            for refused in [channel.as_ref().err(), space.as_ref().err()].into_iter().flatten() {
                assert!(matches!(refused, StoreError::Conflict("changed")), "{refused:?}");
            }
            (channel.is_ok(), space.is_ok())
        });
    }
    let made = racers.join_all().await;
    assert_eq!(made.iter().filter(|(channel, _)| *channel).count(), 1, "{made:?}");
    assert_eq!(made.iter().filter(|(_, space)| *space).count(), 1, "{made:?}");
}
