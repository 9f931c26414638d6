use plexi_auth::{AuthError, RoleChange};
use plexi_core::access::Denied;
use plexi_core::{Actor, Permission, PermissionSet, RoleScope};

use crate::world::World;

const GRANTED: PermissionSet =
    PermissionSet::EMPTY.with(Permission::RolesManage).with(Permission::DirectCreate);

/// Somebody who manages roles and may little else.
async fn keeper(world: &World) -> Actor {
    world.auth.create_role(&Actor::system(), "keeper", RoleScope::System, GRANTED).await.unwrap();
    world.add("keeper", "keeper").await;
    world.actor("keeper").await
}

#[tokio::test]
async fn the_built_in_roles_are_there_and_stay_as_they_are() {
    let world = World::new().await;
    let root = world.actor("root").await;
    let roles = world.auth.roles(&root, None).await.unwrap();
    assert_eq!(roles.len(), 10);
    assert_eq!(world.auth.roles(&root, Some(RoleScope::Channel)).await.unwrap().len(), 4);
    for role in roles {
        let refused = world.auth.update_role(&root, role.id, RoleChange::default()).await;
        assert!(matches!(refused, Err(AuthError::Conflict("built_in"))));
        assert!(matches!(world.auth.delete_role(&root, role.id).await, Err(AuthError::Conflict("built_in"))));
    }
}

#[tokio::test]
async fn nobody_makes_or_changes_a_role_into_more_than_they_may() {
    let world = World::new().await;
    let keeper = keeper(&world).await;
    let more = GRANTED.with(Permission::SystemManage);
    let refused = world.auth.create_role(&keeper, "greedy", RoleScope::System, more).await;
    assert!(matches!(refused, Err(AuthError::Denied(Denied::Forbidden(Permission::SystemManage)))));
    let modest = world.auth.create_role(&keeper, "modest", RoleScope::System, GRANTED).await.unwrap();
    let change = RoleChange { permissions: Some(more), ..RoleChange::default() };
    assert!(world.auth.update_role(&keeper, modest.id, change).await.is_err());
    let greater = world.auth.create_role(&Actor::system(), "greater", RoleScope::System, more).await.unwrap();
    let change = RoleChange { permissions: Some(PermissionSet::EMPTY), ..RoleChange::default() };
    assert!(world.auth.update_role(&keeper, greater.id, change).await.is_err(), "nor takes what they lack");
    assert!(world.auth.delete_role(&keeper, greater.id).await.is_err());
}

#[tokio::test]
async fn what_a_role_grants_changes_at_once_for_all_who_have_it() {
    let world = World::new().await;
    let role = world.auth.create_role(&Actor::system(), "helper", RoleScope::System, GRANTED).await.unwrap();
    world.add("ada", "helper").await;
    let (_, cookie) = world.caller("ada").await;
    let change = RoleChange {
        name: Some("aide".to_owned()),
        permissions: Some(GRANTED.with(Permission::SpacesCreate)),
    };
    world.auth.update_role(&Actor::system(), role.id, change).await.unwrap();
    let caller = world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    assert!(caller.actor.system.has(Permission::SpacesCreate));
    assert_eq!(caller.account.role, "aide");
}

#[tokio::test]
async fn roles_have_plain_names_of_their_own_and_go_when_nobody_has_them() {
    let world = World::new().await;
    let system = Actor::system();
    for bad in ["", "Helper", "a b", "ä", &"x".repeat(33)] {
        let refused = world.auth.create_role(&system, bad, RoleScope::Space, PermissionSet::EMPTY).await;
        assert!(matches!(refused, Err(AuthError::Invalid(_))), "{bad}");
    }
    let refused = world.auth.create_role(&system, "member", RoleScope::System, PermissionSet::EMPTY).await;
    assert!(matches!(refused, Err(AuthError::Conflict("name"))));
    let role =
        world.auth.create_role(&system, "helper", RoleScope::System, PermissionSet::EMPTY).await.unwrap();
    world.add("ada", "helper").await;
    assert!(matches!(world.auth.delete_role(&system, role.id).await, Err(AuthError::Conflict("in_use"))));
    let unheld =
        world.auth.create_role(&system, "helper", RoleScope::Channel, PermissionSet::EMPTY).await.unwrap();
    world.auth.delete_role(&system, unheld.id).await.unwrap();
    assert!(matches!(
        world.auth.delete_role(&system, unheld.id).await,
        Err(AuthError::Denied(Denied::Unseen))
    ));
}

#[tokio::test]
async fn only_who_manages_roles_makes_them_and_everybody_reads_them() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let ada = world.actor("ada").await;
    assert!(!world.auth.roles(&ada, Some(RoleScope::System)).await.unwrap().is_empty());
    let refused = world.auth.create_role(&ada, "mine", RoleScope::Space, PermissionSet::EMPTY).await;
    assert!(matches!(refused, Err(AuthError::Denied(Denied::Forbidden(Permission::RolesManage)))));
}

#[tokio::test]
async fn a_role_has_nothing_that_belongs_to_a_wider_scope_and_is_told_what() {
    let world = World::new().await;
    let system = Actor::system();
    let wide = PermissionSet::EMPTY
        .with(Permission::UsersManage)
        .with(Permission::SpaceManage)
        .with(Permission::ChannelRead);
    let named = |refused: Result<plexi_auth::model::Role, AuthError>| match refused {
        Err(AuthError::Invalid(fields)) => (fields[0].field.clone(), fields[0].problem.clone()),
        other => panic!("{other:?}"),
    };
    let field = || "permissions".to_owned();
    let channel = world.auth.create_role(&system, "wide", RoleScope::Channel, wide).await;
    let problem = "belong to a wider scope than channel: users.manage, space.manage";
    assert_eq!(named(channel), (field(), problem.to_owned()));
    let space = world.auth.create_role(&system, "wide", RoleScope::Space, wide).await;
    let problem = "belong to a wider scope than space: users.manage";
    assert_eq!(named(space), (field(), problem.to_owned()));
    world.auth.create_role(&system, "wide", RoleScope::System, wide).await.unwrap();

    let plain = PermissionSet::EMPTY.with(Permission::ChannelRead);
    let role = world.auth.create_role(&system, "plain", RoleScope::Channel, plain).await.unwrap();
    let change = RoleChange { permissions: Some(wide), ..RoleChange::default() };
    assert_eq!(named(world.auth.update_role(&system, role.id, change).await).0, field());
}
