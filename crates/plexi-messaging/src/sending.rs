//! Group commit: sends wait in a bounded queue; whatever waits is stored with one sync to disk, then answered, then
//! announced. While the store works, the next sends gather.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plexi_core::{ChannelId, MessageId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::error::{MessagingError, StoreError};
use crate::event::ChannelEvent;
use crate::hub::Hub;
use crate::messaging::{Messaging, PULSE};
use crate::ports::{NewMessage, Posted};

/// How often a message whose key collides gets a new one.
const MOST_COLLISIONS: u32 = 3;

/// A message that waits to be stored, and who waits for it.
pub(crate) struct Job {
    message: NewMessage,
    answer: oneshot::Sender<Result<Posted, MessagingError>>,
    room: Room,
}

/// A share of the bytes that may wait.
struct Room {
    bytes: usize,
    waiting: Arc<AtomicUsize>,
}

impl Room {
    fn take(waiting: &Arc<AtomicUsize>, bytes: usize, most: usize) -> Option<Self> {
        let before = waiting.fetch_add(bytes, Ordering::Relaxed);
        let room = Self { bytes, waiting: Arc::clone(waiting) };
        // A single message larger than the limit passes when nothing else waits.
        (before == 0 || before + bytes <= most).then_some(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Events that are stored and not announced yet. When the sender dies with them, the hub brings them from the store.
struct Unannounced<'a> {
    hub: &'a Hub,
    events: Vec<ChannelEvent>,
}

impl Drop for Unannounced<'_> {
    fn drop(&mut self) {
        for event in &self.events {
            self.hub.mark_stale(event.channel_id);
        }
    }
}

/// Channels that are written to. When the sender dies meanwhile, the hub looks into the store for what came of it.
struct Writing<'a> {
    hub: &'a Hub,
    channels: Vec<ChannelId>,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        for channel in &self.channels {
            self.hub.mark_stale(*channel);
        }
    }
}

/// What became of a message in the store.
type Outcome = Result<Posted, StoreError>;

impl Messaging {
    /// Stores a message with the next batch. When the caller goes away, it is stored all the same.
    pub(crate) async fn store_message(&self, message: NewMessage) -> Result<Posted, MessagingError> {
        let since = Instant::now();
        let most = usize::try_from(self.0.config.get().send_queue_mib).unwrap_or(64).saturating_mul(1 << 20);
        let bytes = message.text.len() + message.index.len() + size_of::<NewMessage>();
        let room = Room::take(&self.0.waiting_bytes, bytes, most).ok_or(MessagingError::Overloaded)?;
        let (answer, answered) = oneshot::channel();
        self.0.sends.try_send(Job { message, answer, room }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => MessagingError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => MessagingError::Stopping,
        })?;
        let posted = answered.await.map_err(|_| MessagingError::Stopping)?;
        self.0.timings.note("store", since);
        posted
    }

    pub(crate) async fn run_sends(
        &self,
        receiver: &mut mpsc::Receiver<Job>,
        stop: CancellationToken,
        beat: impl Fn() + Send,
    ) {
        let mut jobs: Vec<Job> = Vec::new();
        // Announcing a batch can take longer than a sync when many listen: it happens while the next is stored.
        let mut unannounced = Unannounced { hub: &self.0.hub, events: Vec::new() };
        let mut pulse = tokio::time::interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // How many waited when the word to stop came. What comes later waits for the next run: or this one would go on for as
        // long as people talk.
        let mut left: Option<usize> = None;
        loop {
            let most = usize::try_from(self.0.config.get().batch).unwrap_or(256).max(1);
            if left.is_none() && stop.is_cancelled() {
                left = Some(receiver.len());
            }
            while jobs.len() < most
                && left != Some(0)
                && let Ok(job) = receiver.try_recv()
            {
                jobs.push(job);
                left = left.map(|left| left - 1);
            }
            if jobs.is_empty() && unannounced.events.is_empty() {
                if left.is_some() {
                    return;
                }
                tokio::select! {
                    biased;
                    () = stop.cancelled() => {}
                    taken = receiver.recv_many(&mut jobs, most) => if taken == 0 { return },
                    _ = pulse.tick() => {}
                }
                beat();
                continue;
            }
            beat();
            let announce = async {
                let since = Instant::now();
                for event in &unannounced.events {
                    self.0.hub.publish(event);
                }
                if !unannounced.events.is_empty() {
                    self.0.timings.note("broadcast", since);
                }
            };
            let (events, ()) = futures_util::future::join(self.commit(&mut jobs), announce).await;
            unannounced.events = events;
        }
    }

    /// Stores a batch, answers each caller, and returns the events to be announced in order.
    async fn commit(&self, jobs: &mut Vec<Job>) -> Vec<ChannelEvent> {
        if jobs.is_empty() {
            return Vec::new();
        }
        let (mut messages, answers): (Vec<_>, Vec<_>) =
            jobs.drain(..).map(|job| (job.message, (job.answer, job.room))).unzip();
        let channels = messages.iter().map(|message| message.channel_id).collect();
        let mut writing = Writing { hub: &self.0.hub, channels };
        let outcomes = self.post_batch(&mut messages).await;
        writing.channels.clear();
        let mut events = Vec::new();
        let mut doubtful = BTreeSet::new();
        for ((message, (answer, room)), outcome) in messages.iter().zip(answers).zip(outcomes) {
            let outcome = match outcome {
                Ok(mut posted) => {
                    events.extend(posted.event.take());
                    Ok(posted)
                }
                Err(error) => {
                    doubtful.insert(message.channel_id);
                    Err(error.into())
                }
            };
            drop(room);
            // A caller who went away needs no answer.
            let _ = answer.send(outcome);
        }
        for channel in doubtful {
            self.0.hub.mark_stale(channel);
        }
        events
    }

    /// Stores messages in one transaction; those whose keys collide get new ones and are tried again.
    async fn post_batch(&self, messages: &mut [NewMessage]) -> Vec<Outcome> {
        let mut outcomes = self.post_once(messages).await;
        for _ in 0..MOST_COLLISIONS {
            let again: Vec<usize> = (0..messages.len()).filter(|at| is_collision(&outcomes[*at])).collect();
            if again.is_empty() {
                break;
            }
            let mut retried = Vec::with_capacity(again.len());
            for at in &again {
                match self.0.ids.next::<MessageId>() {
                    Ok(id) => messages[*at].id = id,
                    Err(error) => tracing::error!(%error, "no new message id"),
                }
                retried.push(messages[*at].clone());
            }
            tracing::info!(count = again.len(), "message keys collided, taking new ones");
            for (at, outcome) in again.into_iter().zip(self.post_once(&retried).await) {
                outcomes[at] = outcome;
            }
        }
        outcomes
    }

    async fn post_once(&self, messages: &[NewMessage]) -> Vec<Outcome> {
        match self.0.store.post(messages).await {
            Ok(outcomes) if outcomes.len() == messages.len() => outcomes,
            Ok(_) => messages
                .iter()
                .map(|_| Err(StoreError::Failed("wrong number of outcomes".to_owned())))
                .collect(),
            Err(error) => {
                tracing::error!(%error, count = messages.len(), "messages could not be stored");
                messages.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }

    /// Posts a note of what happened, as a message of the actor. The change it notes is done: a failure is logged.
    pub(crate) async fn note(&self, message: NewMessage) {
        let channel: ChannelId = message.channel_id;
        let outcome = self
            .change(
                channel,
                async {
                    self.post_batch(&mut [message])
                        .await
                        .pop()
                        .unwrap_or_else(|| Err(StoreError::Failed("no outcome".to_owned())))
                },
                |posted| posted.event.as_ref(),
            )
            .await;
        if let Err(error) = outcome {
            tracing::warn!(%channel, %error, "a system message could not be stored");
        }
    }
}

fn is_collision(outcome: &Outcome) -> bool {
    matches!(outcome, Err(StoreError::Conflict("id")))
}
