use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dashmap::DashMap;
use plexi_core::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Subscription};
use super::frame::{OutFrame, ServerFrame};
use super::{Hub, lock};

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum PresenceState {
    /// Connected and active on at least one device.
    Online = 0,
    /// Connected, and away from all devices.
    Away = 1,
    /// Not connected.
    Offline = 2,
}

/// For how long changes are gathered before they are sent, so that many people who come at once make one
/// frame for each watcher.
const GATHER: Duration = Duration::from_millis(250);

/// How many users one connection may watch.
pub(crate) const MOST_WATCHED: usize = 500;

/// Who watches whom, and what is to be told.
#[derive(Default)]
pub(super) struct Board {
    watched: DashMap<UserId, Watched>,
    due: Mutex<HashMap<UserId, Instant>>,
    changed: Notify,
}

struct Watched {
    told: PresenceState,
    watchers: Vec<Arc<Connection>>,
}

impl Hub {
    /// The state of users as the others see it: those who left a moment ago still count as they were told.
    pub fn presence(&self, users: &[UserId]) -> BTreeMap<UserId, PresenceState> {
        users.iter().map(|user| (*user, self.shown_presence(*user))).collect()
    }

    fn shown_presence(&self, user: UserId) -> PresenceState {
        match self.present_state(user) {
            PresenceState::Offline if lock(&self.0.presence.due).contains_key(&user) => {
                self.0.presence.watched.get(&user).map_or(PresenceState::Offline, |watched| watched.told)
            }
            state => state,
        }
    }

    fn present_state(&self, user: UserId) -> PresenceState {
        let Some(line) = self.user(user) else { return PresenceState::Offline };
        let line = lock(&line);
        if line.connections.is_empty() {
            PresenceState::Offline
        } else if line.connections.iter().any(|connection| connection.presence() == PresenceState::Online) {
            PresenceState::Online
        } else {
            PresenceState::Away
        }
    }

    /// The client says whether its user is active there. [`PresenceState::Offline`] counts as away.
    pub fn set_presence(&self, subscription: &Subscription, state: PresenceState) {
        let state = if state == PresenceState::Offline { PresenceState::Away } else { state };
        if subscription.connection().set_presence(state) {
            self.touch_presence(subscription.user(), Instant::now());
        }
    }

    /// Watches these users (at most 500, more are ignored) instead of those before; says how they are now.
    pub fn watch_presence(
        &self,
        subscription: &Subscription,
        users: &[UserId],
    ) -> BTreeMap<UserId, PresenceState> {
        let connection = subscription.connection();
        self.unwatch(connection);
        let mut users: Vec<UserId> = users.iter().copied().take(MOST_WATCHED).collect();
        users.sort_unstable();
        users.dedup();
        let states: BTreeMap<UserId, PresenceState> =
            users.iter().map(|user| (*user, self.shown_presence(*user))).collect();
        for (user, state) in &states {
            let mut watched = self
                .0
                .presence
                .watched
                .entry(*user)
                .or_insert_with(|| Watched { told: *state, watchers: Vec::new() });
            watched.watchers.push(Arc::clone(connection));
        }
        *lock(&connection.watching) = users;
        // What changed between the look and the entry is told as a difference.
        for (user, state) in &states {
            if self.present_state(*user) != *state {
                self.touch_presence(*user, Instant::now());
            }
        }
        states
    }

    pub(super) fn unwatch(&self, connection: &Arc<Connection>) {
        let watching = std::mem::take(&mut *lock(&connection.watching));
        self.remove_watcher(connection, &watching);
    }

    fn remove_watcher(&self, connection: &Arc<Connection>, users: &[UserId]) {
        for user in users {
            if let Some(mut watched) = self.0.presence.watched.get_mut(user) {
                watched.watchers.retain(|watcher| watcher.id != connection.id);
            }
            self.0.presence.watched.remove_if(user, |_, watched| watched.watchers.is_empty());
        }
    }

    /// Somebody is not in a channel any more: what the user and those who watch the user may watch is found out anew, for
    /// connections for which not every account exists.
    pub(crate) fn mark_watching_stale(&self, user: UserId) {
        let mut doubtful = BTreeSet::new();
        if !self.watched_within_sight(user).is_empty() {
            doubtful.insert(user);
        }
        if let Some(watched) = self.0.presence.watched.get(&user) {
            let some = watched.watchers.iter().filter(|watcher| !watcher.sees_everybody());
            doubtful.extend(some.map(|watcher| watcher.user));
        }
        if !doubtful.is_empty() {
            self.mark_listening_stale(doubtful);
        }
    }

    /// Whom those connections of a user watch for which not every account exists.
    pub(crate) fn watched_within_sight(&self, user: UserId) -> BTreeSet<UserId> {
        let connections = self.within_sight(user);
        connections.iter().flat_map(|connection| lock(&connection.watching).clone()).collect()
    }

    /// Those connections of a user watch these no more.
    pub(crate) fn lose_sight(&self, user: UserId, lost: &[UserId]) {
        for connection in self.within_sight(user) {
            lock(&connection.watching).retain(|watched| !lost.contains(watched));
            self.remove_watcher(&connection, lost);
        }
    }

    fn within_sight(&self, user: UserId) -> Vec<Arc<Connection>> {
        let Some(line) = self.user(user) else { return Vec::new() };
        let line = lock(&line);
        line.connections.iter().filter(|connection| !connection.sees_everybody()).cloned().collect()
    }

    /// The state of a user may be another one from `due` on. No work when nobody watches.
    pub(super) fn touch_presence(&self, user: UserId, due: Instant) {
        if self.0.presence.watched.contains_key(&user) {
            lock(&self.0.presence.due).insert(user, due);
            self.0.presence.changed.notify_one();
        }
    }

    /// Tells watchers what changed, until `stop`. To be spawned once.
    pub async fn run_presence(&self, stop: CancellationToken) {
        loop {
            let next = lock(&self.0.presence.due).values().min().copied();
            let ripe = async {
                let Some(due) = next else {
                    self.0.presence.changed.notified().await;
                    return false;
                };
                let soonest = Instant::now() + GATHER;
                tokio::select! {
                    () = tokio::time::sleep_until(due.max(soonest)) => true,
                    // Something may be due sooner now.
                    () = self.0.presence.changed.notified(), if due > soonest => false,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                ripe = ripe => if ripe { self.tell_presence(Instant::now()) },
            }
        }
    }

    fn tell_presence(&self, now: Instant) {
        let due: Vec<UserId> = {
            let mut due = lock(&self.0.presence.due);
            let ripe: Vec<UserId> = due.iter().filter(|(_, at)| **at <= now).map(|(user, _)| *user).collect();
            for user in &ripe {
                due.remove(user);
            }
            ripe
        };
        let mut news: HashMap<_, (Arc<Connection>, BTreeMap<UserId, PresenceState>)> = HashMap::new();
        for user in due {
            let state = self.present_state(user);
            let Some(mut watched) = self.0.presence.watched.get_mut(&user) else { continue };
            if watched.told == state {
                continue;
            }
            watched.told = state;
            for watcher in &watched.watchers {
                let entry = news.entry(watcher.id).or_insert_with(|| (Arc::clone(watcher), BTreeMap::new()));
                entry.1.insert(user, state);
            }
        }
        for (watcher, states) in news.into_values() {
            if let Some(frame) = OutFrame::encode(&ServerFrame::Presence { states: &states }) {
                watcher.push(&frame.droppable(), self.limits());
            }
        }
    }
}
