use std::sync::Arc;

use plexi_auth::ports::SessionStore as _;
use plexi_auth::{
    Auth, AuthConfig, AuthError, Ended, Purpose, SessionsEnded, TokenKeys, Transport, UserChange,
};
use plexi_core::access::Denied;
use plexi_core::{Actor, Permission, SeededEntropy};

use crate::world::{DAY, MINUTE, OTHER_PASSWORD, PASSWORD, World, secret};

fn ended<T>(result: Result<T, AuthError>) -> bool {
    matches!(result.err(), Some(AuthError::SessionEnded))
}

#[tokio::test]
async fn knowing_a_caller_again_asks_nothing_of_the_store() {
    let world = World::new().await;
    let cookie = world.sign_in("root", Transport::Cookie).await.cookie.unwrap();
    let tokens = world.sign_in("root", Transport::Token).await.tokens.unwrap();
    world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    world.auth.authenticate_bearer(tokens.access_token.expose()).await.unwrap();
    let before = world.store.operations();
    for _ in 0..100 {
        world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
        world.auth.authenticate_bearer(tokens.access_token.expose()).await.unwrap();
    }
    assert_eq!(world.store.operations(), before);
}

#[tokio::test]
async fn what_is_no_secret_of_a_session_is_refused() {
    let world = World::new().await;
    let signed_in = world.sign_in("root", Transport::Token).await;
    let tokens = signed_in.tokens.unwrap();
    let long = "x".repeat(1 << 20);
    for cookie in ["", "x", &long, tokens.refresh_token.expose(), &signed_in.session.id.to_string()] {
        assert!(ended(world.auth.authenticate_cookie(cookie).await));
    }
    for token in ["", "x", &long, tokens.refresh_token.expose()] {
        assert!(matches!(world.auth.authenticate_bearer(token).await, Err(AuthError::TokenInvalid)));
    }
}

#[tokio::test]
async fn a_caller_by_a_key_that_was_revoked_since_is_not_trusted_any_more() {
    let world = World::new().await;
    let tokens = world.sign_in("root", Transport::Token).await.tokens.unwrap();
    let by_token = world.auth.authenticate_bearer(tokens.access_token.expose()).await.unwrap();
    let (by_cookie, _) = world.caller("root").await;
    assert!(world.auth.trusts(&by_token) && world.auth.trusts(&by_cookie));
    world.auth.replace_keys(TokenKeys::generate(&SeededEntropy::new(99)).unwrap());
    assert!(!world.auth.trusts(&by_token));
    assert!(world.auth.trusts(&by_cookie), "no key signed a cookie");
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once_and_tells_who_listens() {
    let world = World::new().await;
    let (caller, cookie) = world.caller("root").await;
    let mut notices = world.auth.ended();
    world.auth.sign_out(&caller).await.unwrap();
    assert!(ended(world.auth.authenticate_cookie(cookie.expose()).await));
    assert!(ended(world.auth.recheck(caller.actor.user, caller.session).await));
    let notice = notices.try_recv().unwrap();
    assert!(notice.covers(caller.actor.user, caller.session));
}

#[tokio::test]
async fn all_sessions_are_read_page_by_page_the_last_seen_first() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let (caller, _) = world.caller("ada").await;
    for _ in 0..11 {
        // Two of each minute, so that not the time alone orders them.
        world.sign_in("ada", Transport::Token).await;
        world.sign_in("ada", Transport::Token).await;
        world.clock.advance(MINUTE);
    }
    let (mut shown, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = world.auth.sessions(&caller, cursor.as_deref(), 5).await.unwrap();
        assert!(page.items.len() <= 5);
        shown.extend(page.items);
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((shown.len(), pages), (23, 5));
    assert!(shown.iter().is_sorted_by_key(|session| std::cmp::Reverse(session.last_seen_at)));
    let ids: std::collections::BTreeSet<_> = shown.iter().map(|session| session.id).collect();
    assert_eq!(ids.len(), 23, "each once");

    let all = world.auth.sessions(&caller, None, 200).await.unwrap();
    assert_eq!((all.items, all.next), (shown, None));
    let broken = plexi_core::Cursors::of("sessions").after("neither time nor id");
    for (cursor, limit) in [(Some("x"), 5), (Some(&*broken), 5), (None, 0), (None, 201)] {
        assert!(world.auth.sessions(&caller, cursor, limit).await.is_err(), "{cursor:?} {limit}");
    }
}

#[tokio::test]
async fn the_list_shows_each_device_and_ending_one_leaves_the_others() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let (caller, cookie) = world.caller("ada").await;
    world.clock.advance(MINUTE);
    let (second, second_cookie) = world.caller("ada").await;
    let third = world.sign_in("ada", Transport::Token).await;

    let shown = world.auth.sessions(&caller, None, 50).await.unwrap().items;
    assert_eq!(shown.len(), 3);
    assert_eq!(
        shown.iter().filter(|session| session.current).map(|s| s.id).collect::<Vec<_>>(),
        [caller.session]
    );
    assert!(shown.iter().all(|session| session.device == "ada's device"));

    world.auth.end_session(&caller, second.session).await.unwrap();
    assert!(ended(world.auth.authenticate_cookie(second_cookie.expose()).await));
    world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    world.auth.authenticate_bearer(third.tokens.unwrap().access_token.expose()).await.unwrap();
}

#[tokio::test]
async fn nobody_ends_a_session_of_another_or_learns_of_it() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let (ada, _) = world.caller("ada").await;
    let (root, cookie) = world.caller("root").await;
    let refused = world.auth.end_session(&ada, root.session).await;
    assert!(matches!(refused, Err(AuthError::Denied(Denied::Unseen))));
    world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    let refused = world.auth.end_user_sessions(&ada.actor, root.actor.user).await;
    assert!(matches!(refused, Err(AuthError::Denied(Denied::Forbidden(Permission::UsersManage)))));
}

#[tokio::test]
async fn ending_all_others_keeps_this_one_and_an_administrator_ends_all() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let (caller, cookie) = world.caller("ada").await;
    let (_, other) = world.caller("ada").await;
    world.auth.end_other_sessions(&caller).await.unwrap();
    assert!(ended(world.auth.authenticate_cookie(other.expose()).await));
    world.auth.authenticate_cookie(cookie.expose()).await.unwrap();

    let mut notices = world.auth.ended();
    world.auth.end_user_sessions(&world.actor("root").await, caller.actor.user).await.unwrap();
    assert!(ended(world.auth.authenticate_cookie(cookie.expose()).await));
    assert_eq!(notices.try_recv().unwrap(), SessionsEnded { user: caller.actor.user, which: Ended::All });
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_seen_for_two_weeks() {
    let world = World::new().await;
    let (caller, cookie) = world.caller("root").await;
    world.clock.advance(MINUTE * (14 * 24 * 60 - 1));
    world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    world.clock.advance(MINUTE * (14 * 24 * 60 - 1));
    world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    let mut notices = world.auth.ended();
    world.clock.advance(DAY);
    assert!(world.auth.recheck(caller.actor.user, caller.session).await.is_ok());
    world.clock.advance(DAY * 3);
    assert!(ended(world.auth.recheck(caller.actor.user, caller.session).await), "30 days are over");
    assert!(notices.try_recv().unwrap().covers(caller.actor.user, caller.session));

    let (_, idle) = world.caller("root").await;
    world.clock.advance(DAY * 14);
    assert!(ended(world.auth.authenticate_cookie(idle.expose()).await), "two weeks unseen are over");
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_however_much_it_is_used() {
    let world = World::new().await;
    let (_, cookie) = world.caller("root").await;
    for _ in 0..29 {
        world.clock.advance(DAY);
        world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    }
    world.clock.advance(DAY);
    assert!(ended(world.auth.authenticate_cookie(cookie.expose()).await));
}

#[tokio::test]
async fn without_a_cache_knowing_a_caller_reads_session_and_account_each_time() {
    let world = World::new().await;
    let (_, cookie) = world.caller("root").await;
    let entropy = Arc::new(SeededEntropy::new(3));
    let keys = TokenKeys::generate(&*entropy).unwrap();
    let (ids, clock) = (world.ids.clone(), world.clock.clone());
    let auth = Auth::new(world.store.clone(), keys, ids, clock, entropy, AuthConfig::quick()).unwrap();
    auth.authenticate_cookie(cookie.expose()).await.unwrap();
    let before = world.store.operations();
    auth.authenticate_cookie(cookie.expose()).await.unwrap();
    assert_eq!(world.store.operations() - before, 2);
}

#[tokio::test]
async fn the_use_of_a_session_is_written_down_once_a_minute() {
    let world = World::new().await;
    let (caller, cookie) = world.caller("root").await;
    let before = world.store.operations();
    for _ in 0..10 {
        world.clock.advance(MINUTE / 4);
        world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    }
    // Each minute: one write, and session and account are read again.
    assert_eq!(world.store.operations() - before, 2 * 3);
    let record = world.store.session(caller.session).await.unwrap().unwrap();
    assert_eq!(record.last_seen_at.since(record.created_at), MINUTE * 2);
}

#[tokio::test]
async fn an_access_token_ends_after_ten_minutes_by_the_clock_and_never_outlives_its_session() {
    let world = World::new().await;
    let signed_in = world.sign_in("root", Transport::Token).await;
    let tokens = signed_in.tokens.unwrap();
    world.clock.advance(std::time::Duration::from_secs(599));
    world.auth.authenticate_bearer(tokens.access_token.expose()).await.unwrap();
    world.clock.set(tokens.expires_at);
    let refused = world.auth.authenticate_bearer(tokens.access_token.expose()).await;
    assert!(matches!(refused, Err(AuthError::TokenExpired)));

    let mut refresh = tokens.refresh_token;
    for _ in 0..3 {
        world.clock.set(
            world.store.session(signed_in.session.id).await.unwrap().unwrap().last_seen_at.plus(DAY * 9),
        );
        refresh = world.auth.refresh(refresh.expose()).await.unwrap().refresh_token;
    }
    world.clock.set(signed_in.session.expires_at.minus(MINUTE));
    let last = world.auth.refresh(refresh.expose()).await.unwrap();
    assert_eq!(last.expires_at, signed_in.session.expires_at);
}

#[tokio::test]
async fn a_holder_narrows_a_token_and_only_the_named_operation_passes() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
    let world = World::new().await;
    let whole = world.sign_in("root", Transport::Token).await.tokens.unwrap().access_token;
    let bytes = URL_SAFE_NO_PAD.decode(whole.expose()).unwrap();
    let block = biscuit_auth::BlockBuilder::new().code(r#"check if operation("read");"#).unwrap();
    let narrowed =
        biscuit_auth::UnverifiedBiscuit::from(bytes).unwrap().append(block).unwrap().to_vec().unwrap();
    let narrowed = URL_SAFE.encode(narrowed);
    let (read, write) = (Purpose::read("messages.window"), Purpose::write("messages.post"));
    world.auth.authenticate_bearer_for(&narrowed, read).await.unwrap();
    for refused in [
        world.auth.authenticate_bearer_for(&narrowed, write).await,
        world.auth.authenticate_bearer(&narrowed).await,
    ] {
        assert!(matches!(refused, Err(AuthError::Restricted)), "{refused:?}");
    }
    let caller = world.auth.authenticate_bearer_for(whole.expose(), write).await.unwrap();
    world.auth.sign_out(&caller).await.unwrap();
    assert!(
        ended(world.auth.authenticate_bearer_for(&narrowed, write).await),
        "nobody learns what it allows"
    );
}

#[tokio::test]
async fn a_new_role_counts_at_once_and_access_tokens_are_exchanged() {
    let world = World::new().await;
    let ada = world.add("ada", "member").await;
    let (_, cookie) = world.caller("ada").await;
    let tokens = world.sign_in("ada", Transport::Token).await.tokens.unwrap();
    world.auth.authenticate_bearer(tokens.access_token.expose()).await.unwrap();
    let mut changes = world.auth.changed();
    let promote = UserChange { role: Some("admin".to_owned()), ..UserChange::default() };
    world.auth.update_user(&world.actor("root").await, ada, promote).await.unwrap();

    let caller = world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
    assert!(caller.actor.system.has(Permission::SystemManage));
    let stale = world.auth.authenticate_bearer(tokens.access_token.expose()).await;
    assert!(matches!(stale, Err(AuthError::TokenExpired)));
    let fresh = world.auth.refresh(tokens.refresh_token.expose()).await.unwrap();
    let caller = world.auth.authenticate_bearer(fresh.access_token.expose()).await.unwrap();
    assert_eq!(caller.account.role, "admin");
    let change = changes.try_recv().unwrap();
    assert!(change.user.id == ada && change.rights);
}

#[tokio::test]
async fn disabling_ends_every_way_in_at_once() {
    let world = World::new().await;
    let ada = world.add("ada", "member").await;
    let (_, cookie) = world.caller("ada").await;
    let tokens = world.sign_in("ada", Transport::Token).await.tokens.unwrap();
    world.auth.authenticate_bearer(tokens.access_token.expose()).await.unwrap();
    let mut notices = world.auth.ended();
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    world.auth.update_user(&world.actor("root").await, ada, disable).await.unwrap();
    assert!(ended(world.auth.authenticate_cookie(cookie.expose()).await));
    assert!(ended(world.auth.authenticate_bearer(tokens.access_token.expose()).await));
    let refused = world.auth.refresh(tokens.refresh_token.expose()).await;
    assert!(matches!(refused, Err(AuthError::TokenInvalid)));
    assert_eq!(notices.try_recv().unwrap(), SessionsEnded { user: ada, which: Ended::All });
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_keeps_this_one() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let (caller, cookie) = world.caller("ada").await;
    let (_, other) = world.caller("ada").await;
    let renewed =
        world.auth.change_password(&caller, secret(PASSWORD), secret(OTHER_PASSWORD)).await.unwrap();
    assert!(ended(world.auth.authenticate_cookie(other.expose()).await));
    assert!(
        ended(world.auth.authenticate_cookie(cookie.expose()).await),
        "who knew the former cookie is out"
    );
    let renewed = renewed.unwrap();
    let known = world.auth.authenticate_cookie(renewed.value.expose()).await.unwrap();
    assert_eq!(known.session, caller.session, "it is the same session under another cookie");
    assert_eq!(renewed.expires_at, world.auth.sessions(&known, None, 1).await.unwrap().items[0].expires_at);
    world.auth.recheck(caller.actor.user, caller.session).await.unwrap();
}

#[tokio::test]
async fn a_new_password_leaves_a_session_of_tokens_to_its_refresh_token() {
    let world = World::new().await;
    world.add("ada", "member").await;
    let tokens = world.sign_in("ada", Transport::Token).await.tokens.unwrap();
    let caller = world.auth.authenticate_bearer(tokens.access_token.expose()).await.unwrap();
    let cookie = world.auth.change_password(&caller, secret(PASSWORD), secret(OTHER_PASSWORD)).await.unwrap();
    assert!(cookie.is_none(), "nobody gets a cookie who had none");
    let expired = world.auth.authenticate_bearer(tokens.access_token.expose()).await;
    assert!(matches!(expired, Err(AuthError::TokenExpired)));
    world.auth.refresh(tokens.refresh_token.expose()).await.unwrap();
}

#[tokio::test]
async fn a_password_set_by_an_administrator_ends_all_sessions() {
    let world = World::new().await;
    let ada = world.add("ada", "member").await;
    let (_, cookie) = world.caller("ada").await;
    let change = UserChange { password: Some(secret(OTHER_PASSWORD)), ..UserChange::default() };
    world.auth.update_user(&Actor::system(), ada, change).await.unwrap();
    assert!(ended(world.auth.authenticate_cookie(cookie.expose()).await));
    world.auth.sign_in("ada", secret(OTHER_PASSWORD), Transport::Cookie, None, None).await.unwrap();
}

#[tokio::test]
async fn sessions_whose_time_is_over_are_removed_from_the_store() {
    let world = World::new().await;
    let (caller, _) = world.caller("root").await;
    assert_eq!(world.auth.purge_sessions().await.unwrap(), 0);
    world.clock.advance(DAY * 31);
    assert_eq!(world.auth.purge_sessions().await.unwrap(), 2);
    assert!(world.store.session(caller.session).await.unwrap().is_none());
}
