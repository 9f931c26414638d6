use plexi_core::MessageId;
use uuid::Uuid;

use super::{Stage, Store, refused};
use crate::error::StoreError;
use crate::event::EventBody;
use crate::model::{Message, MessageKind, SystemEvent, SystemNote, ThreadSummary};
use crate::ports::NewMessage;

pub(super) async fn a_message_comes_back_as_it_was_sent<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let first = stage.say(room.channel, room.ada, "first").await;
    let new = NewMessage {
        client_id: Some("a7".to_owned()),
        reply_to: Some(first.id),
        mentions: vec![room.bob],
        mentions_all: true,
        ..stage.draft(room.channel, room.ada, "hello **world**")
    };
    let posted = stage.post(new.clone()).await;
    let message = &posted.message;
    assert!(!posted.duplicate);
    assert_eq!((message.id, message.channel_id, message.author_id), (new.id, room.channel, room.ada));
    assert_eq!((message.seq, message.position, message.kind), (2, 1, MessageKind::Text));
    assert_eq!((message.text.as_str(), message.client_id.as_deref()), ("hello **world**", Some("a7")));
    assert_eq!((message.created_at, message.edited_at, message.deleted), (new.created_at, None, false));
    assert_eq!((message.thread_id, message.reply_to), (None, Some(first.id)));
    assert_eq!((message.mentions.as_slice(), message.mentions_all), ([room.bob].as_slice(), true));
    assert!(!message.pinned && message.reactions.is_empty() && message.thread.is_none());

    let event = posted.event.unwrap();
    assert_eq!((event.channel_id, event.seq, event.at), (room.channel, 2, new.created_at));
    let public = Message { client_id: None, ..message.clone() };
    assert_eq!(event.event, EventBody::MessagePosted { message: Box::new(public.clone()) });
    assert_eq!(stage.shown(new.id, room.ada).await, *message);
    assert_eq!(stage.shown(new.id, room.bob).await, public, "only the author sees the client id");
    let seen = stage.store.channel(room.channel, room.ada).await.unwrap().unwrap();
    assert_eq!((seen.last_seq, seen.last_message_at), (2, Some(new.created_at)));

    let note = SystemNote { event: SystemEvent::Added, user_id: Some(room.bob), text: Some("x".to_owned()) };
    let system = NewMessage {
        kind: MessageKind::System,
        system: Some(note.clone()),
        ..stage.draft(room.channel, room.ada, "")
    };
    let system = stage.post(system).await.message;
    assert_eq!(
        (system.kind, stage.shown(system.id, room.bob).await.system),
        (MessageKind::System, Some(note))
    );
    // An id with the same key and another rest is another message, and it is not there.
    let alike = MessageId::from_uuid(Uuid::from_u128(first.id.as_uuid().as_u128() ^ 1));
    assert_eq!(stage.store.message(alike, room.ada).await.unwrap(), None);
}

pub(super) async fn numbers_have_no_gaps<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let other = stage.channel(room.space, "other", &[room.ada]).await;
    let batch: Vec<NewMessage> = (0..150)
        .map(|number| {
            stage.draft(if number % 3 == 0 { other } else { room.channel }, room.ada, &format!("n{number}"))
        })
        .collect();
    let done = stage.store.post(&batch).await.unwrap();
    let (mut here, mut there) = (0, 0);
    for (posted, new) in done.into_iter().zip(&batch) {
        let message = posted.unwrap().message;
        assert_eq!((message.id, &message.text), (new.id, &new.text), "answers are in the order of the batch");
        let count = if new.channel_id == other { &mut there } else { &mut here };
        assert_eq!((message.position, message.seq), (*count, *count + 1));
        *count += 1;
    }
    assert_eq!((here, there), (100, 50));
    let mut heads = stage.store.heads_of(room.ada).await.unwrap();
    heads.sort_unstable();
    assert_eq!(heads, [(room.channel, 100), (other, 50)]);
    assert_eq!(stage.store.post(&[]).await.unwrap().len(), 0);
}

pub(super) async fn a_client_id_counts_once<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let named = |author, text: &str, client: &str| NewMessage {
        client_id: Some(client.to_owned()),
        ..stage.draft(room.channel, author, text)
    };
    let first = stage.post(named(room.ada, "one", "k")).await;
    let again = stage.post(named(room.ada, "one again", "k")).await;
    assert!(again.duplicate && again.event.is_none());
    assert_eq!(again.message, first.message);
    assert_eq!(stage.post(named(room.bob, "his", "k")).await.message.seq, 2, "it counts for one author only");
    assert_eq!(stage.post(named(room.ada, "other", "K")).await.message.seq, 3, "case matters");
    assert_eq!(stage.post(named(room.ada, "space", "k ")).await.message.seq, 4, "so does a space");

    let batch = [named(room.ada, "a", "new"), named(room.ada, "b", "new"), named(room.ada, "c", "k")];
    let done: Vec<_> = stage.store.post(&batch).await.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().map(|posted| posted.duplicate).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(done[1].message, done[0].message);
    assert_eq!(done[2].message, first.message);
    let elsewhere = stage.channel(room.space, "elsewhere", &[room.ada]).await;
    let there = NewMessage { client_id: Some("k".to_owned()), ..stage.draft(elsewhere, room.ada, "there") };
    assert!(!stage.post(there).await.duplicate, "it counts for one channel only");
    assert_eq!(stage.store.channel(room.channel, room.ada).await.unwrap().unwrap().last_seq, 5);
}

pub(super) async fn what_a_message_refers_to_must_be_there<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let elsewhere = stage.channel(room.space, "elsewhere", &[room.ada]).await;
    let root = stage.say(room.channel, room.ada, "root").await;
    let reply = stage.reply(&root, room.bob, "reply").await;
    let there = stage.say(elsewhere, room.ada, "there").await;
    let try_post = async |new: NewMessage| stage.store.post(&[new]).await.unwrap().remove(0);
    let new = || stage.draft(room.channel, room.ada, "x");
    refused!(try_post(NewMessage { channel_id: stage.id(), ..new() }).await, StoreError::Missing("channel"));
    for thread in [stage.id(), reply.id, there.id] {
        refused!(
            try_post(NewMessage { thread_id: Some(thread), ..new() }).await,
            StoreError::Missing("thread")
        );
    }
    for answered in [stage.id(), there.id] {
        refused!(
            try_post(NewMessage { reply_to: Some(answered), ..new() }).await,
            StoreError::Missing("reply_to")
        );
    }
    refused!(try_post(NewMessage { id: root.id, ..new() }).await, StoreError::Conflict("id"));
    let alike = MessageId::from_uuid(Uuid::from_u128(root.id.as_uuid().as_u128() ^ 1));
    refused!(try_post(NewMessage { id: alike, ..new() }).await, StoreError::Conflict("id"));
    assert_eq!(stage.say(room.channel, room.ada, "next").await.seq, 3, "what is refused takes no number");
    let within = NewMessage { thread_id: Some(root.id), reply_to: Some(reply.id), ..new() };
    assert_eq!(stage.post(within).await.message.position, 1);
}

pub(super) async fn a_refused_message_leaves_the_others<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let root = stage.draft(room.channel, room.ada, "root");
    let twin = NewMessage { id: root.id, ..stage.draft(room.channel, room.ada, "twin") };
    let lost = NewMessage { channel_id: stage.id(), ..stage.draft(room.channel, room.ada, "lost") };
    let reply = NewMessage { thread_id: Some(root.id), ..stage.draft(room.channel, room.bob, "reply") };
    let answer = NewMessage { reply_to: Some(root.id), ..stage.draft(room.channel, room.bob, "answer") };
    let done = stage.store.post(&[root.clone(), twin, lost, reply.clone(), answer]).await.unwrap();
    refused!(done[1].as_ref(), StoreError::Conflict("id"));
    refused!(done[2].as_ref(), StoreError::Missing("channel"));
    let seqs: Vec<i64> = done.iter().flatten().map(|posted| posted.message.seq).collect();
    assert_eq!(seqs, [1, 2, 3], "a message may refer to one before it in the batch");
    let root = stage.shown(root.id, room.ada).await;
    assert_eq!(root.thread.unwrap().reply_count, 1);
}

pub(super) async fn a_thread_counts_its_replies<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let mut people = vec![room.bob, room.ada];
    for name in ["c", "d", "e", "f"] {
        people.push(stage.user(name).await);
    }
    let root = stage.say(room.channel, room.ada, "root").await;
    let mut last = None;
    for (position, author) in (0..).zip([0, 0, 1, 2, 3, 4, 5, 1]) {
        let reply = stage.reply(&root, people[author], "r").await;
        assert_eq!((reply.position, reply.thread_id), (position, Some(root.id)));
        last = Some(reply.created_at);
    }
    let summary =
        ThreadSummary { reply_count: 8, last_reply_at: last, participant_ids: people[..5].to_vec() };
    assert_eq!(stage.shown(root.id, room.bob).await.thread, Some(summary));
    assert_eq!(
        stage.say(room.channel, room.ada, "main").await.position,
        1,
        "replies take no place of the main line"
    );
}

pub(super) async fn text_of_any_script_and_size_survives<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let long = "\u{1f600}\u{6f22}e\u{301} ".repeat(8_000);
    for text in
        [long.as_str(), " leading and trailing ", "a'b\"c\\d%_?;--\u{7f}\t\r\n", "\u{202e}rtl", "?? $1 :a @b"]
    {
        let said = stage.say(room.channel, room.ada, text).await;
        assert_eq!(stage.shown(said.id, room.bob).await.text, text);
    }
}
