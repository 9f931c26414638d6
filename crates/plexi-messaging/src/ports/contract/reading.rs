use plexi_core::{ChannelId, UserId};

use super::changes::edit;
use super::{Stage, Store, refused};
use crate::error::StoreError;
use crate::model::Category;
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
    assert_eq!(counts(stage, room.channel, room.bob).await, (0, 3, 3), "in threads, too");
    assert_eq!(counts(stage, room.channel, room.ada).await, (0, 1, 0), "what I say is not unread");
    assert_eq!(counts(stage, quiet, room.bob).await, (0, 0, 0));

    let state = store.mark_read(room.channel, room.bob, 5, false).await.unwrap();
    assert_eq!((state.last_read_seq, state.unread, state.mentions), (5, 1, 2));
    assert_eq!(counts(stage, room.channel, room.bob).await, (5, 1, 2));
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

pub(super) async fn a_thread_counts_what_is_new_for_who_takes_part<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let eve = stage.user("eve").await;
    store.set_channel_member(room.channel, eve, "member", stage.now()).await.unwrap();
    let root = stage.say(room.channel, room.ada, "root").await;
    let state = async |user| {
        let states = store.thread_states(root.id).await.unwrap();
        states.into_iter().find(|(who, _)| *who == user).map(|(_, state)| (state.unread, state.mentioned))
    };
    let reply = |author, mentions: &[UserId]| NewMessage {
        thread_id: Some(root.id),
        mentions: mentions.to_vec(),
        ..stage.draft(room.channel, author, "reply")
    };
    assert_eq!(store.thread_states(root.id).await.unwrap(), []);
    stage.post(reply(room.bob, &[])).await;
    assert_eq!(state(room.ada).await, Some((1, false)), "who began it");
    assert_eq!(state(room.bob).await, Some((0, false)), "who replied");
    assert_eq!(state(eve).await, None, "who has nothing to do with it");
    stage.post(reply(room.ada, &[eve])).await;
    assert_eq!(state(room.ada).await, Some((0, false)), "who replies has read what is before");
    assert_eq!(state(room.bob).await, Some((1, false)));
    assert_eq!(state(eve).await, Some((1, true)), "who was named, from there on");
    assert_eq!(counts(stage, room.channel, eve).await.2, 1, "a mention of the channel, too");
    let both = [reply(room.bob, &[]), reply(room.bob, &[room.ada])];
    for posted in store.post(&both).await.unwrap() {
        posted.unwrap();
    }
    assert_eq!(state(room.ada).await, Some((2, true)));
    assert_eq!(state(room.bob).await, Some((0, false)));
    assert_eq!(state(eve).await, Some((3, true)));

    let read = async |user, seen| {
        let read = store.mark_thread_read(root.id, user, seen).await.unwrap();
        read.map(|state| (state.unread, state.mentioned))
    };
    assert_eq!(read(eve, 2).await, Some((2, false)));
    assert_eq!(read(eve, 1).await, Some((2, false)), "never back");
    assert_eq!(read(eve, 99).await, Some((0, false)), "never past the last");
    assert_eq!(read(stage.id(), 1).await, None);
    let last = stage.post(reply(room.bob, &[])).await.message;
    assert_eq!(state(eve).await, Some((1, false)));
    let named = Edit { mentions: vec![eve], ..edit("@eve", stage.now()) };
    store.edit(last.id, &named).await.unwrap();
    assert_eq!(state(eve).await, Some((1, true)), "an edit can name somebody");
}

pub(super) async fn what_is_deleted_in_a_thread_is_neither_unread_nor_names_anybody<S: Store>(
    stage: &Stage<S>,
) {
    let store = &stage.store;
    let room = stage.room().await;
    let root = stage.say(room.channel, room.ada, "root").await;
    let say = async |mentions: &[UserId]| {
        let draft = stage.draft(room.channel, room.bob, "reply");
        let reply = NewMessage { thread_id: Some(root.id), mentions: mentions.to_vec(), ..draft };
        stage.post(reply).await.message.id
    };
    let delete = async |id| drop(store.delete(id, stage.now()).await.unwrap());
    let state = async || {
        let states = store.thread_states(root.id).await.unwrap();
        let (_, mine) = states.into_iter().find(|(who, _)| *who == room.ada).unwrap();
        let listed = store.threads_of(room.ada, true, 10).await.unwrap();
        assert_eq!(listed, if mine.unread > 0 { vec![mine] } else { Vec::new() });
        (mine.unread, mine.mentioned)
    };
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(say(&[]).await);
    }
    store.mark_thread_read(root.id, room.ada, 1).await.unwrap();
    assert_eq!(state().await, (3, false));
    delete(said[1]).await;
    delete(said[2]).await;
    assert_eq!(state().await, (1, false), "one of three is left");
    delete(said[3]).await;
    assert_eq!(state().await, (0, false), "what was read before is not unread again");

    let named = say(&[room.ada]).await;
    let later = say(&[room.ada]).await;
    let plain = say(&[]).await;
    assert_eq!(state().await, (3, true));
    delete(later).await;
    assert_eq!(state().await, (2, true), "another one names her, too");
    store.edit(named, &edit("nobody", stage.now())).await.unwrap();
    assert_eq!(state().await, (2, false), "an edit takes the name back");
    store.edit(plain, &Edit { mentions: vec![room.ada], ..edit("@ada", stage.now()) }).await.unwrap();
    store.edit(named, &Edit { mentions: vec![room.ada], ..edit("@ada", stage.now()) }).await.unwrap();
    store.mark_thread_read(root.id, room.ada, 5).await.unwrap();
    assert_eq!(state().await, (1, true), "an earlier one that names her later does not hide the last one");
    delete(plain).await;
    say(&[]).await;
    assert_eq!(state().await, (1, false), "a plain reply after a deleted one that named her");
}

pub(super) async fn threads_are_listed_with_the_latest_replies_first<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let first = stage.say(room.channel, room.ada, "first").await;
    let second = stage.say(room.channel, room.ada, "second").await;
    stage.reply(&second, room.bob, "one").await;
    let only = stage.reply(&first, room.bob, "two").await;
    let listed = async |user, unread| {
        let threads = store.threads_of(user, unread, 10).await.unwrap();
        threads.into_iter().map(|state| (state.thread_id, state.unread)).collect::<Vec<_>>()
    };
    assert_eq!(listed(room.ada, true).await, [(first.id, 1), (second.id, 1)]);
    assert_eq!(listed(room.bob, true).await, []);
    assert_eq!(listed(room.bob, false).await, [(first.id, 0), (second.id, 0)]);
    assert_eq!(store.threads_of(room.ada, true, 1).await.unwrap().len(), 1);
    store.mark_thread_read(second.id, room.ada, 1).await.unwrap();
    assert_eq!(listed(room.ada, true).await, [(first.id, 1)]);
    store.delete(only.id, stage.now()).await.unwrap();
    assert_eq!(listed(room.ada, true).await, [], "nothing is left to be read");
    store.remove_channel_member(room.channel, room.bob, stage.now()).await.unwrap();
    assert_eq!(listed(room.bob, false).await, [], "who is not in the channel is not in its threads");
}

pub(super) async fn categories_are_kept_as_they_were_given<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    assert_eq!(store.categories(room.ada).await.unwrap(), []);
    let category = |name: &str, collapsed, channel_ids: &[ChannelId]| Category {
        name: name.to_owned(),
        collapsed,
        channel_ids: channel_ids.to_vec(),
    };
    let mine = [category("\u{1f331} Garden", true, &[room.channel]), category("Another", false, &[])];
    store.set_categories(room.ada, &mine).await.unwrap();
    assert_eq!(store.categories(room.ada).await.unwrap(), mine);
    assert_eq!(store.categories(room.bob).await.unwrap(), []);
    let many: Vec<_> =
        (0..50).map(|number| category(&format!("{number:064}"), false, &[stage.id(); 40])).collect();
    store.set_categories(room.ada, &many).await.unwrap();
    assert_eq!(store.categories(room.ada).await.unwrap(), many);
    store.set_categories(room.ada, &[]).await.unwrap();
    assert_eq!(store.categories(room.ada).await.unwrap(), []);
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
