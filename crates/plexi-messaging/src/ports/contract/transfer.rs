use plexi_core::{ChannelId, MessageId, Timestamp, UserId};
use uuid::Uuid;

use super::{Stage, Store, page, refused};
use crate::error::StoreError;
use crate::event::EventBody;
use crate::model::{ChannelKind, MessageKind, Revision};
use crate::ports::{
    Imported, ImportedChannel, ImportedMessage, ImportedUser, Line, NewMessage, SearchPlan, Slice,
};
use crate::search::grams::index_terms;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_500_000_000 + seconds)
}

fn imported(channel: ChannelId, author: UserId, seconds: i64, text: &str) -> ImportedMessage {
    let origin = u64::try_from(seconds).unwrap();
    ImportedMessage {
        message: NewMessage {
            id: MessageId::imported(at(seconds), 0, origin),
            channel_id: channel,
            author_id: author,
            kind: MessageKind::Text,
            text: text.to_owned(),
            system: None,
            created_at: at(seconds),
            client_id: None,
            thread_id: None,
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            index: crate::search::index_text(text),
            has_link: false,
        },
        edited_at: None,
        deleted: false,
        pinned: None,
        reactions: Vec::new(),
        history: Vec::new(),
    }
}

fn import_of(stage: &Stage<impl Store>, channel: &crate::ports::NewChannel) -> ImportedChannel {
    ImportedChannel {
        id: stage.id(),
        space_id: channel.space_id,
        kind: channel.kind,
        name: channel.name.clone(),
        topic: "from elsewhere".to_owned(),
        archived: false,
        created_at: at(0),
        members: channel.members.clone(),
        direct_key: channel.direct_key.clone(),
    }
}

const fn counted(added: u64, present: u64) -> Imported {
    Imported { added, present }
}

pub(super) async fn people_and_rooms_come_once<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let mut users = Vec::new();
    for number in 0..700 {
        users.push(ImportedUser {
            id: stage.id(),
            name: format!("user{number:03}"),
            display_name: format!("User {number} \u{1f98a}"),
            bot: number == 1,
            disabled: number == 2,
            created_at: at(number),
        });
    }
    assert_eq!(store.import_users(&users[..500]).await.unwrap(), counted(500, 0));
    assert_eq!(store.import_users(&users).await.unwrap(), counted(200, 500));
    assert_eq!(store.export_users(None, 1_000).await.unwrap(), users);
    assert_eq!(store.export_users(Some(users[9].id), 5).await.unwrap(), users[10..15]);
    let existing = store.existing(&[users[1].id, users[2].id]).await.unwrap();
    assert_eq!(existing, [users[1].id], "a disabled one is not there for others");

    let space = stage.new_space("Imported");
    assert_eq!(store.import_space(&space).await.unwrap(), space.id);
    assert_eq!(store.import_space(&space).await.unwrap(), space.id);
    assert_eq!(store.import_space(&stage.new_space("imported")).await.unwrap(), space.id);
    assert_eq!(store.export_spaces().await.unwrap(), [space.clone()]);
    let mut members: Vec<_> = users.iter().map(|user| (user.id, "member".to_owned())).collect();
    members[3].1 = "admin".to_owned();
    members[4].1 = "emperor".to_owned();
    assert_eq!(store.import_space_members(space.id, &members, at(0)).await.unwrap(), counted(700, 0));
    assert_eq!(store.import_space_members(space.id, &members, at(9)).await.unwrap(), counted(0, 700));
    members[4].1 = "member".to_owned();
    assert_eq!(store.export_space_members(space.id, None, 1_000).await.unwrap(), members);
    assert_eq!(store.export_space_members(space.id, Some(users[3].id), 2).await.unwrap(), members[4..6]);

    let channel = ImportedChannel {
        members: members.clone(),
        ..import_of(stage, &stage.new_channel(space.id, "big", ChannelKind::Public, &[]))
    };
    assert_eq!(store.import_channel(&channel).await.unwrap(), channel.id);
    assert_eq!(store.import_channel(&channel).await.unwrap(), channel.id);
    let seen = store.channel(channel.id, users[0].id).await.unwrap().unwrap();
    assert_eq!((seen.member_count, seen.last_seq, seen.topic.as_str()), (700, 0, "from elsewhere"));
    assert_eq!(store.export_channels(None, 10).await.unwrap(), [channel.clone()]);
    assert_eq!(store.export_channels(Some(channel.id), 10).await.unwrap(), []);
}

pub(super) async fn names_that_are_taken_get_a_number<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let named = |name: &str| ImportedUser {
        id: stage.id(),
        name: name.to_owned(),
        display_name: name.to_owned(),
        bot: false,
        disabled: false,
        created_at: at(0),
    };
    let batch = [named("ada"), named("ada"), named("ada-2"), named("new")];
    assert_eq!(store.import_users(&batch).await.unwrap(), counted(4, 0));
    let all = store.export_users(None, 100).await.unwrap();
    let name = |id: UserId| all.iter().find(|user| user.id == id).unwrap().name.as_str();
    let names = batch.each_ref().map(|user| name(user.id));
    assert_eq!((name(room.ada), names), ("ada", ["ada-2", "ada-3", "ada-2-2", "new"]));
    assert_eq!(store.import_users(&batch).await.unwrap(), counted(0, 4));

    let general = stage.new_channel(room.space, "general", ChannelKind::Public, &[room.ada]);
    for expected in ["general-2", "general-3"] {
        let channel = import_of(stage, &general);
        assert_eq!(store.import_channel(&channel).await.unwrap(), channel.id);
        assert_eq!(store.channel(channel.id, room.ada).await.unwrap().unwrap().name, expected);
    }
    let direct = stage.new_direct(&[room.ada, room.bob]);
    store.create_channel(&direct).await.unwrap();
    assert_eq!(
        store.import_channel(&import_of(stage, &direct)).await.unwrap(),
        direct.id,
        "one conversation of two"
    );
}

pub(super) async fn messages_come_once_and_whole<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let channel =
        import_of(stage, &stage.new_channel(room.space, "old", ChannelKind::Public, &[room.ada, room.bob]));
    let channel = store.import_channel(&channel).await.unwrap();
    let mut batch: Vec<_> =
        (1..=900).map(|second| imported(channel, room.ada, second * 10, &format!("line {second}"))).collect();
    let root = batch[3].message.id;
    for reply in [5, 700] {
        batch[reply].message.thread_id = Some(root);
        batch[reply].message.author_id = room.bob;
    }
    batch[9].message.reply_to = Some(root);
    batch[9].message.mentions = vec![room.bob];
    batch[10].edited_at = Some(at(5_000));
    batch[10].history = vec![
        Revision { text: "second".to_owned(), at: at(5_000) },
        Revision { text: "first".to_owned(), at: at(4_000) },
    ];
    batch[11].pinned = Some((room.bob, at(6_000)));
    batch[11].reactions = vec![
        ("\u{1f44d}".to_owned(), room.bob, at(1)),
        ("\u{1f44d}".to_owned(), room.ada, at(2)),
        ("\u{1f680}".to_owned(), room.ada, at(3)),
    ];
    batch[12].deleted = true;
    batch[12].message.text = String::new();
    batch[12].message.index = String::new();

    assert_eq!(store.import_messages(channel, &batch[..500]).await.unwrap(), counted(500, 0));
    assert_eq!(store.import_messages(channel, &batch[400..]).await.unwrap(), counted(400, 100));
    assert_eq!(store.import_messages(channel, &batch[500..]).await.unwrap(), counted(0, 400));
    store.finish_channel(channel).await.unwrap();

    let seen = store.channel(channel, room.bob).await.unwrap().unwrap();
    assert_eq!((seen.last_seq, seen.last_message_at), (900, Some(at(9_000))));
    assert_eq!(
        seen.membership.map(|mine| (mine.last_read_seq, mine.unread, mine.mentions)),
        Some((900, 0, 0))
    );
    let (items, total) = store.slice(Line::Main(channel), Slice::After(-1), 200, room.bob).await.unwrap();
    assert_eq!(
        (total, items.len(), items[0].text.as_str(), items[0].created_at),
        (898, 200, "line 1", at(10))
    );
    let (replies, total) =
        store.slice(Line::Thread(channel, root), Slice::Latest, 10, room.bob).await.unwrap();
    assert_eq!((total, replies[0].text.as_str(), replies[1].text.as_str()), (2, "line 6", "line 701"));
    let shown = stage.shown(root, room.ada).await.thread.unwrap();
    assert_eq!(
        (shown.reply_count, shown.last_reply_at, shown.participant_ids),
        (2, Some(at(7_010)), vec![room.bob])
    );
    let changed = stage.shown(batch[10].message.id, room.ada).await;
    assert_eq!(changed.edited_at, Some(at(5_000)));
    assert_eq!(store.history(changed.id).await.unwrap(), batch[10].history);
    let liked = stage.shown(batch[11].message.id, room.ada).await;
    let counts: Vec<_> = liked
        .reactions
        .iter()
        .map(|reaction| (reaction.emoji.as_str(), reaction.count, reaction.me))
        .collect();
    assert_eq!((liked.pinned, counts), (true, vec![("\u{1f44d}", 2, true), ("\u{1f680}", 1, true)]));
    assert!(stage.shown(batch[12].message.id, room.ada).await.deleted);
    assert_eq!(stage.shown(batch[9].message.id, room.ada).await.reply_to, Some(root));

    let events = store.events_after(channel, 898, 10).await.unwrap();
    assert_eq!(
        events.iter().map(|event| (event.seq, event.at)).collect::<Vec<_>>(),
        [(899, at(8_990)), (900, at(9_000))]
    );
    assert!(matches!(&events[0].event, EventBody::MessagePosted { message } if message.text == "line 899"));
    let plan = SearchPlan { terms: index_terms("line 899"), ..SearchPlan::default() };
    let found = store.find(&plan, room.bob, None, 10).await.unwrap();
    assert_eq!(found.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["line 899"]);
}

pub(super) async fn a_key_that_is_taken_stores_nothing<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let first = imported(room.channel, room.ada, 10, "first");
    store.import_messages(room.channel, std::slice::from_ref(&first)).await.unwrap();
    let mut twin = imported(room.channel, room.ada, 10, "twin");
    twin.message.id = MessageId::from_uuid(Uuid::from_u128(first.message.id.as_uuid().as_u128() ^ 1));
    let fresh = imported(room.channel, room.ada, 20, "fresh");
    refused!(
        store.import_messages(room.channel, &[fresh.clone(), twin.clone()]).await,
        StoreError::Conflict("id")
    );
    let mut orphan = imported(room.channel, room.ada, 30, "orphan");
    orphan.message.thread_id = Some(stage.id());
    refused!(
        store.import_messages(room.channel, &[fresh.clone(), orphan]).await,
        StoreError::Missing("thread")
    );
    refused!(
        store.import_messages(stage.id(), std::slice::from_ref(&fresh)).await,
        StoreError::Missing("channel")
    );
    let seen = store.channel(room.channel, room.ada).await.unwrap().unwrap();
    assert_eq!(seen.last_seq, 1, "nothing was stored");
    twin.message.id = MessageId::imported(at(10), 1, 7);
    assert_eq!(store.import_messages(room.channel, &[fresh, twin]).await.unwrap(), counted(2, 0));
}

pub(super) async fn an_import_into_a_living_channel_is_put_in_order<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    for text in ["live 1", "live 2"] {
        stage.say(room.channel, room.ada, text).await;
    }
    let old: Vec<_> =
        (1..=3).map(|second| imported(room.channel, room.bob, second, &format!("old {second}"))).collect();
    store.import_messages(room.channel, &old).await.unwrap();
    store.finish_channel(room.channel).await.unwrap();
    let (items, total) = store.slice(Line::Main(room.channel), Slice::Latest, 10, room.ada).await.unwrap();
    let order: Vec<_> = items.iter().map(|message| (message.position, message.text.as_str())).collect();
    assert_eq!(total, 5);
    assert_eq!(order, [(0, "old 1"), (1, "old 2"), (2, "old 3"), (3, "live 1"), (4, "live 2")]);
    assert_eq!(stage.say(room.channel, room.ada, "next").await.position, 5);
    assert_eq!(
        store.channel(room.channel, room.ada).await.unwrap().unwrap().last_message_at.unwrap(),
        items_last(stage, &room).await
    );
    refused!(store.finish_channel(stage.id()).await, StoreError::Missing("channel"));
}

async fn items_last<S: Store>(stage: &Stage<S>, room: &super::Room) -> Timestamp {
    let (items, _) = stage.store.slice(Line::Main(room.channel), Slice::Latest, 1, room.ada).await.unwrap();
    items[0].created_at
}

pub(super) async fn an_export_reads_everything_back<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let named =
        NewMessage { client_id: Some("c1".to_owned()), ..stage.draft(room.channel, room.ada, "root") };
    let root = stage.post(named).await.message;
    let reply = stage.reply(&root, room.bob, "reply").await;
    let edited = stage.now();
    store.edit(reply.id, &super::changes::edit("better reply", edited)).await.unwrap();
    let (liked, pinned) = (stage.now(), stage.now());
    store.react(root.id, room.bob, "\u{1f44d}", liked).await.unwrap();
    store.set_pinned(root.id, room.ada, true, pinned).await.unwrap();
    let last = stage.say(room.channel, room.bob, "last").await;

    let all = store.export_messages(room.channel, None, 10).await.unwrap();
    assert_eq!(all.iter().map(|one| one.message.id).collect::<Vec<_>>(), [root.id, reply.id, last.id]);
    assert_eq!(all[0].message.client_id.as_deref(), Some("c1"));
    assert_eq!(all[0].reactions, [("\u{1f44d}".to_owned(), room.bob, liked)]);
    assert_eq!(all[0].pinned, Some((room.ada, pinned)));
    assert!(!all[0].message.reactions[0].me);
    assert_eq!(all[1].history, [Revision { text: "reply".to_owned(), at: edited }]);
    assert_eq!((all[1].message.text.as_str(), all[1].message.thread_id), ("better reply", Some(root.id)));
    let rest = store.export_messages(room.channel, Some(root.id), 1).await.unwrap();
    assert_eq!(rest, all[1..2]);
    let channels = store.export_channels(None, 10).await.unwrap();
    assert_eq!(channels[0].members, [(room.ada, "member".to_owned()), (room.bob, "member".to_owned())]);
    assert_eq!(store.space_members(room.space, None, page(None, 10)).await.unwrap().len(), 2);
}
