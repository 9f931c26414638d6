use std::sync::Arc;

use plexi_core::UserId;
use tokio::task::JoinSet;

use super::{Stage, at, digest, new_account};
use crate::error::StoreError;
use crate::model::Invitation;
use crate::ports::IdentityStore;

async fn invite<S: IdentityStore>(stage: &Stage<S>, by: UserId, code: u8, max_uses: u32) -> Invitation {
    let invitation = Invitation {
        id: stage.id(),
        space_id: stage.space,
        role: "member".to_owned(),
        max_uses,
        uses: 0,
        created_by: by,
        created_at: at(0),
        expires_at: at(100),
    };
    stage.store.create_invitation(&invitation, &digest(code)).await.unwrap();
    invitation
}

pub(super) async fn an_invitation_is_found_listed_and_deleted<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let ada = stage.account("ada", "admin").await.user.id;
    let mut made = Vec::new();
    for code in 1..=3 {
        made.insert(0, invite(stage, ada, code, 1).await);
    }
    assert_eq!(store.invitation_by_code(&digest(1)).await.unwrap().as_ref(), Some(&made[2]));
    assert_eq!(store.invitation_by_code(&digest(9)).await.unwrap(), None);
    assert_eq!(store.invitation(made[0].id).await.unwrap().as_ref(), Some(&made[0]));
    assert_eq!(store.invitations(None, None, 50).await.unwrap(), made, "newest first");
    assert_eq!(store.invitations(Some(stage.space), None, 2).await.unwrap(), made[..2]);
    assert_eq!(store.invitations(Some(stage.space), Some(made[1].id), 2).await.unwrap(), made[2..]);
    assert_eq!(store.invitations(Some(stage.id()), None, 50).await.unwrap(), []);
    assert!(store.delete_invitation(made[0].id).await.unwrap());
    assert!(!store.delete_invitation(made[0].id).await.unwrap());
    assert_eq!(store.invitation_by_code(&digest(3)).await.unwrap(), None);
}

pub(super) async fn an_invitation_is_used_as_often_as_it_says<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let ada = stage.account("ada", "admin").await.user.id;
    invite(stage, ada, 1, 2).await;
    let redeem = async |name: &str, code: u8, when: i64| {
        store.redeem_invitation(&digest(code), &new_account(stage.id(), name, "member"), at(when)).await
    };
    let used = redeem("bob", 1, 10).await.unwrap();
    assert_eq!((used.uses, used.space_id), (1, stage.space));
    let taken = redeem("ada", 1, 10).await;
    assert!(matches!(taken, Err(StoreError::Conflict("name"))), "{taken:?}");
    let late = redeem("eve", 1, 101).await;
    assert!(matches!(late, Err(StoreError::Missing("invitation"))), "{late:?}");
    let unknown = redeem("eve", 7, 10).await;
    assert!(matches!(unknown, Err(StoreError::Missing("invitation"))), "{unknown:?}");
    assert!(store.account_by_name("eve").await.unwrap().is_none());
    assert_eq!(redeem("eve", 1, 10).await.unwrap().uses, 2, "a refused use does not count");
    let spent = redeem("fay", 1, 10).await;
    assert!(matches!(spent, Err(StoreError::Missing("invitation"))), "{spent:?}");
    assert!(store.account_by_name("bob").await.unwrap().is_some());
}

pub(super) async fn of_many_at_once_only_as_many_as_allowed_get_in<S: IdentityStore>(stage: &Stage<S>) {
    let ada = stage.account("ada", "admin").await.user.id;
    let invitation = invite(stage, ada, 1, 3).await;
    let mut racers = JoinSet::new();
    for number in 0..8 {
        let store = Arc::clone(&stage.store);
        let account = new_account(stage.id(), &format!("guest{number}"), "member");
        racers.spawn(async move { store.redeem_invitation(&digest(1), &account, at(1)).await });
    }
    let outcomes = racers.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3, "{outcomes:?}");
    assert_eq!(stage.store.invitation(invitation.id).await.unwrap().unwrap().uses, 3);
    assert_eq!(stage.store.accounts(None, Some("guest"), None, 50).await.unwrap().len(), 3);
}

pub(super) async fn there_is_one_first_administrator<S: IdentityStore>(stage: &Stage<S>) {
    let mut racers = JoinSet::new();
    for number in 0..6 {
        let store = Arc::clone(&stage.store);
        let account = new_account(stage.id(), &format!("admin{number}"), "admin");
        racers.spawn(async move { store.create_first_admin(&account).await });
    }
    let outcomes = racers.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Conflict("setup"))));
    assert_eq!(refused.count(), 5, "{outcomes:?}");
    assert_eq!(stage.store.accounts(None, None, None, 50).await.unwrap().len(), 1);
}
