use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The wish that a child stops. A token that others may hold is made when somebody asks for one: most children never do, and it weighs
/// more than all the rest.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    asked: AtomicBool,
    heard: Notify,
    token: OnceLock<CancellationToken>,
}

impl Stop {
    /// Asks.
    pub(crate) fn ask(&self) {
        self.asked.store(true, Ordering::Release);
        self.heard.notify_waiters();
        // Whoever makes a token either sees the wish or is seen here.
        fence(Ordering::SeqCst);
        if let Some(token) = self.token.get() {
            token.cancel();
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Waits for the wish.
    pub(crate) async fn asked(&self) {
        // Before the look: what is told from here on is heard.
        let heard = self.heard.notified();
        if !self.is_asked() {
            heard.await;
        }
    }

    /// A token that is cancelled with the wish.
    pub(crate) fn token(&self) -> CancellationToken {
        let token = self.token.get_or_init(CancellationToken::new).clone();
        fence(Ordering::SeqCst);
        if self.is_asked() {
            token.cancel();
        }
        token
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn who_waits_and_who_comes_later_hear_the_wish() {
        let stop = Arc::new(Stop::default());
        let (before, waits) = (stop.token(), Arc::clone(&stop));
        let mut waiting = Box::pin(async move { waits.asked().await });
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(!stop.is_asked() && !before.is_cancelled());
        stop.ask();
        waiting.await;
        stop.asked().await;
        assert!(stop.is_asked() && before.is_cancelled() && stop.token().is_cancelled());
    }

    #[test]
    fn a_token_made_while_the_wish_is_told_is_cancelled() {
        for _ in 0..1_000 {
            let stop = Stop::default();
            let token = std::thread::scope(|scope| {
                let making = scope.spawn(|| stop.token());
                stop.ask();
                making.join().unwrap()
            });
            assert!(token.is_cancelled());
        }
    }
}
