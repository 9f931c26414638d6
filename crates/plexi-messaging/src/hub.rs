//! The real-time hub: who is connected, what they listen to, and what they are sent.
//!
//! A frame is encoded once and shared; a connection holds a bounded queue of such frames. Publishing
//! an event costs nothing for members who are not connected. Events of a channel are delivered in
//! order of `seq`: when one arrives ahead of its turn, the channel is marked stale, and the service
//! brings what is missing from the store (see [`crate::Messaging::run_sender`]).
//!
//! Locks are taken in one order: user, channel, queue. None is held across an await.

mod connection;
mod frame;
mod line;
mod packed;
mod presence;
mod queue;
mod replay;
mod typing;
mod users;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dashmap::DashMap;
use plexi_core::{ChannelId, Current, SessionId, UserId};
use tokio::sync::Notify;

pub use connection::{ConnectionId, Subscription};
pub use frame::{CloseReason, OutFrame, Outgoing, ServerFrame};
pub use presence::PresenceState;

pub(crate) use presence::MOST_WATCHED;
pub(crate) use replay::Catching;
pub use replay::CaughtUp;
pub(crate) use users::ChangedChannels;

use crate::config::HubConfig;
use crate::event::ChannelEvent;
use connection::Connection;
use line::ChannelLine;
use queue::Limits;
use users::UserLine;

/// The hub. Cheap to clone; all clones are the same hub.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    settings: Current<HubSettings>,
    next_connection: AtomicU64,
    channels: DashMap<ChannelId, Arc<Mutex<ChannelLine>>>,
    users: DashMap<UserId, Arc<Mutex<UserLine>>>,
    presence: presence::Board,
    stale: Mutex<Stale>,
    stale_marked: Notify,
}

/// What is to be brought up to date from the store.
#[derive(Debug, Default)]
pub(crate) struct Stale {
    /// Channels whose events may be missing.
    pub(crate) channels: BTreeSet<ChannelId>,
    /// Connected users who may listen to more or less than they may read.
    pub(crate) users: BTreeSet<UserId>,
}

/// How much the hub holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubCounts {
    /// Connections.
    pub connections: u64,
    /// Users with at least one connection.
    pub users: u64,
    /// Channels that somebody listens to.
    pub channels: u64,
}

/// Which sessions of a user have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndedSessions {
    /// All of them.
    All,
    /// These.
    Some(Vec<SessionId>),
}

/// What of the configuration the hub uses.
struct HubSettings {
    limits: Limits,
    offline_after: Duration,
}

impl HubSettings {
    fn of(config: &HubConfig) -> Self {
        let limits = Limits {
            frames: usize::try_from(config.queue_frames).unwrap_or(1_024).max(2),
            bytes: usize::try_from(config.queue_kib).unwrap_or(8_192).saturating_mul(1_024).max(1_024),
        };
        Self { limits, offline_after: Duration::from_secs(u64::from(config.offline_after_seconds)) }
    }
}

impl Hub {
    /// An empty hub.
    pub fn new(config: &HubConfig) -> Self {
        Self(Arc::new(Shared {
            settings: Current::new(HubSettings::of(config)),
            next_connection: AtomicU64::new(1),
            channels: DashMap::new(),
            users: DashMap::new(),
            presence: presence::Board::default(),
            stale: Mutex::default(),
            stale_marked: Notify::new(),
        }))
    }

    /// Takes over other limits, for everything that is sent from now on.
    pub fn reconfigure(&self, config: &HubConfig) {
        self.0.settings.set(HubSettings::of(config));
    }

    fn limits(&self) -> Limits {
        self.0.settings.get().limits
    }

    /// An id for a connection that is being set up.
    pub fn connection_id(&self) -> ConnectionId {
        ConnectionId(self.0.next_connection.fetch_add(1, Ordering::Relaxed))
    }

    /// How much the hub holds.
    pub fn counts(&self) -> HubCounts {
        let connections = self.0.users.iter().map(|user| lock(&user).connections.len() as u64).sum();
        HubCounts { connections, users: self.0.users.len() as u64, channels: self.0.channels.len() as u64 }
    }

    /// Sends an event to everybody who listens to its channel, in order of `seq`.
    pub fn publish(&self, event: &ChannelEvent) {
        let Some(line) = self.line(event.channel_id) else { return };
        let Some(frame) = OutFrame::event(event) else { return };
        let in_order = lock(&line).offer(event.seq, frame, self.limits());
        if !in_order {
            self.mark_stale(event.channel_id);
        }
    }

    /// Sends a frame to everybody who listens to a channel, but to no connection of `except`.
    pub fn to_channel(&self, channel: ChannelId, frame: &OutFrame, except: Option<UserId>) {
        if let Some(line) = self.line(channel) {
            lock(&line).send(frame, except, self.limits());
        }
    }

    /// Sends a frame to all connections of a user, but to none of the session `except`.
    pub fn to_user(&self, user: UserId, frame: &OutFrame, except: Option<SessionId>) {
        let Some(user) = self.user(user) else { return };
        for connection in &lock(&user).connections {
            if except.is_none() || connection.session != except {
                connection.push(frame, self.limits());
            }
        }
    }

    /// Sends a frame that is about an account to the connections for which every account exists. Returns the users of the others:
    /// it is for the caller to ask who of them may know, and to tell those by [`Hub::to_user`].
    pub fn broadcast(&self, frame: &OutFrame) -> Vec<UserId> {
        let (everybody, some): (Vec<_>, Vec<_>) =
            self.connections().into_iter().partition(|connection| connection.sees_everybody());
        for connection in everybody {
            connection.push(frame, self.limits());
        }
        let users: BTreeSet<UserId> = some.into_iter().map(|connection| connection.user).collect();
        users.into_iter().collect()
    }

    /// Closes the connections of sessions that have ended, at once.
    pub fn session_ended(&self, user: UserId, sessions: &EndedSessions) {
        let Some(user) = self.user(user) else { return };
        for connection in &lock(&user).connections {
            let ended = match (sessions, connection.session) {
                (EndedSessions::All, _) => true,
                (EndedSessions::Some(ended), Some(session)) => ended.contains(&session),
                (EndedSessions::Some(_), None) => false,
            };
            if ended {
                connection.close(CloseReason::SessionEnded);
            }
        }
    }

    /// Tells every connection that the server restarts, so that it connects and proves itself anew; what waits in their queues is
    /// sent first.
    pub fn shutdown(&self) {
        for connection in self.connections() {
            connection.close(CloseReason::Restart);
        }
    }

    /// Whether a user has a connection.
    pub fn is_connected(&self, user: UserId) -> bool {
        self.0.users.contains_key(&user)
    }

    fn connections(&self) -> Vec<Arc<Connection>> {
        self.0.users.iter().flat_map(|user| lock(&user).connections.clone()).collect()
    }

    fn line(&self, channel: ChannelId) -> Option<Arc<Mutex<ChannelLine>>> {
        self.0.channels.get(&channel).map(|line| Arc::clone(&line))
    }

    fn user(&self, user: UserId) -> Option<Arc<Mutex<UserLine>>> {
        self.0.users.get(&user).map(|user| Arc::clone(&user))
    }

    /// Events of the channel may be missing: whoever repairs is woken. No work when nobody listens.
    pub(crate) fn mark_stale(&self, channel: ChannelId) {
        if self.0.channels.contains_key(&channel) && lock(&self.0.stale).channels.insert(channel) {
            self.0.stale_marked.notify_one();
        }
    }

    /// As [`Hub::mark_stale`], for all channels that the user listens to.
    pub(crate) fn mark_user_stale(&self, user: UserId) {
        let Some(user) = self.user(user) else { return };
        let channels: Vec<ChannelId> = lock(&user).channels.iter().copied().collect();
        for channel in channels {
            self.mark_stale(channel);
        }
    }

    /// What these users may read has changed: whoever repairs makes their connections listen to it.
    pub(crate) fn mark_listening_stale(&self, users: impl IntoIterator<Item = UserId>) {
        lock(&self.0.stale).users.extend(users);
        self.0.stale_marked.notify_one();
    }

    /// Anything may have changed without being announced: all that anybody listens to is stale, and so is who listens to what.
    pub(crate) fn mark_all_stale(&self) {
        let channels: Vec<ChannelId> = self.0.channels.iter().map(|line| *line.key()).collect();
        lock(&self.0.stale).channels.extend(channels);
        self.mark_listening_stale(self.connected());
    }

    /// The system role of a user, or what it grants, was changed elsewhere: their connections hear what they may read now, as soon
    /// as [`Messaging::run_sender`](crate::Messaging::run_sender) has read it from the store.
    pub fn rights_changed(&self, user: UserId) {
        if self.is_connected(user) {
            self.mark_listening_stale([user]);
        }
    }

    /// Everybody who has a connection.
    pub(crate) fn connected(&self) -> Vec<UserId> {
        self.0.users.iter().map(|user| *user.key()).collect()
    }

    /// Waits for what is stale, and takes it.
    pub(crate) async fn stale(&self) -> Stale {
        loop {
            let marked = std::mem::take(&mut *lock(&self.0.stale));
            if !marked.channels.is_empty() || !marked.users.is_empty() {
                return marked;
            }
            self.0.stale_marked.notified().await;
        }
    }

    /// Who listens to a channel, each once.
    pub(crate) fn listeners(&self, channel: ChannelId) -> BTreeSet<UserId> {
        self.line(channel).map(|line| lock(&line).users().collect()).unwrap_or_default()
    }

    /// The next event that the listeners of a channel wait for; `None` when nobody listens.
    pub(crate) fn awaited(&self, channel: ChannelId) -> Option<i64> {
        self.line(channel).map(|line| lock(&line).next())
    }

    /// As [`Hub::publish`], for an event from the store: what is ahead of its turn is already being repaired.
    pub(crate) fn publish_repaired(&self, event: &ChannelEvent) {
        let Some(line) = self.line(event.channel_id) else { return };
        let Some(frame) = OutFrame::event(event) else { return };
        let _ = lock(&line).offer(event.seq, frame, self.limits());
    }

    /// Too much is missing to be sent: listeners are told to read the channel again, up to `head`.
    pub(crate) fn reset(&self, channel: ChannelId, head: i64) {
        let Some(line) = self.line(channel) else { return };
        if let Some(frame) = OutFrame::encode(&ServerFrame::Reset { channel_id: channel, seq: head }) {
            lock(&line).reset(head, &frame, self.limits());
        }
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hub").field(&self.counts()).finish()
    }
}

/// What a panicking holder left is whole: each critical section keeps its data consistent at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
