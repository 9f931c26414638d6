use plexi_auth::model::Theme;
use plexi_auth::{AuthError, MeChange, NewPerson, UserChange};
use plexi_core::access::Denied;
use plexi_core::{Actor, Permission, PermissionSet, RoleScope};

use crate::world::{OTHER_PASSWORD, World, person, secret};

fn forbidden<T>(result: Result<T, AuthError>) -> Option<Permission> {
    match result.err() {
        Some(AuthError::Denied(Denied::Forbidden(permission))) => Some(permission),
        _ => None,
    }
}

/// Somebody who manages users, and nothing else.
async fn clerk(world: &World) -> Actor {
    let granted = PermissionSet::EMPTY.with(Permission::UsersManage).with(Permission::DirectCreate);
    world.auth.create_role(&Actor::system(), "clerk", RoleScope::System, granted).await.unwrap();
    world.add("clerk", "clerk").await;
    world.actor("clerk").await
}

#[tokio::test]
async fn who_manages_accounts_sees_their_roles_and_nobody_else_does() {
    let world = World::new().await;
    let ada = world.add("ada", "guest").await;
    let clerk = clerk(&world).await;
    let seen = world.auth.managed_user(&clerk, ada).await.unwrap();
    assert_eq!((seen.user.name.as_str(), seen.role.as_str()), ("ada", "guest"));
    let asked = world.auth.managed_user(&world.actor("ada").await, ada).await;
    assert_eq!(forbidden(asked), Some(Permission::UsersManage));
}

#[tokio::test]
async fn one_changes_ones_own_account_and_others_are_told() {
    let world = World::new().await;
    let ada = world.add("ada", "member").await;
    let (caller, cookie) = world.caller("ada").await;
    let mut changes = world.auth.changed();
    let change = MeChange {
        display_name: Some(" Ada Lovelace ".to_owned()),
        status_text: Some("computing".to_owned()),
        locale: Some("pt-BR".to_owned()),
        theme: Some(Theme::Dark),
        expected: None,
    };
    let me = world.auth.update_me(&caller, change).await.unwrap();
    assert_eq!(me.user.display_name, "Ada Lovelace");
    let again = world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    assert_eq!(world.auth.me(&again).await.unwrap(), me);
    assert_eq!((me.locale.as_str(), me.theme), ("pt-BR", Theme::Dark));
    let notice = changes.try_recv().unwrap();
    assert!(notice.user.id == ada && !notice.rights);
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_is_changed() {
    let world = World::new().await;
    let (caller, _) = world.caller("root").await;
    let change = MeChange {
        display_name: Some("\u{202E}nimda".to_owned()),
        status_text: Some("x".repeat(101)),
        locale: Some("en_GB".to_owned()),
        theme: Some(Theme::Light),
        expected: None,
    };
    match world.auth.update_me(&caller, change).await {
        Err(AuthError::Invalid(fields)) => {
            let fields: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
            assert_eq!(fields, ["display_name", "status_text", "locale"]);
        }
        other => panic!("{other:?}"),
    }
    let (caller, _) = world.caller("root").await;
    assert_eq!(world.auth.me(&caller).await.unwrap().theme, Theme::System);
}

#[tokio::test]
async fn users_are_found_by_the_beginning_of_their_names_page_by_page() {
    let world = World::new().await;
    for name in ["ada", "adam", "bob", "carol"] {
        world.add(name, "member").await;
    }
    let named = NewPerson { display_name: "Adrian".to_owned(), ..person("zed") };
    world.auth.create_user(&Actor::system(), named, None).await.unwrap();
    let actor = world.actor("bob").await;
    let found = |page: &plexi_auth::model::Page<plexi_auth::model::User>| {
        page.items.iter().map(|user| user.name.clone()).collect::<Vec<_>>()
    };
    let first = world.auth.users(&actor, Some("AD"), None, 2).await.unwrap();
    assert_eq!(found(&first), ["ada", "adam"]);
    let second = world.auth.users(&actor, Some("ad"), first.next.as_deref(), 2).await.unwrap();
    assert_eq!((found(&second), second.next), (vec!["zed".to_owned()], None));
    let all = world.auth.users(&actor, None, None, 200).await.unwrap();
    assert_eq!(found(&all), ["ada", "adam", "bob", "carol", "root", "zed"]);
    assert!(matches!(world.auth.users(&actor, None, Some("?"), 2).await, Err(AuthError::Cursor)));
    assert!(world.auth.users(&actor, None, None, 0).await.is_err());
}

#[tokio::test]
async fn a_lookup_leaves_out_who_is_not_there() {
    let world = World::new().await;
    let ada = world.add("ada", "member").await;
    let actor = world.actor("ada").await;
    let nobody = world.ids.next().unwrap();
    let found = world.auth.lookup(&actor, &[nobody, ada]).await.unwrap();
    assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [ada]);
    assert!(world.auth.lookup(&actor, &[]).await.is_err());
    assert!(world.auth.lookup(&actor, &[ada; 201]).await.is_err());
    assert!(matches!(world.auth.user(&actor, nobody).await, Err(AuthError::Denied(Denied::Unseen))));
}

#[tokio::test]
async fn a_name_that_looks_like_another_is_taken() {
    let world = World::new().await;
    world.add("mallory", "member").await;
    for name in ["mallory", "MALLORY", "rnallory", "ma11ory", "mаllory"] {
        let refused = world.auth.create_user(&Actor::system(), person(name), None).await;
        assert!(matches!(refused, Err(AuthError::NameTaken)), "{name}");
    }
}

#[tokio::test]
async fn who_manages_users_needs_more_to_give_roles_and_gives_none_that_may_more() {
    let world = World::new().await;
    let clerk = clerk(&world).await;
    world.add("ada", "member").await;
    let ada = world.actor("ada").await;
    assert_eq!(
        forbidden(world.auth.create_user(&ada, person("x"), None).await),
        Some(Permission::UsersManage)
    );
    world.auth.create_user(&clerk, person("bob"), None).await.unwrap();
    let refused = world.auth.create_user(&clerk, person("eve"), Some("admin")).await;
    assert_eq!(forbidden(refused), Some(Permission::RolesManage));
    let promote = UserChange { role: Some("admin".to_owned()), ..UserChange::default() };
    let refused = world.auth.update_user(&clerk, clerk.user, promote.clone()).await;
    assert_eq!(forbidden(refused), Some(Permission::RolesManage));
    assert_eq!(
        forbidden(world.auth.update_user(&ada, ada.user, promote).await),
        Some(Permission::UsersManage)
    );
}

#[tokio::test]
async fn nobody_takes_over_an_account_that_may_more_than_they() {
    let world = World::new().await;
    let clerk = clerk(&world).await;
    let root = world.actor("root").await;
    let changes = [
        UserChange { password: Some(secret(OTHER_PASSWORD)), ..UserChange::default() },
        UserChange { disabled: Some(true), ..UserChange::default() },
        UserChange { display_name: Some("Clown".to_owned()), ..UserChange::default() },
    ];
    for change in changes {
        assert!(forbidden(world.auth.update_user(&clerk, root.user, change).await).is_some());
    }
    let ada = world.add("ada", "member").await;
    let reset = UserChange { password: Some(secret(OTHER_PASSWORD)), ..UserChange::default() };
    world.auth.update_user(&clerk, ada, reset).await.unwrap();
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let world = World::new().await;
    let root = world.actor("root").await;
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    let demote = UserChange { role: Some("member".to_owned()), ..UserChange::default() };
    for change in [disable.clone(), demote.clone()] {
        let refused = world.auth.update_user(&root, root.user, change).await;
        assert!(matches!(refused, Err(AuthError::LastAdmin)));
    }
    let second = world.add("second", "admin").await;
    world.auth.update_user(&root, second, disable).await.unwrap();
    let refused = world.auth.update_user(&root, root.user, demote.clone()).await;
    assert!(matches!(refused, Err(AuthError::LastAdmin)), "a disabled administrator does not count");
    let enable = UserChange { disabled: Some(false), ..UserChange::default() };
    world.auth.update_user(&root, second, enable).await.unwrap();
    world.auth.update_user(&root, root.user, demote).await.unwrap();
}

#[tokio::test]
async fn a_role_that_is_not_there_and_a_user_that_is_not_there_are_told_apart() {
    let world = World::new().await;
    let root = world.actor("root").await;
    let ada = world.add("ada", "member").await;
    let change = UserChange { role: Some("queen".to_owned()), ..UserChange::default() };
    match world.auth.update_user(&root, ada, change.clone()).await {
        Err(AuthError::Invalid(fields)) => assert_eq!(fields[0].field, "role"),
        other => panic!("{other:?}"),
    }
    let nobody = world.ids.next().unwrap();
    let refused = world.auth.update_user(&root, nobody, change).await;
    assert!(matches!(refused, Err(AuthError::Denied(Denied::Unseen))));
}

#[tokio::test]
async fn a_guest_sees_those_they_are_in_a_channel_with_and_a_member_sees_everybody() {
    let world = World::new().await;
    let (ada, bob) = (world.add("ada", "member").await, world.add("bob", "member").await);
    let (guest, other) = (world.add("gus", "guest").await, world.add("olaf", "guest").await);
    world.store.acquaint(guest, ada);
    let (visitor, member) = (world.actor("gus").await, world.actor("bob").await);
    let listed = async |actor: &Actor| -> Vec<String> {
        let page = world.auth.users(actor, None, None, 50).await.unwrap();
        page.items.into_iter().map(|user| user.name).collect()
    };
    assert_eq!(listed(&visitor).await, ["ada", "gus"]);
    assert_eq!(listed(&member).await, ["ada", "bob", "gus", "olaf", "root"]);

    let ids = [ada, bob, guest, other];
    let mut seen: Vec<String> =
        world.auth.lookup(&visitor, &ids).await.unwrap().into_iter().map(|user| user.name).collect();
    seen.sort_unstable();
    assert_eq!(seen, ["ada", "gus"]);
    assert_eq!(world.auth.lookup(&member, &ids).await.unwrap().len(), 4);
    world.auth.user(&visitor, ada).await.unwrap();
    let hidden = world.auth.user(&visitor, bob).await;
    assert!(matches!(hidden, Err(AuthError::Denied(Denied::Unseen))), "as one that does not exist");

    let first = world.auth.users(&visitor, None, None, 1).await.unwrap();
    let second = world.auth.users(&visitor, None, first.next.as_deref(), 1).await.unwrap();
    assert_eq!((second.items[0].id, second.next), (guest, None), "pages have no gaps");
}
