//! Connections that are made again when they are lost.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, RedisError};
use futures_util::StreamExt as _;
use tokio::time::{sleep, timeout};

use super::Parts;
use crate::bus::Invalidation;

/// How long a connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the server still answers.
const LOOK: Duration = Duration::from_secs(2);
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
                    () = hear(parts, hearing) => {}
                    () = watch(questions) => {}
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

/// Passes on what is heard, until the connection ends.
async fn hear(parts: &Parts, mut hearing: ::redis::aio::PubSub) {
    let mut messages = hearing.on_message();
    while let Some(message) = messages.next().await {
        let bytes = message.get_payload_bytes();
        let invalidation = Some(bytes)
            .filter(|bytes| bytes.len() <= LONGEST_MESSAGE)
            .and_then(|bytes| postcard::from_bytes::<Invalidation>(bytes).ok());
        if let Some(invalidation) = invalidation {
            parts.listeners.each(|listener| listener.heard(&invalidation));
        } else {
            let length = bytes.len();
            tracing::warn!(security = true, length, "heard nonsense on the bus of invalidations");
            // It may have been one, from another version of this program.
            parts.listeners.each(|listener| listener.lost());
        }
    }
}

/// Looks from time to time whether the server answers; ends when it does not.
async fn watch(mut questions: MultiplexedConnection) {
    loop {
        sleep(LOOK).await;
        if ::redis::cmd("PING").query_async::<()>(&mut questions).await.is_err() {
            return;
        }
    }
}

/// Ends when a question found the connection broken.
async fn given_up(parts: &Parts) {
    // infallible: the sender lives as long as its parts
    let _ = parts.connection.subscribe().wait_for(Option::is_none).await;
}
