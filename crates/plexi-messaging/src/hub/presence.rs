use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use dashmap::DashMap;
use plexi_core::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Subscription};
use super::frame::{OutFrame, ServerFrame};
use super::{Hub, lock};
use crate::messaging::PULSE;

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
    /// Held for writing while watchers are told, for reading while one is entered and answered.
    telling: RwLock<()>,
}

struct Watched {
    /// What all the watchers were told, unless their queues were full.
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

    /// Watches these users (at most 500, more are ignored) instead of those before. What `answer` makes of how they are now is
    /// what the connection hears of them first: nothing that is told later comes before it.
    pub fn watch_presence(
        &self,
        subscription: &Subscription,
        users: &[UserId],
        answer: impl FnOnce(&BTreeMap<UserId, PresenceState>) -> Option<OutFrame>,
    ) {
        let connection = subscription.connection();
        let mut users: Vec<UserId> = users.iter().copied().take(MOST_WATCHED).collect();
        users.sort_unstable();
        users.dedup();
        let _nothing_is_told = self.0.presence.telling.read().unwrap_or_else(PoisonError::into_inner);
        let mut watching = lock(&connection.watching);
        let states = users.iter().map(|user| (*user, self.watch(*user, connection))).collect();
        let former = std::mem::replace(&mut *watching, users);
        let left: Vec<UserId> =
            former.into_iter().filter(|user| watching.binary_search(user).is_err()).collect();
        self.remove_watcher(connection, &left);
        if let Some(frame) = answer(&states) {
            connection.push(&frame, self.limits());
        }
    }

    /// Enters a watcher, and says what all who watch the user were told last: what is different by now is told to all of them.
    fn watch(&self, user: UserId, connection: &Arc<Connection>) -> PresenceState {
        let present = self.present_state(user);
        let told = {
            let board = &self.0.presence.watched;
            let mut watched =
                board.entry(user).or_insert_with(|| Watched { told: present, watchers: Vec::new() });
            if watched.watchers.iter().all(|watcher| watcher.id != connection.id) {
                watched.watchers.push(Arc::clone(connection));
            }
            watched.told
        };
        // Nobody noted a change from before there was an entry; one that was noted is due when it is due.
        if self.present_state(user) != told {
            lock(&self.0.presence.due).entry(user).or_insert_with(Instant::now);
            self.0.presence.changed.notify_one();
        }
        told
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

    /// Tells watchers what changed, until `stop`. One is to run at a time; `beat` is called at least every [`PULSE`] while it is well.
    pub async fn run_presence(&self, stop: CancellationToken, beat: impl Fn() + Send) {
        let mut pulse = tokio::time::interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
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
                _ = pulse.tick() => beat(),
                ripe = ripe => if ripe { self.tell_presence(Instant::now()) },
            }
        }
    }

    fn tell_presence(&self, now: Instant) {
        let _nobody_is_entered = self.0.presence.telling.write().unwrap_or_else(PoisonError::into_inner);
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

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use plexi_core::{IdSource, SeededEntropy, SystemClock};

    use super::*;
    use crate::config::HubConfig;
    use crate::hub::Outgoing;

    /// What the connection knows of a user after all that waits for it.
    fn known(subscription: &Subscription, user: UserId) -> Option<String> {
        let mut out = Vec::new();
        subscription.try_receive(&mut out, 1_000);
        let states = out.iter().map(|outgoing| match outgoing {
            Outgoing::Frame(frame) => serde_json::from_slice::<serde_json::Value>(frame.json()).unwrap(),
            Outgoing::Close(reason) => panic!("{reason:?}"),
        });
        states.filter_map(|frame| Some(frame["states"][user.to_string()].as_str()?.to_owned())).last()
    }

    #[test]
    fn who_begins_to_watch_while_somebody_changes_knows_the_truth_in_the_end() {
        let ids = IdSource::new(Arc::new(SystemClock), Arc::new(SeededEntropy::new(1)));
        let hub = Hub::new(&HubConfig::default());
        let (ada, bob, eve) = (ids.next().unwrap(), ids.next().unwrap(), ids.next().unwrap());
        let of_bob = hub.register(hub.connection_id(), bob, None, true);
        let of_eve = hub.register(hub.connection_id(), eve, None, true);
        hub.watch_presence(&of_eve, &[bob], |_| None);
        for _ in 0..2_000 {
            let of_ada = hub.register(hub.connection_id(), ada, None, true);
            let both = Barrier::new(2);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    both.wait();
                    for state in [PresenceState::Away, PresenceState::Online] {
                        hub.set_presence(&of_bob, state);
                        hub.tell_presence(Instant::now());
                    }
                });
                both.wait();
                hub.watch_presence(&of_ada, &[bob], |states| {
                    OutFrame::encode(&ServerFrame::Presence { states })
                });
            });
            hub.tell_presence(Instant::now());
            assert_eq!(known(&of_ada, bob).as_deref(), Some("online"));
            known(&of_eve, bob);
        }
    }
}
