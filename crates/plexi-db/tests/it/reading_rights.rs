//! What a role grants decides what its holders find and hear, at once.

use plexi_auth::ports::{AccountChange, AccountStore, RoleStore};
use plexi_core::{Permission, PermissionSet, RoleId, RoleScope, Timestamp};
use plexi_db::Database;
use plexi_messaging::ports::{ChannelStore, SearchPlan, SearchStore, SpaceStore};

use crate::engines::{engines, ids};
use crate::rooms::Room;

/// How many heads, named channels and messages ada is given.
async fn given(database: &Database, room: &Room) -> (usize, usize, usize) {
    let heads = database.heads_of(room.ada).await.unwrap().len();
    let named = database.channels_named("general", room.ada).await.unwrap().len();
    (heads, named, database.find(&SearchPlan::default(), room.ada, None, 10).await.unwrap().len())
}

engines!(a_member_finds_and_hears_what_the_roles_let_read, |place| {
    let database = place.open().await;
    let room = Room::new(&database).await;
    room.say(&database, "found by those who may read").await;
    let id: RoleId = ids().next().unwrap();
    let reading = PermissionSet::EMPTY.with(Permission::ChannelRead);
    let role = plexi_auth::model::Role {
        id,
        name: "listed".to_owned(),
        scope: RoleScope::Channel,
        permissions: reading,
        built_in: false,
    };
    database.create_role(&role).await.unwrap();
    let at = Timestamp::from_seconds(1_900_000_000);
    let space = database.channel(room.channel, room.ada).await.unwrap().unwrap().space_id.unwrap();
    database.set_channel_member(room.channel, room.ada, "listed", at).await.unwrap();
    database.set_space_member(space, room.ada, "guest", at).await.unwrap();
    assert_eq!(given(&database, &room).await, (1, 1, 1), "the channel role reads");

    database.update_role(id, None, Some(PermissionSet::EMPTY)).await.unwrap();
    assert_eq!(given(&database, &room).await, (0, 0, 0), "neither role reads");

    database.set_space_member(space, room.ada, "member", at).await.unwrap();
    assert_eq!(given(&database, &room).await, (1, 1, 1), "the space role reads");

    database.set_space_member(space, room.ada, "guest", at).await.unwrap();
    database.update_role(id, None, Some(reading)).await.unwrap();
    assert_eq!(given(&database, &room).await, (1, 1, 1), "the channel role reads again");

    database.update_role(id, None, Some(PermissionSet::EMPTY)).await.unwrap();
    let auditor = plexi_auth::model::Role {
        id: ids().next().unwrap(),
        name: "auditor".to_owned(),
        scope: RoleScope::System,
        permissions: reading,
        built_in: false,
    };
    database.create_role(&auditor).await.unwrap();
    let become_role = async |role: &str| {
        let change = AccountChange { role: Some(role.to_owned()), ..AccountChange::default() };
        database.update_account(room.ada, &change).await.unwrap();
    };
    assert_eq!(given(&database, &room).await, (0, 0, 0), "no role reads");
    become_role("auditor").await;
    assert_eq!(given(&database, &room).await, (1, 1, 1), "the system role reads");
    let access = database.channel_access(room.channel, room.ada).await.unwrap().unwrap();
    assert!(access.system_reads);
    let gone = database.remove_channel_member(room.channel, room.ada, at).await.unwrap();
    assert!(gone.is_some());
    assert_eq!(given(&database, &room).await, (0, 0, 0), "but only what one is in");
    become_role("guest").await;
    let access = database.channel_access(room.channel, room.ada).await.unwrap().unwrap();
    assert!(!access.system_reads);
    database.close().await;
});
