use std::time::Duration;

use plexi_auth::{AuthError, REFRESH_RETRY, Transport};

use crate::world::{DAY, World};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn each_refresh_token_gives_the_next_pair() {
    let world = World::new().await;
    let signed_in = world.sign_in("root", Transport::Token).await;
    let mut tokens = signed_in.tokens.unwrap();
    for _ in 0..5 {
        world.clock.advance(SECOND * 600);
        let next = world.auth.refresh(tokens.refresh_token.expose()).await.unwrap();
        assert_ne!(next.refresh_token.expose(), tokens.refresh_token.expose());
        let caller = world.auth.authenticate_bearer(next.access_token.expose()).await.unwrap();
        assert_eq!(caller.session, signed_in.session.id);
        tokens = next;
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_within_ten_seconds() {
    let world = World::new().await;
    let first = world.sign_in("root", Transport::Token).await.tokens.unwrap();
    let second = world.auth.refresh(first.refresh_token.expose()).await.unwrap();
    world.clock.advance(REFRESH_RETRY);
    let again = world.auth.refresh(first.refresh_token.expose()).await.unwrap();
    assert_eq!(again.refresh_token.expose(), second.refresh_token.expose());
    world.auth.authenticate_bearer(again.access_token.expose()).await.unwrap();
    world.auth.refresh(second.refresh_token.expose()).await.unwrap();
}

#[tokio::test]
async fn a_token_used_again_after_ten_seconds_ends_the_session_and_tells_who_listens() {
    let world = World::new().await;
    let signed_in = world.sign_in("root", Transport::Token).await;
    let first = signed_in.tokens.unwrap();
    let second = world.auth.refresh(first.refresh_token.expose()).await.unwrap();
    let mut notices = world.auth.ended();
    world.clock.advance(REFRESH_RETRY + SECOND);
    let reused = world.auth.refresh(first.refresh_token.expose()).await;
    assert!(matches!(reused, Err(AuthError::RefreshReused)));
    assert!(notices.try_recv().unwrap().covers(signed_in.me.user.id, signed_in.session.id));
    let dead = world.auth.authenticate_bearer(second.access_token.expose()).await;
    assert!(matches!(dead, Err(AuthError::SessionEnded)));
    let dead = world.auth.refresh(second.refresh_token.expose()).await;
    assert!(matches!(dead, Err(AuthError::TokenInvalid)));
}

#[tokio::test]
async fn a_token_older_than_the_last_ends_the_session_at_once() {
    let world = World::new().await;
    let first = world.sign_in("root", Transport::Token).await.tokens.unwrap();
    let second = world.auth.refresh(first.refresh_token.expose()).await.unwrap();
    let third = world.auth.refresh(second.refresh_token.expose()).await.unwrap();
    let reused = world.auth.refresh(first.refresh_token.expose()).await;
    assert!(matches!(reused, Err(AuthError::RefreshReused)));
    let dead = world.auth.refresh(third.refresh_token.expose()).await;
    assert!(matches!(dead, Err(AuthError::TokenInvalid)));
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused_and_ends_nothing() {
    let world = World::new().await;
    let cookie = world.sign_in("root", Transport::Cookie).await.cookie.unwrap();
    let long = "x".repeat(1 << 20);
    for text in ["", "x", &long, cookie.expose()] {
        assert!(matches!(world.auth.refresh(text).await, Err(AuthError::TokenInvalid)));
    }
    world.auth.authenticate_cookie(cookie.expose()).await.unwrap();
}

#[tokio::test]
async fn refreshing_keeps_a_session_seen_and_does_not_wake_one_whose_time_is_over() {
    let world = World::new().await;
    let mut tokens = world.sign_in("root", Transport::Token).await.tokens.unwrap();
    for _ in 0..2 {
        world.clock.advance(DAY * 13);
        tokens = world.auth.refresh(tokens.refresh_token.expose()).await.unwrap();
    }
    world.clock.advance(DAY * 4);
    let over = world.auth.refresh(tokens.refresh_token.expose()).await;
    assert!(matches!(over, Err(AuthError::SessionEnded)), "30 days are over");

    let idle = world.sign_in("root", Transport::Token).await.tokens.unwrap();
    world.clock.advance(DAY * 14);
    let over = world.auth.refresh(idle.refresh_token.expose()).await;
    assert!(matches!(over, Err(AuthError::SessionEnded)), "two weeks unseen are over");
}
