//! Fifty at once, several times: what may succeed once succeeds once.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use plexi_auth::{AuthError, Transport};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::world::{World, person};

const AT_ONCE: usize = 50;
const ROUNDS: usize = 5;

async fn all_at_once<T, F>(make: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for number in 0..AT_ONCE {
        let (start, task) = (start.clone(), make(number));
        tasks.spawn(async move {
            start.wait().await;
            task.await
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_token_has_one_successor() {
    let world = World::new().await;
    for _ in 0..ROUNDS {
        let tokens = world.sign_in("root", Transport::Token).await.tokens.unwrap();
        let answers = all_at_once(|_| {
            let (auth, token) = (world.auth.clone(), tokens.refresh_token.clone());
            async move { auth.refresh(token.expose()).await.unwrap().refresh_token.expose().clone() }
        })
        .await;
        assert_eq!(answers.len(), AT_ONCE);
        let next: HashSet<String> = answers.into_iter().collect();
        assert_eq!(next.len(), 1, "all hold the same next token and no second family begins");
        world.auth.refresh(next.iter().next().unwrap()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_invitation_for_one_lets_one_in() {
    let world = World::new().await;
    let root = world.actor("root").await;
    for round in 0..ROUNDS {
        let (_, code) = world.auth.create_invitation(&root, world.space(), "member", 1, 1).await.unwrap();
        let answers = all_at_once(|number| {
            let (auth, code) = (world.auth.clone(), code.clone());
            let person = person(&format!("user-{round}x{number}x"));
            async move { auth.register(code.expose(), person, Transport::Token, None).await }
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(AuthError::InvitationInvalid))));
    }
    assert_eq!(world.store.memberships().len(), ROUNDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_is_given_once() {
    let world = World::new().await;
    let root = world.actor("root").await;
    for round in 0..ROUNDS {
        let answers = all_at_once(|_| {
            let (auth, root, person) = (world.auth.clone(), root.clone(), person(&format!("same-{round}")));
            async move { auth.create_user(&root, person, None).await }
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(AuthError::NameTaken))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn set_up_makes_one_administrator() {
    for _ in 0..ROUNDS {
        let world = World::empty();
        let token = Arc::new(world.auth.prepare().await.unwrap().unwrap());
        let answers = all_at_once(|number| {
            let (auth, token, person) =
                (world.auth.clone(), token.clone(), person(&format!("root{number}x")));
            async move { auth.set_up(token.expose(), person, Transport::Cookie, None).await }
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        // Whoever came after the door was closed finds it closed, or the token gone.
        let closed = |error: &AuthError| {
            matches!(
                error,
                AuthError::SetupClosed | AuthError::SetupTokenInvalid | AuthError::TooManyAttempts(_)
            )
        };
        assert!(answers.iter().all(|answer| answer.as_ref().err().is_none_or(closed)));
        assert!(!world.auth.setup_open().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_administrators_who_demote_each_other_one_stays() {
    for _ in 0..ROUNDS {
        let world = World::new().await;
        world.add("second", "admin").await;
        let (root, second) = (world.actor("root").await, world.actor("second").await);
        let answers = all_at_once(|number| {
            let (actor, target) = if number % 2 == 0 { (&root, &second) } else { (&second, &root) };
            let (auth, actor, target) = (world.auth.clone(), actor.clone(), target.user);
            let demote = plexi_auth::UserChange { role: Some("member".to_owned()), ..Default::default() };
            async move { auth.update_user(&actor, target, demote).await.is_ok() }
        })
        .await;
        assert!(answers.iter().any(|done| *done));
        let admins = [root.user, second.user];
        let mut left = 0;
        for id in admins {
            use plexi_auth::ports::AccountStore as _;
            left += usize::from(world.store.account(id).await.unwrap().unwrap().role == "admin");
        }
        assert_eq!(left, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_ends_while_it_is_used_does_not_come_back() {
    let world = World::new().await;
    for _ in 0..ROUNDS {
        let (caller, cookie) = world.caller("root").await;
        let _ = all_at_once(|number| {
            let (auth, caller, cookie) = (world.auth.clone(), caller.clone(), cookie.clone());
            async move {
                if number == AT_ONCE / 2 {
                    auth.sign_out(&caller).await.unwrap();
                } else {
                    let _ = auth.authenticate_cookie(cookie.expose()).await;
                }
            }
        })
        .await;
        let after = world.auth.authenticate_cookie(cookie.expose()).await;
        assert!(matches!(after, Err(AuthError::SessionEnded)));
    }
}
