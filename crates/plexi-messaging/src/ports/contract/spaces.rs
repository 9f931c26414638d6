use plexi_core::{Permission, PermissionSet, SpaceId, UserId};

use super::{Stage, Store, page, refused};
use crate::error::StoreError;
use crate::event::EventBody;
use crate::model::{ChannelKind, Space};
use crate::ports::SpaceChange;

pub(super) async fn a_space_is_made_found_and_renamed<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let (ada, bob) = (stage.user("ada").await, stage.user("bob").await);
    let space = stage.new_space("Caf\u{e9} \u{2615}");
    store.create_space(&space, ada).await.unwrap();
    let mine = Space { role: Some("admin".to_owned()), ..space.clone() };
    assert_eq!(store.space(space.id, ada).await.unwrap(), Some(mine.clone()));
    assert_eq!(store.space(space.id, bob).await.unwrap(), Some(space.clone()));
    assert_eq!(store.space(stage.id(), ada).await.unwrap(), None);
    refused!(
        store.create_space(&stage.new_space("CAF\u{c9} \u{2615}"), ada).await,
        StoreError::Conflict("name")
    );

    for (name, there) in [("cAF\u{c9} \u{2615}", true), ("Caf\u{e9}", false), ("", false)] {
        assert_eq!(store.has_space_named(name).await.unwrap(), there, "{name}");
    }

    let other = stage.space("Attic", ada).await;
    let names = |spaces: Vec<Space>| spaces.into_iter().map(|space| space.name).collect::<Vec<_>>();
    let all = || page(None, 200);
    assert_eq!(names(store.spaces_of(ada, all()).await.unwrap()), ["Attic", "Caf\u{e9} \u{2615}"]);
    assert_eq!(names(store.spaces_of(bob, all()).await.unwrap()), Vec::<String>::new());
    assert_eq!(names(store.spaces(bob, all()).await.unwrap()), ["Attic", "Caf\u{e9} \u{2615}"]);
    let (first, last) = (other.to_string(), space.id.to_string());
    assert_eq!(names(store.spaces(bob, page(None, 1)).await.unwrap()), ["Attic"]);
    for after in [&*first, &*last, "no id"] {
        let rest: &[&str] = if after == first { &["Caf\u{e9} \u{2615}"] } else { &[] };
        assert_eq!(names(store.spaces(bob, page(Some(after.to_owned()), 9)).await.unwrap()), rest, "{after}");
        assert_eq!(
            names(store.spaces_of(ada, page(Some(after.to_owned()), 9)).await.unwrap()),
            rest,
            "{after}"
        );
    }

    store.update_space(other, &renamed("Loft")).await.unwrap();
    let archive = SpaceChange { archived: Some(true), ..SpaceChange::default() };
    store.update_space(other, &archive).await.unwrap();
    let changed = store.space(other, ada).await.unwrap().unwrap();
    assert_eq!((changed.name.as_str(), changed.archived), ("Loft", true));
    assert!(store.space_access(other, ada).await.unwrap().unwrap().archived);
    refused!(store.update_space(other, &renamed("caf\u{e9} \u{2615}")).await, StoreError::Conflict("name"));
    refused!(store.update_space(stage.id(), &renamed("x")).await, StoreError::Missing("space"));
}

fn renamed(name: &str) -> SpaceChange {
    SpaceChange { name: Some(name.to_owned()), ..SpaceChange::default() }
}

pub(super) async fn a_change_of_a_space_that_is_not_as_expected_is_refused<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let ada = stage.user("ada").await;
    let id = stage.space("Attic", ada).await;
    let seen = store.space(id, ada).await.unwrap().unwrap();
    let rename = |name: &str| SpaceChange { expected: Some(seen.clone()), ..renamed(name) };
    store.update_space(id, &rename("Loft")).await.unwrap();
    refused!(store.update_space(id, &rename("Roof")).await, StoreError::Conflict("changed"));
    assert_eq!(store.space(id, ada).await.unwrap().unwrap().name, "Loft");
    let archive =
        SpaceChange { archived: Some(true), expected: Some(seen.clone()), ..SpaceChange::default() };
    refused!(store.update_space(id, &archive).await, StoreError::Conflict("changed"));
    let expected = Some(Space { name: "Loft".to_owned(), role: None, ..seen.clone() });
    store.update_space(id, &SpaceChange { expected, ..archive }).await.unwrap();
    let expected = Some(Space { name: "Loft".to_owned(), ..seen.clone() });
    let stale = store.update_space(id, &SpaceChange { expected, ..renamed("Roof") }).await;
    refused!(stale, StoreError::Conflict("changed"));
}

pub(super) async fn members_come_change_and_go<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let eve = stage.user("eve").await;
    let joined = stage.now();
    let entry = store.set_space_member(room.space, eve, "guest", joined).await.unwrap();
    assert_eq!((entry.user_id, entry.role.as_str(), entry.joined_at), (eve, "guest", joined));
    assert_eq!(
        store.space_access(room.space, eve).await.unwrap().unwrap().granted,
        Some(PermissionSet::EMPTY)
    );
    let again = store.set_space_member(room.space, eve, "member", stage.now()).await.unwrap();
    assert_eq!(
        (again.role.as_str(), again.joined_at),
        ("member", joined),
        "a change of role is no new joining"
    );
    let access = store.space_access(room.space, eve).await.unwrap().unwrap();
    assert!(access.granted.unwrap().has(Permission::ChannelRead) && !access.archived);

    let members = store.space_members(room.space, None, page(None, 50)).await.unwrap();
    let ids: Vec<UserId> = members.iter().map(|member| member.user_id).collect();
    assert_eq!(ids, [room.ada, room.bob, eve], "in order of id");
    let second = store.space_members(room.space, None, page(Some(ids[0].to_string()), 1)).await.unwrap();
    assert_eq!(second, members[1..2]);
    let named = store.space_members(room.space, Some("the e"), page(None, 50)).await.unwrap();
    assert_eq!(named, members[2..]);
    let named = store.space_members(room.space, Some("ev"), page(None, 50)).await.unwrap();
    assert_eq!(named, members[2..]);

    store.remove_space_member(room.space, eve, stage.now()).await.unwrap();
    assert_eq!(store.space_access(room.space, eve).await.unwrap().unwrap().granted, None);
    let nowhere: SpaceId = stage.id();
    assert_eq!(store.space_access(nowhere, eve).await.unwrap(), None);
    let at = stage.now();
    refused!(store.set_space_member(room.space, eve, "emperor", at).await, StoreError::Missing("role"));
    refused!(store.set_space_member(room.space, stage.id(), "member", at).await, StoreError::Missing("user"));
}

pub(super) async fn leaving_a_space_leaves_its_channels<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let room = stage.room().await;
    let secret = stage.new_channel(room.space, "secret", ChannelKind::Private, &[room.ada, room.bob]);
    let secret = store.create_channel(&secret).await.unwrap();
    let elsewhere = stage.space("Elsewhere", room.ada).await;
    let other = stage.channel(elsewhere, "general", &[room.ada, room.bob]).await;

    let removals = store.remove_space_member(room.space, room.bob, stage.now()).await.unwrap();
    let events: Vec<_> = removals.into_iter().map(|removal| removal.event).collect();
    let mut left: Vec<_> = events.iter().map(|event| (event.channel_id, event.seq)).collect();
    left.sort_unstable();
    let mut expected = vec![(room.channel, 1), (secret, 1)];
    expected.sort_unstable();
    assert_eq!(left, expected);
    assert!(events.iter().all(|event| event.event == EventBody::MemberLeft { user_id: room.bob }));
    let heads = store.heads_of(room.bob).await.unwrap();
    assert_eq!(heads, [(other, 0)]);
    assert_eq!(store.channel(secret, room.ada).await.unwrap().unwrap().member_count, 1);
}

pub(super) async fn names_are_resolved<S: Store>(stage: &Stage<S>) {
    let store = &stage.store;
    let (ada, bob) = (stage.user("ada").await, stage.user("bob").await);
    let names = ["bob", "nobody", "ada", "ADA"].map(str::to_owned);
    let mut found = store.resolve(&names).await.unwrap();
    found.sort_unstable();
    assert_eq!(found, [("ada".to_owned(), ada), ("bob".to_owned(), bob)]);
    assert_eq!(store.resolve(&[]).await.unwrap(), []);
    let mut existing = store.existing(&[bob, stage.id(), ada]).await.unwrap();
    existing.sort_unstable();
    assert_eq!(existing, [ada, bob]);
}
