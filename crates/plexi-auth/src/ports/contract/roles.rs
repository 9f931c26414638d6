use plexi_core::{Permission, PermissionSet, RoleId, RoleScope};

use super::Stage;
use crate::error::StoreError;
use crate::model::Role;
use crate::ports::IdentityStore;
use crate::roles::built_in;

fn editor(id: RoleId) -> Role {
    Role {
        id,
        name: "editor".to_owned(),
        scope: RoleScope::Channel,
        permissions: PermissionSet::EMPTY.with(Permission::ChannelRead).with(Permission::MessagePost),
        built_in: false,
    }
}

pub(super) async fn built_in_roles_are_written_once_and_brought_up_to_date<S: IdentityStore>(
    stage: &Stage<S>,
) {
    let store = &stage.store;
    let mut roles = built_in();
    store.ensure_roles(&roles).await.unwrap();
    assert_eq!(store.roles(None).await.unwrap().len(), roles.len());
    let first = roles.first_mut().unwrap();
    first.permissions = PermissionSet::EMPTY.with(Permission::SpacesCreate);
    let changed = first.clone();
    store.ensure_roles(&roles).await.unwrap();
    assert_eq!(store.role(changed.id).await.unwrap(), Some(changed));
    let of_spaces = store.roles(Some(RoleScope::Space)).await.unwrap();
    assert!(!of_spaces.is_empty() && of_spaces.iter().all(|role| role.scope == RoleScope::Space));
    assert!(of_spaces.windows(2).all(|pair| pair[0].name < pair[1].name), "in order of name");
}

pub(super) async fn a_role_is_made_changed_and_deleted<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let role = editor(stage.id());
    store.create_role(&role).await.unwrap();
    assert_eq!(store.role(role.id).await.unwrap(), Some(role.clone()));
    let again = store.create_role(&editor(stage.id())).await;
    assert!(matches!(again, Err(StoreError::Conflict("name"))), "{again:?}");
    let elsewhere = Role { scope: RoleScope::Space, ..editor(stage.id()) };
    store.create_role(&elsewhere).await.unwrap();

    let wider = role.permissions.with(Permission::MessagePin);
    let changed = store.update_role(role.id, Some("writer"), Some(wider)).await.unwrap();
    assert_eq!(changed, Role { name: "writer".to_owned(), permissions: wider, ..role.clone() });
    assert_eq!(store.role(role.id).await.unwrap(), Some(changed));
    let taken = store.update_role(role.id, Some("member"), None).await;
    assert!(matches!(taken, Err(StoreError::Conflict("name"))), "{taken:?}");

    store.delete_role(role.id).await.unwrap();
    assert_eq!(store.role(role.id).await.unwrap(), None);
    let gone = store.delete_role(role.id).await;
    assert!(matches!(gone, Err(StoreError::Missing("role"))), "{gone:?}");
    let gone = store.update_role(role.id, Some("x"), None).await;
    assert!(matches!(gone, Err(StoreError::Missing("role"))), "{gone:?}");
}

pub(super) async fn a_built_in_role_or_one_in_use_stays<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    for role in built_in() {
        assert!(store.delete_role(role.id).await.is_err(), "{}", role.name);
        assert!(store.update_role(role.id, Some("other"), None).await.is_err(), "{}", role.name);
        assert_eq!(store.role(role.id).await.unwrap(), Some(role));
    }
    let role = Role { scope: RoleScope::System, ..editor(stage.id()) };
    store.create_role(&role).await.unwrap();
    stage.account("ada", "editor").await;
    let used = store.delete_role(role.id).await;
    assert!(matches!(used, Err(StoreError::Conflict("in_use"))), "{used:?}");
}
