use plexi_core::Permission;
use uuid::Uuid;

use super::{Stage, Store, page, refused};
use crate::error::StoreError;
use crate::event::{ChannelFacts, EventBody};
use crate::model::{Channel, ChannelKind};
use crate::ports::{ChannelChange, ChannelFilter, ImportTerms, ImportedUser, SpaceChange};

pub(super) async fn a_channel_is_seen_with_its_membership<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let seen = store.channel(room.channel, room.ada).await.unwrap().unwrap();
    assert_eq!((seen.id, seen.space_id, seen.kind), (room.channel, Some(room.space), ChannelKind::Public));
    assert_eq!(
        (seen.name.as_str(), seen.last_seq, seen.last_message_at, seen.member_count),
        ("general", 0, None, 2)
    );
    assert!(seen.user_ids.is_empty() && !seen.archived);
    let mine = seen.membership.unwrap();
    assert_eq!((mine.role.as_str(), mine.last_read_seq, mine.unread, mine.mentions), ("member", 0, 0, 0));
    assert!(!mine.muted && !mine.favourite && mine.joined_at == seen.created_at);

    let eve = stage.user("eve").await;
    assert_eq!(store.channel(room.channel, eve).await.unwrap().unwrap().membership, None);
    assert!(store.channel(stage.id(), room.ada).await.unwrap().is_none());

    store.set_channel_settings(room.channel, room.ada, Some(true), None).await.unwrap();
    store.set_channel_settings(room.channel, room.ada, None, Some(true)).await.unwrap();
    let mine = store.channel(room.channel, room.ada).await.unwrap().unwrap().membership.unwrap();
    assert!(mine.muted && mine.favourite);
    let his = store.channel(room.channel, room.bob).await.unwrap().unwrap().membership.unwrap();
    assert!(!his.muted && !his.favourite);
    refused!(
        store.set_channel_settings(room.channel, eve, Some(true), None).await,
        StoreError::Missing("member")
    );
}

pub(super) async fn names_are_unique_in_a_space<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let same = stage.new_channel(room.space, "general", ChannelKind::Private, &[room.ada]);
    refused!(store.create_channel(&same).await, StoreError::Conflict("name"));
    let elsewhere = stage.space("Elsewhere", room.ada).await;
    stage.channel(elsewhere, "general", &[room.ada]).await;
    let other = stage.channel(room.space, "random", &[room.ada]).await;
    let change = ChannelChange { name: Some("general".to_owned()), ..ChannelChange::default() };
    refused!(store.update_channel(other, &change, stage.now()).await, StoreError::Conflict("name"));
    assert_eq!(store.channel(other, room.ada).await.unwrap().unwrap().last_seq, 0);

    let mut stranger = stage.new_channel(room.space, "more", ChannelKind::Public, &[stage.id()]);
    refused!(store.create_channel(&stranger).await, StoreError::Missing("user"));
    stranger.members = vec![(room.ada, "emperor".to_owned())];
    refused!(store.create_channel(&stranger).await, StoreError::Missing("role"));
    assert!(store.channel(stranger.id, room.ada).await.unwrap().is_none());
}

pub(super) async fn a_direct_conversation_exists_once<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let eve = stage.user("eve").await;
    let first = stage.new_direct(&[room.ada, room.bob]);
    assert_eq!(store.create_channel(&first).await.unwrap(), first.id);
    let again = stage.new_direct(&[room.bob, room.ada]);
    assert_eq!(store.create_channel(&again).await.unwrap(), first.id);
    let group = stage.new_direct(&[room.bob, room.ada, eve]);
    assert_eq!(store.create_channel(&group).await.unwrap(), group.id);

    let seen = store.channel(first.id, room.ada).await.unwrap().unwrap();
    assert_eq!((seen.kind, seen.space_id, seen.name.as_str()), (ChannelKind::Direct, None, ""));
    assert_eq!(seen.user_ids, [room.ada, room.bob]);
    let mut mine = store.channels_of(room.ada).await.unwrap();
    mine.sort_by_key(|channel| channel.id);
    let people: Vec<_> = mine.iter().map(|channel| (channel.id, channel.user_ids.clone())).collect();
    let everybody = vec![room.ada, room.bob, eve];
    assert_eq!(people, [(room.channel, vec![]), (first.id, vec![room.ada, room.bob]), (group.id, everybody)]);
}

pub(super) async fn a_space_lists_its_channels<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    for (name, kind) in
        [("zoo", ChannelKind::Public), ("caf\u{e9}", ChannelKind::Public), ("secret", ChannelKind::Private)]
    {
        let channel = stage.new_channel(room.space, name, kind, &[room.ada]);
        store.create_channel(&channel).await.unwrap();
    }
    let old = stage.channel(room.space, "attic", &[room.ada]).await;
    let change = ChannelChange { archived: Some(true), ..ChannelChange::default() };
    store.update_channel(old, &change, stage.now()).await.unwrap();

    let names = |channels: Vec<Channel>| channels.into_iter().map(|channel| channel.name).collect::<Vec<_>>();
    let list = async |viewer, filter: ChannelFilter, after: Option<&str>, limit| {
        names(
            store
                .space_channels(room.space, viewer, &filter, page(after.map(str::to_owned), limit))
                .await
                .unwrap(),
        )
    };
    let open = || ChannelFilter { public: true, ..ChannelFilter::default() };
    assert_eq!(list(room.bob, open(), None, 50).await, ["caf\u{e9}", "general", "zoo"]);
    assert_eq!(list(room.ada, open(), None, 50).await, ["caf\u{e9}", "general", "secret", "zoo"]);
    assert_eq!(list(room.ada, open(), Some("general"), 1).await, ["secret"]);
    assert_eq!(list(room.bob, ChannelFilter { archived: true, ..open() }, None, 1).await, ["attic"]);
    assert_eq!(
        list(room.bob, ChannelFilter { joined: Some(false), ..open() }, None, 50).await,
        ["caf\u{e9}", "zoo"]
    );
    assert_eq!(list(room.bob, ChannelFilter { joined: Some(true), ..open() }, None, 50).await, ["general"]);
    assert_eq!(
        list(room.bob, ChannelFilter::default(), None, 50).await,
        ["general"],
        "a guest sees only the own"
    );
    let part = |text: &str| ChannelFilter { query: Some(crate::search::fold::fold(text)), ..open() };
    assert_eq!(list(room.bob, part("Caf\u{e9}"), None, 50).await, ["caf\u{e9}"]);
    assert_eq!(list(room.bob, part("ener"), None, 50).await, ["general"]);
    assert_eq!(list(room.bob, part("%"), None, 50).await, Vec::<String>::new(), "no wildcards");

    let mine = names(store.channels_of(room.ada).await.unwrap());
    assert!(mine.contains(&"secret".to_owned()) && !mine.contains(&"attic".to_owned()), "{mine:?}");
}

pub(super) async fn access_tells_what_roles_grant<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let eve = stage.user("eve").await;
    let access = store.channel_access(room.channel, room.bob).await.unwrap().unwrap();
    assert_eq!(
        (access.channel_id, access.space_id, access.kind),
        (room.channel, Some(room.space), ChannelKind::Public)
    );
    assert!(!access.archived && access.space.unwrap().has(Permission::ChannelRead));
    assert!(access.member.unwrap().has(Permission::MessagePost));
    let access = store.channel_access(room.channel, eve).await.unwrap().unwrap();
    assert_eq!((access.space, access.member), (None, None));
    let direct = stage.new_direct(&[room.ada, room.bob]);
    store.create_channel(&direct).await.unwrap();
    let access = store.channel_access(direct.id, room.ada).await.unwrap().unwrap();
    assert!(access.space.is_none() && access.member.is_some() && access.kind == ChannelKind::Direct);
    let archive = SpaceChange { archived: Some(true), ..SpaceChange::default() };
    store.update_space(room.space, &archive).await.unwrap();
    assert!(store.channel_access(room.channel, eve).await.unwrap().unwrap().space_archived, "its space is");
    assert!(store.channel_access(stage.id(), eve).await.unwrap().is_none());
}

pub(super) async fn a_private_channel_is_never_without_an_administrator<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let eve = stage.user("eve").await;
    let mut secret = stage.new_channel(room.space, "secret", ChannelKind::Private, &[]);
    secret.members = vec![(room.ada, "admin".to_owned())];
    let secret = store.create_channel(&secret).await.unwrap();
    for user in [room.bob, eve] {
        store.set_channel_member(secret, user, "member", stage.now()).await.unwrap();
    }
    let role = async |user| store.channel(secret, user).await.unwrap().unwrap().membership.unwrap().role;
    refused!(
        store.set_channel_member(secret, room.ada, "member", stage.now()).await,
        StoreError::Conflict("administrator")
    );
    assert_eq!(role(room.ada).await, "admin");

    let left = store.remove_channel_member(secret, room.ada, stage.now()).await.unwrap().unwrap();
    assert_eq!(left.event.event, EventBody::MemberLeft { user_id: room.ada });
    assert_eq!(left.heir, Some(room.bob), "who has been there longest");
    assert_eq!((role(room.bob).await.as_str(), role(eve).await.as_str()), ("admin", "member"));
    let left = store.remove_channel_member(secret, eve, stage.now()).await.unwrap().unwrap();
    assert_eq!(left.heir, None, "there is one");
    refused!(
        store.remove_channel_member(secret, room.bob, stage.now()).await,
        StoreError::Conflict("last_member")
    );
    let archived = ChannelChange { archived: Some(true), ..ChannelChange::default() };
    store.update_channel(secret, &archived, stage.now()).await.unwrap();
    assert!(store.remove_channel_member(secret, room.bob, stage.now()).await.unwrap().is_some());

    // Whoever must leave the space, or may not sign in any more, hands over, too.
    let gone = ImportedUser { disabled: true, ..ImportedUser::new(stage.id(), "gone", "Gone", stage.now()) };
    store.import_users(std::slice::from_ref(&gone), ImportTerms::of(Uuid::nil())).await.unwrap();
    for (name, boss) in [("first", room.bob), ("second", gone.id)] {
        let mut made = stage.new_channel(room.space, name, ChannelKind::Private, &[]);
        made.members = vec![(boss, "admin".to_owned()), (room.ada, "member".to_owned())];
        let made = store.create_channel(&made).await.unwrap();
        if boss == room.bob {
            let left = store.remove_space_member(room.space, boss, stage.now()).await.unwrap();
            let heirs: Vec<_> =
                left.iter().filter_map(|left| Some((left.event.channel_id, left.heir?))).collect();
            assert_eq!(heirs, [(made, room.ada)], "public channels need none");
        } else {
            assert_eq!(store.hand_over(boss).await.unwrap(), [(made, room.ada)]);
            assert_eq!(store.hand_over(boss).await.unwrap(), [], "it is done");
        }
    }
}

pub(super) async fn an_operator_lists_private_channels_too<S: Store>(stage: &Stage<S>) {
    let room = stage.room().await;
    let operator = stage.id();
    let secret = stage.new_channel(room.space, "secret", ChannelKind::Private, &[room.ada]);
    stage.store.create_channel(&secret).await.unwrap();
    let names = async |private| {
        let filter = ChannelFilter { public: true, private, ..ChannelFilter::default() };
        let listed = stage.store.space_channels(room.space, operator, &filter, page(None, 10)).await.unwrap();
        listed.into_iter().map(|channel| channel.name).collect::<Vec<_>>()
    };
    assert_eq!(names(false).await, ["general"]);
    assert_eq!(names(true).await, ["general", "secret"]);
}

pub(super) async fn members_join_and_leave_with_events<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let eve = stage.user("eve").await;
    stage.say(room.channel, room.ada, "before").await;
    let at = stage.now();
    let (entry, event) = store.set_channel_member(room.channel, eve, "member", at).await.unwrap();
    let event = event.unwrap();
    assert_eq!((event.seq, event.at, event.event), (2, at, EventBody::MemberJoined { user_id: eve }));
    assert_eq!((entry.user_id, entry.role.as_str(), entry.joined_at), (eve, "member", at));
    let seen = store.channel(room.channel, eve).await.unwrap().unwrap();
    assert_eq!((seen.member_count, seen.last_seq), (3, 2));
    let mine = seen.membership.unwrap();
    assert_eq!((mine.last_read_seq, mine.unread), (2, 0), "what was said before counts as read");

    let (entry, event) = store.set_channel_member(room.channel, eve, "admin", stage.now()).await.unwrap();
    assert_eq!((entry.role.as_str(), entry.joined_at, event), ("admin", at, None));

    let left = store.remove_channel_member(room.channel, eve, stage.now()).await.unwrap().unwrap().event;
    assert_eq!((left.seq, left.event), (3, EventBody::MemberLeft { user_id: eve }));
    assert_eq!(store.remove_channel_member(room.channel, eve, stage.now()).await.unwrap(), None);
    let seen = store.channel(room.channel, eve).await.unwrap().unwrap();
    assert_eq!((seen.member_count, seen.membership), (2, None));

    let at = stage.now();
    refused!(store.set_channel_member(room.channel, eve, "emperor", at).await, StoreError::Missing("role"));
    refused!(
        store.set_channel_member(room.channel, stage.id(), "member", at).await,
        StoreError::Missing("user")
    );
    refused!(store.set_channel_member(stage.id(), eve, "member", at).await, StoreError::Missing("channel"));
    assert_eq!(store.channel(room.channel, eve).await.unwrap().unwrap().last_seq, 3, "nothing was written");
}

pub(super) async fn a_change_of_a_channel_is_an_event<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let change = ChannelChange {
        name: Some("lobby".to_owned()),
        topic: Some("\u{1f44b} hi".to_owned()),
        ..ChannelChange::default()
    };
    let event = store.update_channel(room.channel, &change, stage.now()).await.unwrap().unwrap();
    assert_eq!(
        store.update_channel(room.channel, &change, stage.now()).await.unwrap(),
        None,
        "all is so already"
    );
    let facts = ChannelFacts {
        id: room.channel,
        name: "lobby".to_owned(),
        topic: "\u{1f44b} hi".to_owned(),
        archived: false,
    };
    assert_eq!((event.seq, &event.event), (1, &EventBody::ChannelUpdated { channel: facts.clone() }));
    let change = ChannelChange { archived: Some(true), ..ChannelChange::default() };
    let event = store.update_channel(room.channel, &change, stage.now()).await.unwrap().unwrap();
    assert_eq!(event.event, EventBody::ChannelUpdated { channel: ChannelFacts { archived: true, ..facts } });
    let seen = store.channel(room.channel, room.ada).await.unwrap().unwrap();
    assert_eq!((seen.name.as_str(), seen.archived, seen.last_seq), ("lobby", true, 2));
    refused!(store.update_channel(stage.id(), &change, stage.now()).await, StoreError::Missing("channel"));
}

pub(super) async fn a_change_of_a_channel_that_went_on_is_refused<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let change = |topic: &str, expected| ChannelChange {
        topic: Some(topic.to_owned()),
        expected,
        ..ChannelChange::default()
    };
    store.update_channel(room.channel, &change("one", Some(0)), stage.now()).await.unwrap().unwrap();
    let stale = store.update_channel(room.channel, &change("two", Some(0)), stage.now()).await;
    refused!(stale, StoreError::Conflict("changed"));
    let seen = store.channel(room.channel, room.ada).await.unwrap().unwrap();
    assert_eq!((seen.topic.as_str(), seen.last_seq), ("one", 1));
    stage.say(room.channel, room.ada, "hello").await;
    let stale = store.update_channel(room.channel, &change("two", Some(1)), stage.now()).await;
    refused!(stale, StoreError::Conflict("changed"));
    store.update_channel(room.channel, &change("two", Some(2)), stage.now()).await.unwrap().unwrap();
}

pub(super) async fn members_are_paged_and_filtered<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let all = store.channel_members(room.channel, None, page(None, 50)).await.unwrap();
    assert_eq!(all.iter().map(|member| member.user_id).collect::<Vec<_>>(), [room.ada, room.bob]);
    let after = page(Some(room.ada.to_string()), 50);
    assert_eq!(store.channel_members(room.channel, None, after).await.unwrap(), all[1..]);
    assert_eq!(store.channel_members(room.channel, None, page(None, 1)).await.unwrap(), all[..1]);
    assert_eq!(store.channel_members(room.channel, Some("bo"), page(None, 50)).await.unwrap(), all[1..]);
    assert_eq!(store.channel_members(room.channel, Some("the a"), page(None, 50)).await.unwrap(), all[..1]);
    assert_eq!(store.channel_members(room.channel, Some("x"), page(None, 50)).await.unwrap(), []);
}
