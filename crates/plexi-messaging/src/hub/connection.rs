use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use plexi_core::{ChannelId, SessionId, UserId};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::frame::{CloseReason, OutFrame, Outgoing};
use super::presence::PresenceState;
use super::queue::{Limits, Queue};
use super::{Hub, lock};

/// The id of a connection, unique in one run of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(super) u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// A connection as the hub knows it. A few hundred bytes when nothing waits.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) user: UserId,
    pub(super) session: Option<SessionId>,
    queue: Mutex<Queue>,
    ready: Notify,
    pub(super) room: Notify,
    pub(super) replaying: tokio::sync::Mutex<()>,
    state: AtomicU8,
    sees_everybody: AtomicBool,
    pub(super) watching: Mutex<Vec<UserId>>,
    pub(super) typed: Mutex<Vec<(ChannelId, Instant)>>,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        user: UserId,
        session: Option<SessionId>,
        sees_everybody: bool,
    ) -> Self {
        Self {
            id,
            user,
            session,
            queue: Mutex::default(),
            ready: Notify::new(),
            room: Notify::new(),
            replaying: tokio::sync::Mutex::new(()),
            state: AtomicU8::new(PresenceState::Online as u8),
            sees_everybody: AtomicBool::new(sees_everybody),
            watching: Mutex::default(),
            typed: Mutex::default(),
        }
    }

    pub(super) fn push(&self, frame: &OutFrame, limits: Limits) {
        if lock(&self.queue).push(frame, limits) {
            self.ready.notify_one();
        }
    }

    pub(super) fn close(&self, reason: CloseReason) {
        if lock(&self.queue).close(reason) {
            self.ready.notify_one();
            self.room.notify_one();
        }
    }

    fn close_saying(&self, reason: CloseReason, last: OutFrame) {
        if lock(&self.queue).close_saying(reason, last) {
            self.ready.notify_one();
            self.room.notify_one();
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        lock(&self.queue).is_closing()
    }

    /// Something to be done with the queue, after which the reader is woken if it says so.
    pub(super) fn with_queue<T>(&self, work: impl FnOnce(&mut Queue) -> (T, bool)) -> T {
        let (result, wake) = work(&mut lock(&self.queue));
        if wake {
            self.ready.notify_one();
        }
        result
    }

    pub(super) fn sees_everybody(&self) -> bool {
        self.sees_everybody.load(Ordering::Relaxed)
    }

    pub(super) fn presence(&self) -> PresenceState {
        if self.state.load(Ordering::Relaxed) == PresenceState::Away as u8 {
            PresenceState::Away
        } else {
            PresenceState::Online
        }
    }

    /// True when it is another one than before.
    pub(super) fn set_presence(&self, state: PresenceState) -> bool {
        self.state.swap(state as u8, Ordering::Relaxed) != state as u8
    }
}

/// A connection of a user: its frames come out here. Dropping it disconnects.
///
/// One task reads it with [`Subscription::receive`]. Answers to the client's own requests go through
/// [`Subscription::push`], so that they keep their place among the events.
pub struct Subscription {
    hub: Hub,
    connection: Arc<Connection>,
}

impl Subscription {
    pub(super) fn new(hub: Hub, connection: Arc<Connection>) -> Self {
        Self { hub, connection }
    }

    /// The id of the connection.
    pub fn id(&self) -> ConnectionId {
        self.connection.id
    }

    /// Whose it is.
    pub fn user(&self) -> UserId {
        self.connection.user
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Waits until something is to be sent, appends at most `most` (at least 1) of it to `out`, and says how
    /// many. 0: closed, and [`Outgoing::Close`] was handed out before. Dropping the future loses nothing.
    pub async fn receive(&self, out: &mut Vec<Outgoing>, most: usize) -> usize {
        loop {
            let taken = self.try_receive(out, most);
            if taken != Some(0) {
                return taken.unwrap_or(0);
            }
            self.connection.ready.notified().await;
        }
    }

    /// As [`Subscription::receive`], without waiting: `Some(0)` when nothing is to be sent yet, `None` when closed.
    pub fn try_receive(&self, out: &mut Vec<Outgoing>, most: usize) -> Option<usize> {
        let taken = lock(&self.connection.queue).take(out, most.max(1));
        if taken.is_some_and(|count| count > 0) {
            self.connection.room.notify_one();
        }
        taken
    }

    /// Puts a frame into the queue, behind what waits. A full queue closes the connection.
    pub fn push(&self, frame: &OutFrame) {
        self.connection.push(frame, self.hub.limits());
    }

    /// Notes whether all accounts of the server exist for the user now, see [`Actor::sees_everybody`](plexi_core::Actor::sees_everybody).
    /// Whom the connection may not watch any more it is told nothing of, as soon as
    /// [`Messaging::run_sender`](crate::Messaging::run_sender) has asked the store.
    pub fn set_sees_everybody(&self, sees: bool) {
        let before = self.connection.sees_everybody.swap(sees, Ordering::Relaxed);
        if before && !sees {
            self.hub.mark_listening_stale([self.connection.user]);
        }
    }

    /// Closes the connection; the reader gets [`Outgoing::Close`].
    pub fn close(&self, reason: CloseReason) {
        self.connection.close(reason);
    }

    /// As [`Subscription::close`], with a last frame that leaves before it, such as the answer that tells why.
    pub fn close_saying(&self, reason: CloseReason, last: OutFrame) {
        self.connection.close_saying(reason, last);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.connection.close(CloseReason::Policy);
        self.hub.unregister(&self.connection);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id()).field("user", &self.user()).finish()
    }
}
