//! Connections that are made again when they are lost.

use std::pin::pin;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, RedisError};
use futures_util::{Stream, StreamExt as _};
use tokio::time::{sleep, timeout};

use super::Parts;

/// How long a connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the server still answers, and something is said that all nodes hear.
const LOOK: Duration = Duration::from_secs(2);
/// Where nothing is heard for so long, not even what this node says itself, nothing will be.
const SILENCE: Duration = Duration::from_secs(10);
/// What is said to be heard, and says nothing.
const BEAT: &[u8] = &[];
/// The first wait before another connection is tried; it doubles with each failure.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The longest message that is read.
const LONGEST_MESSAGE: usize = 64 << 10;

/// Connects, hears, and connects again; never ends.
pub(super) async fn keep(parts: &Parts) {
    let mut wait = FIRST_WAIT;
    loop {
        match timeout(PATIENCE, connect(parts)).await {
            Ok(Ok((questions, hearing))) => {
                tracing::info!("connected to Redis");
                parts.connection.send_replace(Some(questions.clone()));
                // What was said while nobody listened is not known.
                parts.listeners.each(|listener| listener.lost());
                wait = FIRST_WAIT;
                tokio::select! {
                    () = hear(parts, heard(hearing)) => {}
                    () = watch(parts, questions) => {}
                    () = given_up(parts) => {}
                }
                parts.connection.send_replace(None);
                tracing::warn!("lost the connection to Redis");
            }
            Ok(Err(error)) => tracing::debug!(why = error.category(), "no connection to Redis"),
            Err(_) => tracing::debug!(why = "no answer in time", "no connection to Redis"),
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn connect(parts: &Parts) -> Result<(MultiplexedConnection, ::redis::aio::PubSub), RedisError> {
    let mut hearing = parts.client.get_async_pubsub().await?;
    hearing.subscribe(parts.channel()).await?;
    // The deadline of each question is the cache's own.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let questions = parts.client.get_multiplexed_async_connection_with_config(&config).await?;
    Ok((questions, hearing))
}

/// What is heard on a connection.
fn heard(hearing: ::redis::aio::PubSub) -> impl Stream<Item = Vec<u8>> {
    hearing.into_on_message().map(|message| message.get_payload_bytes().to_vec())
}

/// Passes on what is heard, until the connection ends or is silent.
async fn hear(parts: &Parts, messages: impl Stream<Item = Vec<u8>>) {
    let mut messages = pin!(messages);
    while let Ok(Some(message)) = timeout(SILENCE, messages.next()).await {
        if message.len() > LONGEST_MESSAGE {
            tracing::warn!(
                security = true,
                length = message.len(),
                "heard nonsense on the bus of invalidations"
            );
            parts.listeners.each(|listener| listener.lost());
        } else if message != BEAT {
            parts.listeners.each(|listener| listener.heard(&message));
        }
    }
}

/// Looks from time to time whether the server answers, by saying something that is heard; ends when it does not.
async fn watch(parts: &Parts, mut questions: MultiplexedConnection) {
    loop {
        let mut beat = ::redis::cmd("PUBLISH");
        beat.arg(parts.channel()).arg(BEAT);
        if beat.query_async::<()>(&mut questions).await.is_err() {
            return;
        }
        sleep(LOOK).await;
    }
}

/// Ends when a question found the connection broken.
async fn given_up(parts: &Parts) {
    // infallible: the sender lives as long as its parts
    let _ = parts.connection.subscribe().wait_for(Option::is_none).await;
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::time::Instant;

    use super::*;
    use crate::redis::{Redis, RedisOptions};

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nothing_is_heard_any_more_is_given_up_and_one_with_beats_is_not() {
        let redis = Redis::new(RedisOptions::new("redis://localhost/".to_owned().into())).unwrap();
        let start = Instant::now();
        hear(&redis.0, stream::pending()).await;
        assert_eq!(start.elapsed(), SILENCE);
        let beats = stream::unfold(0, |said| async move {
            sleep(LOOK).await;
            (said < 100).then(|| (BEAT.to_vec(), said + 1))
        });
        let start = Instant::now();
        hear(&redis.0, beats.chain(stream::pending())).await;
        assert_eq!(start.elapsed(), LOOK * 100 + SILENCE);
    }
}
