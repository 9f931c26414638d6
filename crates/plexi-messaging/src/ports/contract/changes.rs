use plexi_core::{MessageId, Timestamp, UserId};

use super::{Stage, Store, refused};
use crate::error::StoreError;
use crate::event::EventBody;
use crate::model::{Message, Reaction, Revision};
use crate::ports::Edit;

pub(super) fn edit(text: &str, at: Timestamp) -> Edit {
    Edit {
        text: text.to_owned(),
        at,
        mentions: Vec::new(),
        mentions_all: false,
        index: crate::search::index_text(text),
        has_link: false,
        expected: None,
    }
}

pub(super) async fn an_edit_keeps_the_former_text<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let said = stage.say(room.channel, room.ada, "one").await;
    let (first, second) = (stage.now(), stage.now());
    let event = store.edit(said.id, &Edit { mentions: vec![room.bob], ..edit("two", first) }).await.unwrap();
    let shown =
        Message { text: "two".to_owned(), edited_at: Some(first), mentions: vec![room.bob], ..said.clone() };
    assert_eq!((event.seq, event.at), (2, first));
    assert_eq!(event.event, EventBody::MessageEdited { message: Box::new(shown.clone()) });
    assert_eq!(stage.shown(said.id, room.bob).await, shown);
    store.edit(said.id, &Edit { expected: Some(Some(first)), ..edit("three", second) }).await.unwrap();
    let former = |text: &str, at| Revision { text: text.to_owned(), at };
    assert_eq!(store.history(said.id).await.unwrap(), [former("two", second), former("one", first)]);
    assert_eq!(store.history(stage.id()).await.unwrap(), []);
}

pub(super) async fn an_edit_of_something_else_is_refused<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let said = stage.say(room.channel, room.ada, "one").await;
    let at = stage.now();
    store.edit(said.id, &Edit { expected: Some(None), ..edit("two", at) }).await.unwrap();
    let stale = Edit { expected: Some(None), ..edit("three", stage.now()) };
    refused!(store.edit(said.id, &stale).await, StoreError::Conflict("changed"));
    refused!(store.edit(stage.id(), &edit("x", at)).await, StoreError::Missing("message"));
    store.delete(said.id, stage.now()).await.unwrap();
    refused!(store.edit(said.id, &edit("x", at)).await, StoreError::Missing("message"));
    assert_eq!(store.channel(room.channel, room.ada).await.unwrap().unwrap().last_seq, 3);
}

pub(super) async fn a_deletion_leaves_only_the_mark<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let root = stage.say(room.channel, room.ada, "root https://example.org").await;
    let reply = stage.reply(&root, room.bob, "reply").await;
    let last = stage.reply(&root, room.ada, "last").await;
    store.edit(root.id, &Edit { mentions: vec![room.bob], ..edit("changed", stage.now()) }).await.unwrap();
    store.react(root.id, room.bob, "\u{1f44d}", stage.now()).await.unwrap();
    store.set_pinned(root.id, room.bob, true, stage.now()).await.unwrap();

    let at = stage.now();
    let event = store.delete(root.id, at).await.unwrap().unwrap();
    assert_eq!(
        (event.at, event.event),
        (at, EventBody::MessageDeleted { message_id: root.id, thread_id: None })
    );
    let mark = stage.shown(root.id, room.bob).await;
    assert!(
        mark.deleted
            && mark.text.is_empty()
            && mark.mentions.is_empty()
            && mark.reactions.is_empty()
            && !mark.pinned
    );
    assert_eq!((mark.seq, mark.position, mark.author_id), (root.seq, root.position, room.ada));
    assert_eq!(mark.thread.unwrap().reply_count, 2, "the thread below stays");
    assert_eq!(store.history(root.id).await.unwrap(), []);
    assert_eq!(store.pins(room.channel, room.ada).await.unwrap(), []);
    assert_eq!(store.delete(root.id, stage.now()).await.unwrap(), None);
    refused!(store.delete(stage.id(), at).await, StoreError::Missing("message"));
    refused!(store.react(root.id, room.ada, "x", at).await, StoreError::Missing("message"));
    refused!(store.set_pinned(root.id, room.ada, true, at).await, StoreError::Missing("message"));

    let event = store.delete(reply.id, stage.now()).await.unwrap().unwrap();
    assert_eq!(event.event, EventBody::MessageDeleted { message_id: reply.id, thread_id: Some(root.id) });
    let thread = stage.shown(root.id, room.ada).await.thread.unwrap();
    assert_eq!((thread.reply_count, thread.last_reply_at), (1, Some(last.created_at)));
    assert_eq!(thread.participant_ids, [room.ada]);
    assert_eq!(stage.reply(&root, room.bob, "more").await.position, 2, "places are never given twice");
}

pub(super) async fn reactions_are_counted<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let said = stage.say(room.channel, room.ada, "vote").await;
    let react =
        async |user: UserId, emoji: &str| store.react(said.id, user, emoji, stage.now()).await.unwrap();
    let added = |emoji: &str, user_id, count| EventBody::ReactionAdded {
        message_id: said.id,
        emoji: emoji.to_owned(),
        user_id,
        count,
    };
    // These two differ in a variation selector only.
    let (heart, plain) = ("\u{2764}\u{fe0f}", "\u{2764}");
    assert_eq!(react(room.bob, "\u{1f44d}").await.unwrap().event, added("\u{1f44d}", room.bob, 1));
    assert_eq!(react(room.ada, heart).await.unwrap().event, added(heart, room.ada, 1));
    assert_eq!(react(room.ada, plain).await.unwrap().event, added(plain, room.ada, 1));
    assert_eq!(react(room.ada, "\u{1f44d}").await.unwrap().event, added("\u{1f44d}", room.ada, 2));
    assert_eq!(react(room.ada, "\u{1f44d}").await, None, "once each");
    let reaction = |emoji: &str, user_ids: &[UserId], me| Reaction {
        emoji: emoji.to_owned(),
        count: u32::try_from(user_ids.len()).unwrap(),
        user_ids: user_ids.to_vec(),
        me,
    };
    let shown = stage.shown(said.id, room.bob).await.reactions;
    let people = [room.bob, room.ada];
    let theirs = [reaction(heart, &[room.ada], false), reaction(plain, &[room.ada], false)];
    assert_eq!(shown[0], reaction("\u{1f44d}", &people, true), "oldest emoji first, people in order");
    assert_eq!(shown[1..], theirs);

    let gone = store.unreact(said.id, room.bob, "\u{1f44d}", stage.now()).await.unwrap().unwrap();
    let removed = EventBody::ReactionRemoved {
        message_id: said.id,
        emoji: "\u{1f44d}".to_owned(),
        user_id: room.bob,
        count: 1,
    };
    assert_eq!((gone.seq, gone.event), (6, removed));
    assert_eq!(store.unreact(said.id, room.bob, "\u{1f44d}", stage.now()).await.unwrap(), None);
    for emoji in ["\u{1f44d}", heart, plain] {
        store.unreact(said.id, room.ada, emoji, stage.now()).await.unwrap().unwrap();
    }
    assert_eq!(stage.shown(said.id, room.ada).await.reactions, []);
    let nowhere: MessageId = stage.id();
    refused!(store.react(nowhere, room.ada, "x", stage.now()).await, StoreError::Missing("message"));
}

pub(super) async fn emoji_are_limited<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let said = stage.say(room.channel, room.ada, "many").await;
    for number in 0..50 {
        store.react(said.id, room.ada, &format!(":e{number}:"), stage.now()).await.unwrap().unwrap();
    }
    refused!(store.react(said.id, room.ada, ":more:", stage.now()).await, StoreError::Conflict("reactions"));
    store.react(said.id, room.bob, ":e7:", stage.now()).await.unwrap().unwrap();
    let mut crowd = Vec::new();
    for number in 0..25 {
        let user = stage.user(&format!("u{number}")).await;
        store.react(said.id, user, ":e0:", stage.now()).await.unwrap().unwrap();
        crowd.push(user);
    }
    let shown = stage.shown(said.id, crowd[24]).await.reactions;
    assert_eq!(shown.len(), 50);
    let first = &shown[0];
    assert_eq!((first.emoji.as_str(), first.count, first.me, first.user_ids.len()), (":e0:", 26, true, 20));
    assert_eq!((first.user_ids[0], first.user_ids[19]), (room.ada, crowd[18]));
    assert!(shown[1..].iter().all(|reaction| !reaction.me));
}

pub(super) async fn pins_are_listed_and_limited<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let batch: Vec<_> =
        (0..101).map(|number| stage.draft(room.channel, room.ada, &number.to_string())).collect();
    store.post(&batch).await.unwrap();
    let event = store.set_pinned(batch[0].id, room.bob, true, stage.now()).await.unwrap().unwrap();
    assert_eq!(event.event, EventBody::MessagePinned { message_id: batch[0].id, user_id: room.bob });
    assert_eq!(store.set_pinned(batch[0].id, room.ada, true, stage.now()).await.unwrap(), None);
    assert!(stage.shown(batch[0].id, room.ada).await.pinned);
    for new in &batch[1..100] {
        store.set_pinned(new.id, room.ada, true, stage.now()).await.unwrap().unwrap();
    }
    refused!(
        store.set_pinned(batch[100].id, room.ada, true, stage.now()).await,
        StoreError::Conflict("pins")
    );
    let pins = store.pins(room.channel, room.ada).await.unwrap();
    assert_eq!((pins.len(), pins[0].id, pins[99].id), (100, batch[99].id, batch[0].id), "last pinned first");
    assert!(pins.iter().all(|message| message.pinned));
    let event = store.set_pinned(batch[5].id, room.ada, false, stage.now()).await.unwrap().unwrap();
    assert_eq!(event.event, EventBody::MessageUnpinned { message_id: batch[5].id, user_id: room.ada });
    assert_eq!(store.set_pinned(batch[5].id, room.ada, false, stage.now()).await.unwrap(), None);
    assert_eq!(store.pins(room.channel, room.ada).await.unwrap().len(), 99);
}
