//! Runs the streams of HTTP/2, none for longer than a request may take.

use std::time::Duration;

use hyper::rt::Executor;
use hyper_util::rt::TokioExecutor;

/// Runs what it is given as a task, and drops it when it has not ended `within` that time. A peer of HTTP/2 can refuse an answer
/// while the connection itself flows, by giving the stream no window: only the time of the whole stream tells.
#[derive(Clone, Debug)]
pub(super) struct Bounded {
    pub(super) within: Duration,
}

impl<F> Executor<F> for Bounded
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, stream: F) {
        let within = self.within;
        TokioExecutor::new().execute(async move {
            if tokio::time::timeout(within, stream).await.is_err() {
                tracing::debug!("stream given up, its answer was not taken");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_does_not_end_is_dropped_in_time() {
        let (held, dropped) = tokio::sync::oneshot::channel::<()>();
        let began = Instant::now();
        Bounded { within: Duration::from_secs(90) }.execute(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        assert!(dropped.await.is_err(), "the stream ended by itself");
        assert_eq!(began.elapsed().as_secs(), 90);
    }
}
