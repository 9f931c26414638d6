use std::collections::HashSet;
use std::sync::Arc;

use plexi_core::{ChannelId, SessionId, UserId};
use tokio::time::Instant;

use super::connection::{Connection, ConnectionId, Subscription};
use super::{Hub, lock};

/// The connections of a user. All of them listen to the same channels, so the set is kept once.
#[derive(Default)]
pub(super) struct UserLine {
    pub(super) connections: Vec<Arc<Connection>>,
    pub(super) channels: HashSet<ChannelId>,
    /// Counts the changes of membership, so that a list read before one is not used after it.
    version: u64,
}

/// What a user's connections listen to now and did not before, and the other way round.
#[derive(Debug, Default)]
pub(crate) struct ChangedChannels {
    pub(crate) gained: Vec<ChannelId>,
    pub(crate) lost: Vec<ChannelId>,
}

impl Hub {
    /// Takes a connection in. It listens to nothing before [`Hub::listen`].
    pub(crate) fn register(
        &self,
        id: ConnectionId,
        user: UserId,
        session: Option<SessionId>,
        sees_everybody: bool,
    ) -> Subscription {
        let connection = Arc::new(Connection::new(id, user, session, sees_everybody));
        {
            let line = self.0.users.entry(user).or_default();
            lock(&line).connections.push(Arc::clone(&connection));
        }
        self.touch_presence(user, Instant::now());
        Subscription::new(self.clone(), connection)
    }

    /// The count of membership changes of a connected user.
    pub(crate) fn membership_version(&self, user: UserId) -> u64 {
        self.user(user).map_or(0, |line| lock(&line).version)
    }

    /// Makes the user's connections listen to exactly these channels, given with their heads, and says which are
    /// new and which are no more. `None` when a membership has changed since `version`: the list is to be read again.
    pub(crate) fn listen(
        &self,
        user: UserId,
        heads: &[(ChannelId, i64)],
        version: u64,
    ) -> Option<ChangedChannels> {
        let Some(line) = self.user(user) else { return Some(ChangedChannels::default()) };
        let mut line = lock(&line);
        if line.version != version {
            return None;
        }
        let wanted: HashSet<ChannelId> = heads.iter().map(|(channel, _)| *channel).collect();
        let lost: Vec<ChannelId> = line.channels.difference(&wanted).copied().collect();
        let gained = wanted.difference(&line.channels).copied().collect();
        for gone in &lost {
            self.remove_listeners(*gone, &line.connections);
        }
        for (channel, head) in heads {
            self.add_listeners(*channel, *head, &line.connections);
        }
        line.channels = wanted;
        Some(ChangedChannels { gained, lost })
    }

    /// The user became a member: the connections listen from after `head`.
    pub(crate) fn joined(&self, user: UserId, channel: ChannelId, head: i64) {
        let Some(line) = self.user(user) else { return };
        let mut line = lock(&line);
        line.version += 1;
        line.channels.insert(channel);
        self.add_listeners(channel, head, &line.connections);
    }

    /// The user is no longer a member: the connections hear nothing more, at once.
    pub(crate) fn left(&self, user: UserId, channel: ChannelId) {
        let Some(line) = self.user(user) else { return };
        let mut line = lock(&line);
        line.version += 1;
        line.channels.remove(&channel);
        self.remove_listeners(channel, &line.connections);
    }

    fn add_listeners(&self, channel: ChannelId, head: i64, connections: &[Arc<Connection>]) {
        if connections.is_empty() {
            return;
        }
        let line = self.0.channels.entry(channel).or_default();
        let mut line = lock(&line);
        for connection in connections {
            line.add(connection, head);
        }
    }

    fn remove_listeners(&self, channel: ChannelId, connections: &[Arc<Connection>]) {
        if let Some(line) = self.line(channel) {
            let mut line = lock(&line);
            for connection in connections {
                line.remove(connection.id);
            }
            if !line.is_empty() {
                return;
            }
        }
        self.0.channels.remove_if(&channel, |_, line| lock(line).is_empty());
    }

    pub(super) fn unregister(&self, connection: &Arc<Connection>) {
        let user = connection.user;
        if let Some(line) = self.user(user) {
            let mut line = lock(&line);
            line.connections.retain(|other| other.id != connection.id);
            for channel in &line.channels {
                self.remove_listeners(*channel, std::slice::from_ref(connection));
            }
        }
        self.0.users.remove_if(&user, |_, line| lock(line).connections.is_empty());
        self.unwatch(connection);
        self.touch_presence(user, Instant::now() + self.0.settings.get().offline_after);
    }
}
