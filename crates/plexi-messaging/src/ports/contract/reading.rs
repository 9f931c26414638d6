use plexi_core::{ChannelId, UserId};

use super::changes::edit;
use super::{Stage, Store, refused};
use crate::error::StoreError;
use crate::ports::{Edit, NewMessage};

async fn counts<S: Store>(stage: &Stage<S>, channel: ChannelId, user: UserId) -> (i64, u32, u32) {
    let mine = stage.store.channel(channel, user).await.unwrap().unwrap().membership.unwrap();
    let all = stage.store.channels_of(user).await.unwrap();
    let listed = all.into_iter().find(|seen| seen.id == channel).unwrap().membership.unwrap();
    assert_eq!(mine, listed, "one channel and the list of all agree");
    (mine.last_read_seq, mine.unread, mine.mentions)
}

pub(super) async fn unread_counts_what_others_said<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let quiet = stage.channel(room.space, "quiet", &[room.ada, room.bob]).await;
    let first = stage.say(room.channel, room.ada, "1").await;
    stage.say(room.channel, room.bob, "2").await;
    stage.reply(&first, room.ada, "in a thread").await;
    store.react(first.id, room.ada, "x", stage.now()).await.unwrap();
    let named =
        NewMessage { mentions: vec![room.bob, room.ada], ..stage.draft(room.channel, room.ada, "@bob") };
    stage.post(named).await;
    let both = NewMessage {
        mentions: vec![room.bob],
        mentions_all: true,
        ..stage.draft(room.channel, room.ada, "@all @bob")
    };
    stage.post(both).await;
    let aside = NewMessage {
        mentions: vec![room.bob],
        thread_id: Some(first.id),
        ..stage.draft(room.channel, room.ada, "@bob")
    };
    stage.post(aside).await;
    assert_eq!(counts(stage, room.channel, room.bob).await, (0, 3, 2));
    assert_eq!(counts(stage, room.channel, room.ada).await, (0, 1, 0), "what I say is not unread");
    assert_eq!(counts(stage, quiet, room.bob).await, (0, 0, 0));

    let state = store.mark_read(room.channel, room.bob, 5, false).await.unwrap();
    assert_eq!((state.last_read_seq, state.unread, state.mentions), (5, 1, 1));
    assert_eq!(counts(stage, room.channel, room.bob).await, (5, 1, 1));
}

pub(super) async fn unread_is_counted_to_a_thousand<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    for _ in 0..5 {
        let batch: Vec<_> = (0..256)
            .map(|_| NewMessage { mentions: vec![room.bob], ..stage.draft(room.channel, room.ada, "x") })
            .collect();
        stage.store.post(&batch).await.unwrap();
    }
    assert_eq!(counts(stage, room.channel, room.bob).await, (0, 1_000, 1_000));
    let state = stage.store.mark_read(room.channel, room.bob, 1_270, false).await.unwrap();
    assert_eq!((state.unread, state.mentions), (10, 10));
}

pub(super) async fn the_mark_moves_forward_only<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    for text in ["1", "2", "3"] {
        stage.say(room.channel, room.ada, text).await;
    }
    let mark =
        async |seq, force| store.mark_read(room.channel, room.bob, seq, force).await.unwrap().last_read_seq;
    assert_eq!(mark(2, false).await, 2);
    assert_eq!(mark(1, false).await, 2);
    assert_eq!(mark(99, false).await, 3, "never past the head");
    assert_eq!(mark(1, true).await, 1);
    assert_eq!(counts(stage, room.channel, room.bob).await, (1, 2, 0));
    assert_eq!(mark(-5, true).await, 0);
    let eve = stage.user("eve").await;
    refused!(store.mark_read(room.channel, eve, 1, false).await, StoreError::Missing("member"));
}

pub(super) async fn mentions_follow_edits_and_deletions<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let said = stage.say(room.channel, room.ada, "nobody").await;
    let all = NewMessage { mentions_all: true, ..stage.draft(room.channel, room.ada, "@channel") };
    let all = stage.post(all).await.message;
    assert_eq!(counts(stage, room.channel, room.bob).await, (0, 2, 1));
    store.edit(said.id, &Edit { mentions: vec![room.bob], ..edit("@bob", stage.now()) }).await.unwrap();
    assert_eq!(counts(stage, room.channel, room.bob).await, (0, 2, 2));
    store.edit(said.id, &edit("nobody again", stage.now())).await.unwrap();
    assert_eq!(counts(stage, room.channel, room.bob).await, (0, 2, 1));
    store.delete(all.id, stage.now()).await.unwrap();
    assert_eq!(counts(stage, room.channel, room.bob).await, (0, 1, 0));
}

pub(super) async fn drafts_are_kept_replaced_and_limited<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let root = stage.say(room.channel, room.ada, "root").await;
    let write = async |thread, text| {
        store.set_draft(room.ada, room.channel, thread, text, stage.now()).await.unwrap();
    };
    write(None, Some("main")).await;
    write(Some(root.id), Some("aside \u{1f4dd}")).await;
    write(None, Some("main, longer")).await;
    let drafts = store.drafts(room.ada).await.unwrap();
    let texts: Vec<_> = drafts.iter().map(|draft| (draft.thread_id, draft.text.as_str())).collect();
    assert_eq!(texts, [(None, "main, longer"), (Some(root.id), "aside \u{1f4dd}")], "last changed first");
    assert_eq!(store.drafts(room.bob).await.unwrap(), []);
    write(None, None).await;
    write(None, None).await;
    assert_eq!(store.drafts(room.ada).await.unwrap().len(), 1);

    for _ in 0..499 {
        store.set_draft(room.ada, stage.id(), None, Some("x"), stage.now()).await.unwrap();
    }
    refused!(
        store.set_draft(room.ada, stage.id(), None, Some("x"), stage.now()).await,
        StoreError::Conflict("drafts")
    );
    write(Some(root.id), Some("changed")).await;
    assert_eq!(store.drafts(room.ada).await.unwrap().len(), 500);
}
