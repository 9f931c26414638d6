use std::sync::Arc;

use plexi_core::UserId;
use tokio::task::JoinSet;

use super::{Stage, new_account};
use crate::error::StoreError;
use crate::model::{Me, Theme, User};
use crate::ports::{AccountChange, IdentityStore, Seen};

pub(super) async fn an_account_is_found_by_id_and_by_name<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    assert!(!store.has_admin().await.unwrap());
    let new = stage.account("ada", "admin").await;
    assert!(store.has_admin().await.unwrap());
    let found = store.account(new.user.id).await.unwrap().unwrap();
    assert_eq!(found.user, new.user);
    assert_eq!((found.role.as_str(), found.locale.as_str(), found.theme), ("admin", "en", Theme::System));
    let admin = crate::roles::built_in().into_iter().find(|role| role.name == "admin").unwrap();
    assert_eq!(found.permissions, admin.permissions);
    let (by_name, hash) = store.account_by_name("ada").await.unwrap().unwrap();
    assert_eq!((by_name, hash.as_deref()), (found, Some("hash of ada")));
    assert_eq!(store.password_hash(new.user.id).await.unwrap().as_deref(), Some("hash of ada"));

    let unknown: UserId = stage.id();
    assert_eq!(store.account(unknown).await.unwrap(), None);
    assert_eq!(store.password_hash(unknown).await.unwrap(), None);
    for name in ["Ada", "ada ", "a", "äda", ""] {
        assert!(store.account_by_name(name).await.unwrap().is_none(), "{name:?}");
    }
    let users = store.users(&[unknown, new.user.id]).await.unwrap();
    assert_eq!(users, [new.user]);
    assert_eq!(store.users(&[]).await.unwrap(), []);
}

pub(super) async fn names_and_skeletons_are_unique<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    stage.account("ada", "member").await;
    let same = store.create_account(&new_account(stage.id(), "ada", "member")).await;
    assert!(matches!(same, Err(StoreError::Conflict("name"))), "{same:?}");
    let mut alike = new_account(stage.id(), "\u{e4}da", "member");
    "s-ada".clone_into(&mut alike.skeleton);
    let refused = store.create_account(&alike).await;
    assert!(matches!(refused, Err(StoreError::Conflict("name"))), "{refused:?}");
    "s-other".clone_into(&mut alike.skeleton);
    store.create_account(&alike).await.unwrap();
    let nobody = store.create_account(&new_account(stage.id(), "eve", "emperor")).await;
    assert!(matches!(nobody, Err(StoreError::Missing("role"))), "{nobody:?}");
    assert!(store.account_by_name("eve").await.unwrap().is_none());
}

pub(super) async fn a_change_touches_only_what_it_names<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let id = stage.account("ada", "member").await.user.id;
    let before = store.account(id).await.unwrap().unwrap();
    assert_eq!(store.update_account(id, &AccountChange::default()).await.unwrap(), before);
    let change = AccountChange {
        display_name: Some("Ada \u{1f9ee} Lovelace".to_owned()),
        status_text: Some("counting".to_owned()),
        locale: Some("de-DE".to_owned()),
        theme: Some(Theme::Dark),
        ..AccountChange::default()
    };
    let after = store.update_account(id, &change).await.unwrap();
    assert_eq!(after.user.display_name, "Ada \u{1f9ee} Lovelace");
    assert_eq!((after.locale.as_str(), after.theme, after.epoch), ("de-DE", Theme::Dark, before.epoch));
    assert_eq!((after.user.status_text.as_str(), after.user.name.as_str()), ("counting", "ada"));
    assert_eq!(store.account(id).await.unwrap(), Some(after));
    let nobody = store.update_account(stage.id(), &change).await;
    assert!(matches!(nobody, Err(StoreError::Missing("user"))), "{nobody:?}");
}

pub(super) async fn credentials_roles_and_disabling_raise_the_epoch<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let id = stage.account("ada", "member").await.user.id;
    let epoch = async || store.account(id).await.unwrap().unwrap().epoch;
    let first = epoch().await;
    store.set_password_hash(id, Some("hash of ada"), "rehashed", false).await.unwrap();
    assert_eq!((epoch().await, store.password_hash(id).await.unwrap().as_deref()), (first, Some("rehashed")));
    store.set_password_hash(id, None, "another", true).await.unwrap();
    let second = epoch().await;
    assert!(second > first);
    let change = AccountChange { role: Some("guest".to_owned()), ..AccountChange::default() };
    let third = store.update_account(id, &change).await.unwrap();
    assert!(third.epoch > second && third.role == "guest" && third.permissions.iter().next().is_none());
    let change = AccountChange { disabled: Some(true), ..AccountChange::default() };
    let fourth = store.update_account(id, &change).await.unwrap();
    assert!(fourth.epoch > third.epoch && fourth.user.disabled);
    let change = AccountChange { role: Some("emperor".to_owned()), ..AccountChange::default() };
    let refused = store.update_account(id, &change).await;
    assert!(matches!(refused, Err(StoreError::Missing("role"))), "{refused:?}");
}

pub(super) async fn of_several_who_replace_one_password_one_does<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let id = stage.account("ada", "member").await.user.id;
    let before = store.account(id).await.unwrap().unwrap().epoch;
    let mut racers = JoinSet::new();
    for hash in ["one", "two", "three"] {
        let store = store.clone();
        racers
            .spawn(async move { (hash, store.set_password_hash(id, Some("hash of ada"), hash, true).await) });
    }
    let done = racers.join_all().await;
    let kept = store.password_hash(id).await.unwrap().unwrap();
    for (hash, done) in &done {
        match done {
            Ok(()) => assert_eq!(kept, *hash),
            Err(error) => assert!(matches!(error, StoreError::Conflict("changed")), "{error:?}"),
        }
    }
    assert_eq!(done.iter().filter(|(_, done)| done.is_ok()).count(), 1);
    assert_eq!(store.account(id).await.unwrap().unwrap().epoch, before + 1);
    let late = store.set_password_hash(id, Some("hash of ada"), "late", false).await;
    assert!(matches!(late, Err(StoreError::Conflict("changed"))), "{late:?}");
    let nobody = store.set_password_hash(stage.id(), Some("hash of ada"), "hash", true).await;
    assert!(matches!(nobody, Err(StoreError::Missing("user"))), "{nobody:?}");
}

pub(super) async fn the_last_administrator_stays<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let ada = stage.account("ada", "admin").await.user.id;
    let mut locked_out = new_account(stage.id(), "bob", "admin");
    locked_out.password_hash = None;
    store.create_account(&locked_out).await.unwrap();
    let disable = AccountChange { disabled: Some(true), ..AccountChange::default() };
    let demote = AccountChange { role: Some("member".to_owned()), ..AccountChange::default() };
    for change in [&disable, &demote] {
        let refused = store.update_account(ada, change).await;
        assert!(matches!(refused, Err(StoreError::Conflict("last_admin"))), "{refused:?}");
    }
    let kept = store.account(ada).await.unwrap().unwrap();
    assert!(kept.role == "admin" && !kept.user.disabled, "a refused change changes nothing");
    let eve = stage.account("eve", "admin").await.user.id;
    store.update_account(ada, &demote).await.unwrap();
    assert!(store.update_account(eve, &disable).await.is_err());
    store.update_account(ada, &disable).await.unwrap();
}

pub(super) async fn pages_are_in_order_of_name_and_by_prefix<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    for name in ["zoe", "ada", "bob", "a-b", "a.c", "\u{e9}ric"] {
        stage.account(name, "member").await;
    }
    let names = async |prefix: Option<&str>, after: Option<&str>, limit: u32| -> Vec<String> {
        store.accounts(None, prefix, after, limit).await.unwrap().into_iter().map(|user| user.name).collect()
    };
    let all = names(None, None, 50).await;
    assert_eq!(all, ["a-b", "a.c", "ada", "bob", "zoe", "\u{e9}ric"]);
    assert_eq!(names(None, None, 2).await, all[..2]);
    assert_eq!(names(None, Some("a.c"), 2).await, all[2..4]);
    assert_eq!(names(Some("a"), None, 50).await, all[..3]);
    assert_eq!(names(Some("a"), Some("a.c"), 50).await, all[2..3]);
    assert_eq!(names(Some("the b"), None, 50).await, ["bob"], "the display name counts, too");
    assert_eq!(names(Some("a%"), None, 50).await, Vec::<String>::new(), "no wildcards");
    assert_eq!(names(Some("nobody"), None, 50).await, Vec::<String>::new());
}

pub(super) async fn a_change_of_an_account_that_is_not_as_seen_is_refused<S: IdentityStore>(
    stage: &Stage<S>,
) {
    let store = &stage.store;
    let id = stage.account("ada", "member").await.user.id;
    let before = store.account(id).await.unwrap().unwrap();
    let change = |name: &str, expected| AccountChange {
        display_name: Some(name.to_owned()),
        expected: Some(expected),
        ..AccountChange::default()
    };
    store.update_account(id, &change("one", Seen::User(before.user.clone()))).await.unwrap();
    for stale in [Seen::User(before.user.clone()), Seen::Me(Me::from(&before))] {
        let refused = store.update_account(id, &change("two", stale)).await;
        assert!(matches!(refused, Err(StoreError::Conflict("changed"))), "{refused:?}");
    }
    let now = store.account(id).await.unwrap().unwrap();
    assert_eq!(now.user.display_name, "one");
    let dark = AccountChange { theme: Some(Theme::Dark), ..AccountChange::default() };
    store.update_account(id, &dark).await.unwrap();
    let refused = store.update_account(id, &change("two", Seen::Me(Me::from(&now)))).await;
    assert!(matches!(refused, Err(StoreError::Conflict("changed"))), "its owner sees the colours, too");
    store.update_account(id, &change("two", Seen::User(now.user))).await.unwrap();
}

pub(super) async fn of_changes_at_once_none_is_lost<S: IdentityStore>(stage: &Stage<S>) {
    let id = stage.account("ada", "member").await.user.id;
    let seen = stage.store.account(id).await.unwrap().unwrap().user;
    let changes = [
        AccountChange { status_text: Some("away".to_owned()), ..AccountChange::default() },
        AccountChange { locale: Some("de".to_owned()), ..AccountChange::default() },
        AccountChange { theme: Some(Theme::Dark), ..AccountChange::default() },
    ];
    let mut racers = JoinSet::new();
    for change in changes {
        let store = Arc::clone(&stage.store);
        racers.spawn(async move { store.update_account(id, &change).await.map(drop) });
    }
    for outcome in racers.join_all().await {
        outcome.unwrap();
    }
    let after = stage.store.account(id).await.unwrap().unwrap();
    let told = (after.user.status_text.as_str(), after.locale.as_str(), after.theme);
    assert_eq!(told, ("away", "de", Theme::Dark));

    let mut racers = JoinSet::new();
    for number in 0..6 {
        let store = Arc::clone(&stage.store);
        let change = AccountChange {
            display_name: Some(format!("Ada {number}")),
            expected: Some(Seen::User(User { status_text: "away".to_owned(), ..seen.clone() })),
            ..AccountChange::default()
        };
        racers.spawn(async move { store.update_account(id, &change).await });
    }
    let outcomes = racers.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let refused = |outcome: &Result<_, _>| matches!(outcome, Err(StoreError::Conflict("changed")));
    assert_eq!(outcomes.iter().filter(|outcome| refused(outcome)).count(), 5, "{outcomes:?}");
}
