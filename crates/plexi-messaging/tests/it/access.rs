use plexi_core::{Actor, Coded, ErrorCode, Permission, PermissionSet, RoleScope};
use plexi_messaging::model::ChannelKind;
use plexi_messaging::ports::{ChannelChange, ChannelFilter, Slice};
use plexi_messaging::{ChannelDraft, MessagingError};

use crate::world::{World, archive_space, draft, rename_space, waiting};

/// What each person's try comes to, as HTTP statuses: ada administers everything and made the channel, bob is in it, carl
/// is in the space, eve in neither.
async fn table(kind: ChannelKind) -> Vec<(&'static str, [u16; 4])> {
    let operations = [
        "see",
        "read",
        "post",
        "react",
        "pin",
        "delete another's",
        "edit another's",
        "rename",
        "members",
        "add",
        "mark read",
        "join",
    ];
    let mut rows = Vec::new();
    for operation in operations {
        let mut row = [0; 4];
        for (place, name) in ["ada", "bob", "carl", "eve"].into_iter().enumerate() {
            // A world of its own for each try: what one does changes nothing for the next.
            let world = World::new().await;
            let channel = world.channel("room", kind, &["bob"]).await;
            let message = world.post("ada", channel.id, "hello").await;
            let bobs = world.post("bob", channel.id, "mine").await;
            let (actor, messaging) = (world.actor(name), &world.messaging);
            let outcome: Result<(), MessagingError> = match operation {
                "see" => messaging.channel(&actor, channel.id).await.map(drop),
                "read" => messaging.window(&actor, channel.id, Slice::Latest, 10).await.map(drop),
                "post" => messaging.post(&actor, draft(channel.id, "x")).await.map(drop),
                "react" => messaging.react(&actor, message.id, "x").await,
                "pin" => messaging.pin(&actor, message.id).await,
                "delete another's" => {
                    let others = if name == "bob" { message.id } else { bobs.id };
                    messaging.delete(&actor, others).await
                }
                "edit another's" => {
                    let others = if name == "bob" { message.id } else { bobs.id };
                    messaging.edit(&actor, others, "x", None).await.map(drop)
                }
                "rename" => {
                    let change = ChannelChange { name: Some("other".to_owned()), ..ChannelChange::default() };
                    messaging.update_channel(&actor, channel.id, change).await.map(drop)
                }
                "members" => messaging.channel_members(&actor, channel.id, None, None, 10).await.map(drop),
                "add" => {
                    messaging.set_channel_member(&actor, channel.id, world.id("carl"), None).await.map(drop)
                }
                "mark read" => messaging.mark_read(&actor, channel.id, 1, false).await.map(drop),
                _ => messaging.join(&actor, channel.id).await.map(drop),
            };
            row[place] = outcome.map_or_else(|error| error.code().status(), |()| 200);
        }
        rows.push((operation, row));
    }
    rows
}

#[tokio::test]
async fn who_may_do_what_in_a_public_channel() {
    let expected = [
        //                     ada  bob  carl eve
        ("see", [200, 200, 200, 404]),
        ("read", [200, 200, 200, 404]),
        ("post", [200, 200, 403, 404]),
        ("react", [200, 200, 403, 404]),
        ("pin", [200, 200, 403, 404]),
        ("delete another's", [200, 403, 403, 404]),
        ("edit another's", [403, 403, 403, 404]),
        ("rename", [200, 403, 403, 404]),
        ("members", [200, 200, 200, 404]),
        ("add", [200, 403, 403, 404]),
        ("mark read", [200, 200, 422, 404]),
        ("join", [200, 200, 200, 404]),
    ];
    assert_eq!(table(ChannelKind::Public).await, expected);
}

#[tokio::test]
async fn a_private_channel_does_not_exist_for_others() {
    for (operation, [ada, bob, carl, eve]) in table(ChannelKind::Private).await {
        assert_eq!((carl, eve), (404, 404), "{operation}");
        assert!(ada < 404 && bob < 404, "{operation}");
    }
}

#[tokio::test]
async fn an_administrator_is_not_in_other_peoples_conversations() {
    let world = World::new().await;
    let direct = world.messaging.open_direct(&world.actor("bob"), vec![world.id("carl")]).await.unwrap();
    assert!(world.messaging.channel(&world.actor("ada"), direct.id).await.is_err());
    let draft = ChannelDraft { name: "secret".to_owned(), kind: ChannelKind::Private, topic: String::new() };
    let secret = world.messaging.create_channel(&world.actor("bob"), world.space_id(), draft).await.unwrap();
    let seen = world.messaging.window(&world.actor("ada"), secret.id, Slice::Latest, 1).await;
    assert_eq!(seen.unwrap_err().code().status(), 404);
}

#[tokio::test]
async fn nobody_gives_power_they_lack() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let inviter =
        [Permission::ChannelRead, Permission::ChannelMembersManage].into_iter().collect::<PermissionSet>();
    world.store.add_role(RoleScope::Channel, "inviter", inviter);
    let (ada, bob) = (world.actor("ada"), world.actor("bob"));
    world.messaging.set_channel_member(&ada, channel.id, bob.user, Some("inviter")).await.unwrap();
    let carl = world.id("carl");
    world.messaging.set_channel_member(&bob, channel.id, carl, Some("member")).await.unwrap();
    let refused = world.messaging.set_channel_member(&bob, channel.id, carl, Some("admin")).await;
    assert_eq!(refused.unwrap_err().code().status(), 403);
    let unknown = world.messaging.set_channel_member(&bob, channel.id, carl, Some("king")).await;
    assert_eq!(unknown.unwrap_err().fields()[0].field, "role");
}

#[tokio::test]
async fn a_change_of_membership_counts_at_once() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Private, &["bob"]).await;
    world.post("bob", channel.id, "in").await;
    world.messaging.remove_channel_member(&world.actor("ada"), channel.id, world.id("bob")).await.unwrap();
    assert_eq!(world.try_post("bob", channel.id, "out").await.unwrap_err().code().status(), 404);
    world.messaging.set_channel_member(&world.actor("ada"), channel.id, world.id("bob"), None).await.unwrap();
    world.post("bob", channel.id, "in again").await;
    world
        .messaging
        .remove_space_member(&world.actor("ada"), world.space_id(), world.id("bob"))
        .await
        .unwrap();
    assert_eq!(world.try_post("bob", channel.id, "out").await.unwrap_err().code().status(), 404);
}

#[tokio::test]
async fn mentioning_everybody_needs_the_permission() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    world
        .messaging
        .set_channel_member(&world.actor("ada"), channel.id, world.id("bob"), Some("guest"))
        .await
        .unwrap();
    assert_eq!(world.try_post("bob", channel.id, "hi @here").await.unwrap_err().code().status(), 403);
    world.post("bob", channel.id, "hi `@here`").await;
    assert!(world.post("ada", channel.id, "hi @channel").await.mentions_all);
}

#[tokio::test]
async fn an_archived_channel_can_be_read_and_restored_and_not_changed() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let message = world.post("bob", channel.id, "before").await;
    let (ada, bob) = (world.actor("ada"), world.actor("bob"));
    let archive = |archived| ChannelChange { archived: Some(archived), ..ChannelChange::default() };
    world.messaging.update_channel(&ada, channel.id, archive(true)).await.unwrap();
    assert!(matches!(world.try_post("bob", channel.id, "x").await, Err(MessagingError::Archived)));
    assert!(matches!(world.messaging.edit(&bob, message.id, "x", None).await, Err(MessagingError::Archived)));
    assert!(matches!(world.messaging.delete(&bob, message.id).await, Err(MessagingError::Archived)));
    assert!(matches!(world.messaging.react(&bob, message.id, "x").await, Err(MessagingError::Archived)));
    let rename = ChannelChange { name: Some("new".to_owned()), ..ChannelChange::default() };
    assert!(matches!(
        world.messaging.update_channel(&ada, channel.id, rename).await,
        Err(MessagingError::Archived)
    ));
    world.messaging.window(&bob, channel.id, Slice::Latest, 1).await.unwrap();
    world.messaging.update_channel(&ada, channel.id, archive(false)).await.unwrap();
    world.post("bob", channel.id, "after").await;
}

#[tokio::test]
async fn in_an_archived_space_nothing_can_be_changed_and_each_refusal_says_why() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let (ada, bob) = (world.actor("ada"), world.actor("bob"));
    let before = world.messaging.channel(&bob, channel.id).await.unwrap().permissions;
    world.messaging.update_space(&ada, world.space_id(), archive_space(true)).await.unwrap();
    let restore = ChannelChange { archived: Some(false), ..ChannelChange::default() };
    let draft = ChannelDraft { name: "other".to_owned(), kind: ChannelKind::Public, topic: String::new() };
    let refusals = [
        world.try_post("bob", channel.id, "x").await.map(drop),
        world.messaging.update_channel(&ada, channel.id, restore).await.map(drop),
        world.messaging.create_channel(&ada, world.space_id(), draft).await.map(drop),
        world.messaging.join(&world.actor("carl"), channel.id).await.map(drop),
        world.messaging.update_space(&ada, world.space_id(), rename_space("New")).await.map(drop),
        world.messaging.set_space_member(&ada, world.space_id(), world.id("eve"), "member").await.map(drop),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().code(), ErrorCode::ValidationSpaceArchived);
    }
    for name in ["ada", "bob"] {
        let shown = world.messaging.channel(&world.actor(name), channel.id).await.unwrap();
        assert!(
            shown.permissions.has(Permission::ChannelRead) && !shown.permissions.has(Permission::MessagePost)
        );
        assert_eq!(world.messaging.my_channels(&world.actor(name)).await.unwrap(), [shown]);
    }
    world.messaging.update_space(&ada, world.space_id(), archive_space(false)).await.unwrap();
    assert_eq!(world.messaging.channel(&bob, channel.id).await.unwrap().permissions, before);
    world.post("bob", channel.id, "again").await;
}

#[tokio::test]
async fn who_leaves_a_private_channel_last_of_its_administrators_hands_over() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Private, &["bob", "carl"]).await;
    let bob = world.connect("bob").await;
    world.messaging.leave(&world.actor("ada"), channel.id).await.unwrap();
    let frames = waiting(&bob);
    let shown = frames.iter().rfind(|frame| frame["type"] == "channel").unwrap();
    assert_eq!(shown["channel"]["membership"]["role"], "admin", "the heir sees it at once");
    let renamed = ChannelChange { name: Some("ours".to_owned()), ..ChannelChange::default() };
    world.messaging.update_channel(&world.actor("bob"), channel.id, renamed).await.unwrap();
    world.messaging.leave(&world.actor("carl"), channel.id).await.unwrap();
    let last = world.messaging.leave(&world.actor("bob"), channel.id).await.unwrap_err();
    assert_eq!(last.code(), ErrorCode::ValidationLastMember);

    // The operator at the data folder sees and mends every channel.
    let operator = Actor::system();
    let found =
        world.messaging.space_channels(&operator, world.space_id(), ChannelFilter::default(), None, 10);
    assert_eq!(found.await.unwrap().items[0].name, "ours");
    world.messaging.set_channel_member(&operator, channel.id, world.id("carl"), Some("admin")).await.unwrap();
    world.messaging.leave(&world.actor("bob"), channel.id).await.unwrap();
}

#[tokio::test]
async fn a_refusal_says_what_would_help() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    let message = world.post("ada", channel.id, "hello").await;
    let (bob, carl) = (world.actor("bob"), world.actor("carl"));
    let outside = world.try_post("carl", channel.id, "x").await.unwrap_err();
    assert_eq!(outside.code(), ErrorCode::AuthNotMember);
    assert_eq!(
        world.messaging.react(&carl, message.id, "x").await.unwrap_err().code(),
        ErrorCode::AuthNotMember
    );
    let others = world.messaging.edit(&bob, message.id, "x", None).await.unwrap_err();
    assert_eq!(others.code(), ErrorCode::AuthNotAuthor);
    let power = world.messaging.delete(&bob, message.id).await.unwrap_err();
    assert_eq!(power.code(), ErrorCode::AuthForbidden, "here a role would help");
}

#[tokio::test]
async fn permissions_shown_in_lists_are_those_that_count() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Public, &["bob"]).await;
    for name in ["ada", "bob"] {
        let actor = world.actor(name);
        let listed = world.messaging.my_channels(&actor).await.unwrap();
        let single = world.messaging.channel(&actor, channel.id).await.unwrap();
        assert_eq!(listed, [single]);
    }
    let carl = world.actor("carl");
    let found = world
        .messaging
        .space_channels(&carl, world.space_id(), ChannelFilter::default(), None, 10)
        .await
        .unwrap();
    assert!(found.items[0].permissions.has(Permission::ChannelJoin));
    assert!(!found.items[0].permissions.has(Permission::MessagePost));
}

#[tokio::test]
async fn who_does_not_see_everybody_names_members_of_the_channel_only() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Private, &["bob"]).await;
    let all = [world.id("ada"), world.id("carl"), world.id("eve")];
    let said = world.post("bob", channel.id, "@ada @carl @eve @nobodyxx").await;
    assert_eq!(said.mentions, all[..1], "whoever else has an account is not told");
    let edited = world.messaging.edit(&world.actor("bob"), said.id, "@carl @eve", None).await.unwrap();
    assert_eq!(edited.mentions, []);
    assert_eq!(world.post("ada", channel.id, "@ada @carl @eve").await.mentions, all, "who sees everybody");
}

#[tokio::test]
async fn who_is_added_again_without_a_role_keeps_the_role() {
    let world = World::new().await;
    let channel = world.channel("room", ChannelKind::Private, &["bob"]).await;
    let (ada, bob) = (world.actor("ada"), world.id("bob"));
    let set =
        async |role| world.messaging.set_channel_member(&ada, channel.id, bob, role).await.unwrap().role;
    assert_eq!(set(Some("admin")).await, "admin");
    assert_eq!(set(None).await, "admin");
    let mine = world.messaging.channel(&world.actor("bob"), channel.id).await.unwrap().membership.unwrap();
    assert_eq!(mine.role, "admin");
    assert_eq!(set(Some("member")).await, "member");
}
