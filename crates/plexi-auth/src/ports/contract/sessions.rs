use std::sync::Arc;

use plexi_core::{SessionId, UserId};
use tokio::task::JoinSet;

use super::{Stage, at, digest};
use crate::ports::{Digest, IdentityStore, RefreshOutcome, SessionRecord};

fn record(id: SessionId, user_id: UserId, cookie: Option<Digest>, refresh: Option<Digest>) -> SessionRecord {
    SessionRecord {
        id,
        user_id,
        device: "a laptop \u{1f4bb}".to_owned(),
        created_at: at(1),
        last_seen_at: at(2),
        expires_at: at(1_000),
        cookie,
        refresh,
    }
}

pub(super) async fn a_session_is_found_until_it_ends<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let user = stage.account("ada", "member").await.user.id;
    let mut browser = record(stage.id(), user, Some(digest(1)), None);
    store.create_session(&browser).await.unwrap();
    let script = record(stage.id(), user, None, Some(digest(2)));
    store.create_session(&script).await.unwrap();
    assert_eq!(store.session(browser.id).await.unwrap(), Some(browser.clone()));
    assert_eq!(store.session_by_cookie(&digest(1)).await.unwrap(), Some(browser.clone()));
    assert_eq!(store.session_by_cookie(&digest(2)).await.unwrap(), None);

    store.touch_session(browser.id, at(60)).await.unwrap();
    browser.last_seen_at = at(60);
    assert_eq!(store.sessions(user).await.unwrap(), [browser.clone(), script.clone()], "last seen first");
    assert!(store.end_session(browser.id).await.unwrap());
    assert!(!store.end_session(browser.id).await.unwrap());
    assert_eq!(store.session_by_cookie(&digest(1)).await.unwrap(), None);
    assert_eq!(store.sessions(user).await.unwrap(), [script]);
}

pub(super) async fn a_replaced_cookie_is_no_sessions_any_more<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let user = stage.account("ada", "member").await.user.id;
    let mut browser = record(stage.id(), user, Some(digest(1)), None);
    let other = record(stage.id(), user, Some(digest(2)), None);
    let script = record(stage.id(), user, None, Some(digest(3)));
    for session in [&browser, &other, &script] {
        store.create_session(session).await.unwrap();
    }
    assert!(store.replace_cookie(browser.id, &digest(4)).await.unwrap());
    browser.cookie = Some(digest(4));
    assert_eq!(store.session_by_cookie(&digest(1)).await.unwrap(), None);
    assert_eq!(store.session_by_cookie(&digest(4)).await.unwrap(), Some(browser.clone()));
    assert_eq!(store.session_by_cookie(&digest(2)).await.unwrap(), Some(other), "no other is touched");

    assert!(!store.replace_cookie(script.id, &digest(5)).await.unwrap(), "a session without one gets none");
    assert_eq!(store.session(script.id).await.unwrap(), Some(script));
    store.end_session(browser.id).await.unwrap();
    assert!(!store.replace_cookie(browser.id, &digest(6)).await.unwrap());
    assert_eq!(store.session_by_cookie(&digest(6)).await.unwrap(), None);
}

pub(super) async fn a_user_has_at_most_a_hundred_sessions<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let user = stage.account("ada", "member").await.user.id;
    let other = stage.account("bob", "member").await.user.id;
    let of_other = record(stage.id(), other, None, None);
    store.create_session(&of_other).await.unwrap();
    let mut ids = Vec::new();
    for number in 0..102_u8 {
        let mut session = record(stage.id(), user, Some(digest(number)), None);
        session.last_seen_at = at(i64::from(number));
        store.create_session(&session).await.unwrap();
        ids.push(session.id);
    }
    assert_eq!(store.sessions(user).await.unwrap().len(), 100);
    for gone in &ids[..2] {
        assert_eq!(store.session(*gone).await.unwrap(), None, "the longest unseen ends");
    }
    assert!(store.session(ids[2]).await.unwrap().is_some());
    assert!(store.session(of_other.id).await.unwrap().is_some());
}

pub(super) async fn a_refresh_token_works_once<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let user = stage.account("ada", "member").await.user.id;
    let mut session = record(stage.id(), user, None, Some(digest(1)));
    store.create_session(&session).await.unwrap();
    let rotated = store.rotate_refresh(&digest(1), &digest(2), b"next is 2", at(10)).await.unwrap();
    let RefreshOutcome::Rotated(after) = rotated else { unreachable!("{rotated:?}") };
    session.refresh = Some(digest(2));
    assert_eq!(after, session, "last seen as before: a session unseen for too long is still known as such");

    let again = store.rotate_refresh(&digest(1), &digest(9), b"never", at(15)).await.unwrap();
    let RefreshOutcome::Replayed { session: same, used_at, sealed_next } = again else {
        unreachable!("{again:?}")
    };
    assert_eq!((same.id, same.refresh, used_at), (session.id, Some(digest(2)), at(10)));
    assert_eq!(sealed_next, b"next is 2");

    let next = store.rotate_refresh(&digest(2), &digest(3), b"next is 3", at(20)).await.unwrap();
    assert!(matches!(next, RefreshOutcome::Rotated(_)), "{next:?}");
    let old = store.rotate_refresh(&digest(1), &digest(9), b"never", at(21)).await.unwrap();
    assert!(matches!(&old, RefreshOutcome::Reused(found) if found.id == session.id), "{old:?}");
    let unknown = store.rotate_refresh(&digest(8), &digest(9), b"never", at(22)).await.unwrap();
    assert_eq!(unknown, RefreshOutcome::Unknown);
    assert_eq!(store.session(session.id).await.unwrap().unwrap().refresh, Some(digest(3)));

    store.end_session(session.id).await.unwrap();
    for token in 1..=3 {
        let gone = store.rotate_refresh(&digest(token), &digest(9), b"never", at(30)).await.unwrap();
        assert_eq!(gone, RefreshOutcome::Unknown);
    }
}

pub(super) async fn of_many_at_once_one_rotates<S: IdentityStore>(stage: &Stage<S>) {
    let user = stage.account("ada", "member").await.user.id;
    let session = record(stage.id(), user, None, Some(digest(1)));
    stage.store.create_session(&session).await.unwrap();
    let mut racers = JoinSet::new();
    for number in 10..18_u8 {
        let store = Arc::clone(&stage.store);
        racers.spawn(async move {
            store.rotate_refresh(&digest(1), &digest(number), &[number], at(5)).await.unwrap()
        });
    }
    let outcomes = racers.join_all().await;
    let rotated: Vec<_> = outcomes
        .iter()
        .filter_map(
            |outcome| if let RefreshOutcome::Rotated(session) = outcome { session.refresh } else { None },
        )
        .collect();
    assert_eq!(rotated.len(), 1, "{outcomes:?}");
    let winner = rotated[0][0];
    for outcome in &outcomes {
        if let RefreshOutcome::Replayed { sealed_next, .. } = outcome {
            assert_eq!(sealed_next, &[winner]);
        } else {
            assert!(matches!(outcome, RefreshOutcome::Rotated(_)), "{outcome:?}");
        }
    }
}

pub(super) async fn ending_and_purging<S: IdentityStore>(stage: &Stage<S>) {
    let store = &stage.store;
    let user = stage.account("ada", "member").await.user.id;
    let other = stage.account("bob", "member").await.user.id;
    let mut sessions = Vec::new();
    for number in 0..4_u8 {
        let mut session = record(stage.id(), user, Some(digest(number)), None);
        session.expires_at = at(100 + i64::from(number));
        store.create_session(&session).await.unwrap();
        sessions.push(session.id);
    }
    let of_other = record(stage.id(), other, None, None);
    store.create_session(&of_other).await.unwrap();
    assert_eq!(store.purge_sessions(at(101)).await.unwrap(), 1);
    assert_eq!(store.session(sessions[0]).await.unwrap(), None);
    let mut ended = store.end_sessions(user, Some(sessions[2])).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [sessions[1], sessions[3]]);
    assert_eq!(store.end_sessions(user, None).await.unwrap(), [sessions[2]]);
    assert_eq!(store.end_sessions(user, None).await.unwrap(), []);
    assert!(store.session(of_other.id).await.unwrap().is_some());
}
