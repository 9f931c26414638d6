use plexi_auth::ports::{AccountChange, AccountStore};
use plexi_auth::{AuthError, NewPerson, Transport};
use plexi_core::access::Denied;
use plexi_core::{Actor, Permission};

use crate::world::{MINUTE, World, person, secret};

#[tokio::test]
async fn a_code_makes_accounts_that_are_members_of_the_space_as_often_as_it_says() {
    let world = World::new().await;
    let (root, space) = (world.actor("root").await, world.space());
    let (invitation, code) = world.auth.create_invitation(&root, space, "guest", 2, 24).await.unwrap();
    assert_eq!(world.auth.invitation(code.expose()).await.unwrap(), invitation);
    let first = world.auth.register(code.expose(), person("ada"), Transport::Cookie, None).await.unwrap();
    assert_eq!(first.me.role, "guest");
    world.auth.authenticate_cookie(first.cookie.unwrap().expose()).await.unwrap();
    let second = world.auth.register(code.expose(), person("bob"), Transport::Token, None).await.unwrap();
    let guest = "guest".to_owned();
    let members = [(space, first.me.user.id, guest.clone()), (space, second.me.user.id, guest)];
    assert_eq!(world.store.memberships(), members);
    let third = world.auth.register(code.expose(), person("eve"), Transport::Token, None).await;
    assert!(matches!(third, Err(AuthError::InvitationInvalid)));
    assert!(matches!(world.auth.invitation(code.expose()).await, Err(AuthError::InvitationInvalid)));
}

#[tokio::test]
async fn a_code_that_is_too_old_revoked_or_made_up_is_no_invitation() {
    let world = World::new().await;
    let root = world.actor("root").await;
    let (_, old) = world.auth.create_invitation(&root, world.space(), "member", 1, 1).await.unwrap();
    world.clock.advance(MINUTE * 60);
    let (revoked, gone) = world.auth.create_invitation(&root, world.space(), "member", 1, 1).await.unwrap();
    world.auth.revoke_invitation(&root, revoked.id).await.unwrap();
    let long = "x".repeat(1 << 20);
    for code in [old.expose().as_str(), gone.expose(), "made up", "", &long] {
        let refused = world.auth.register(code, person("ada"), Transport::Token, None).await;
        assert!(matches!(refused, Err(AuthError::InvitationInvalid)));
        assert!(matches!(world.auth.invitation(code).await, Err(AuthError::InvitationInvalid)));
    }
}

#[tokio::test]
async fn an_invitation_is_none_while_who_made_it_is_disabled() {
    let world = World::new().await;
    let ada = world.add("ada", "member").await;
    let (_, code) =
        world.auth.create_invitation(&world.actor("ada").await, world.space(), "member", 9, 9).await.unwrap();
    let disabled = |disabled| AccountChange { disabled: Some(disabled), ..AccountChange::default() };
    world.store.update_account(ada, &disabled(true)).await.unwrap();
    assert!(matches!(world.auth.invitation(code.expose()).await, Err(AuthError::InvitationInvalid)));
    let refused = world.auth.register(code.expose(), person("bob"), Transport::Token, None).await;
    assert!(matches!(refused, Err(AuthError::InvitationInvalid)));
    assert_eq!(world.store.memberships(), []);
    world.store.update_account(ada, &disabled(false)).await.unwrap();
    world.auth.register(code.expose(), person("bob"), Transport::Token, None).await.unwrap();

    let (_, code) =
        world.auth.create_invitation(&Actor::system(), world.space(), "member", 1, 1).await.unwrap();
    world.auth.register(code.expose(), person("carl"), Transport::Token, None).await.unwrap();
}

#[tokio::test]
async fn an_invitation_is_none_when_who_made_it_may_not_give_its_role_any_more() {
    let world = World::new().await;
    let ada = world.add("ada", "member").await;
    let (_, code) =
        world.auth.create_invitation(&world.actor("ada").await, world.space(), "member", 9, 9).await.unwrap();
    let role = |role: &str| AccountChange { role: Some(role.to_owned()), ..AccountChange::default() };
    world.store.update_account(ada, &role("guest")).await.unwrap();
    assert!(matches!(world.auth.invitation(code.expose()).await, Err(AuthError::InvitationInvalid)));
    let refused = world.auth.register(code.expose(), person("bob"), Transport::Token, None).await;
    assert!(matches!(refused, Err(AuthError::InvitationInvalid)));
    world.store.update_account(ada, &role("member")).await.unwrap();
    world.auth.register(code.expose(), person("bob"), Transport::Token, None).await.unwrap();
}

#[tokio::test]
async fn a_mistake_in_the_form_does_not_use_the_invitation_up() {
    let world = World::new().await;
    let root = world.actor("root").await;
    let (_, code) = world.auth.create_invitation(&root, world.space(), "member", 1, 1).await.unwrap();
    let taken = world.auth.register(code.expose(), person("rooτ"), Transport::Token, None).await;
    assert!(matches!(taken, Err(AuthError::NameTaken)));
    let weak = NewPerson { password: secret("passwordpassword"), ..person("ada") };
    let weak = world.auth.register(code.expose(), weak, Transport::Token, None).await;
    assert!(matches!(weak, Err(AuthError::PasswordWeak(_))));
    world.auth.register(code.expose(), person("ada"), Transport::Token, None).await.unwrap();
}

#[tokio::test]
async fn an_invitation_outside_its_bounds_is_refused_field_by_field() {
    let world = World::new().await;
    let root = world.actor("root").await;
    match world.auth.create_invitation(&root, world.space(), "admin", 0, 721).await {
        Err(AuthError::Invalid(fields)) => {
            let fields: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
            assert_eq!(fields, ["role", "max_uses", "expires_in_hours"]);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_guest_invites_guests_and_nobody_who_may_more() {
    let world = World::new().await;
    world.add("visitor", "guest").await;
    let visitor = world.actor("visitor").await;
    world.auth.create_invitation(&visitor, world.space(), "guest", 1, 1).await.unwrap();
    let refused = world.auth.create_invitation(&visitor, world.space(), "member", 1, 1).await;
    assert!(matches!(refused, Err(AuthError::Denied(Denied::Forbidden(Permission::DirectCreate)))));
}

#[tokio::test]
async fn one_sees_ones_own_invitations_and_who_invites_everywhere_sees_all_page_by_page() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let (root, ada, space) = (world.actor("root").await, world.actor("ada").await, world.space());
    let mut made = Vec::new();
    for actor in [&root, &ada, &root, &ada, &ada] {
        made.push(world.auth.create_invitation(actor, space, "member", 1, 1).await.unwrap().0);
    }
    let own = world.auth.invitations(&ada, None, None, 2).await.unwrap();
    assert_eq!(own.items, [made[4].clone(), made[3].clone()]);
    let rest = world.auth.invitations(&ada, None, own.next.as_deref(), 2).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![made[1].clone()], None));
    let all = world.auth.invitations(&root, None, None, 50).await.unwrap();
    assert_eq!(all.items.len(), 5);
    let there = world.auth.invitations(&ada, Some(space), None, 5).await.unwrap();
    assert_eq!((there.items.len(), there.next), (5, None));
    let elsewhere = world.auth.invitations(&root, Some(world.space()), None, 50).await.unwrap();
    assert!(elsewhere.items.is_empty());
}

#[tokio::test]
async fn nobody_revokes_an_invitation_of_another_or_learns_of_it() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let ada = world.actor("ada").await;
    let (theirs, code) =
        world.auth.create_invitation(&Actor::system(), world.space(), "member", 1, 1).await.unwrap();
    let refused = world.auth.revoke_invitation(&ada, theirs.id).await;
    assert!(matches!(refused, Err(AuthError::Denied(Denied::Unseen))));
    world.auth.invitation(code.expose()).await.unwrap();
    world.auth.remove_invitation(&ada, theirs.id).await.unwrap();
    let again = world.auth.remove_invitation(&ada, theirs.id).await;
    assert!(matches!(again, Err(AuthError::Denied(Denied::Unseen))));
}
