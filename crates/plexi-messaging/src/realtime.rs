//! Connections: what they hear, how they catch up, and how the order of events is repaired.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::StreamExt as _;
use plexi_core::{Actor, ChannelId, MessageId, Permission, UserId};

use crate::access::reads;
use crate::error::MessagingError;
use crate::event::{ChannelEvent, EventBody};
use crate::hub::{
    Catching, CaughtUp, ChangedChannels, ConnectionId, Hub, OutFrame, PresenceState, ServerFrame, Stale,
    Subscription,
};
use crate::messaging::{Messaging, account, invalid};

/// Events of one channel that are replayed; a client that missed more reads the channel again.
const MOST_MISSED: i64 = 1_000;
/// Events of all channels that one resume replays.
const MOST_REPLAYED: i64 = 20_000;
/// Events read at once.
const BATCH: u32 = 500;
/// Positions in one resume.
const MOST_POSITIONS: usize = 5_000;
/// How often the list of channels is read again when memberships change meanwhile.
const MOST_READS: u32 = 10;
/// Users whose channels are read at the same time after roles were changed.
const MOST_AT_ONCE: usize = 4;
/// The pause after a repair that did not succeed.
const REPAIR_PAUSE: Duration = Duration::from_millis(500);

/// What is being repaired. What is left when the work is dropped is stale again, for the next who repairs.
struct Repairing<'a> {
    hub: &'a Hub,
    stale: Stale,
}

impl Drop for Repairing<'_> {
    fn drop(&mut self) {
        for channel in &self.stale.channels {
            self.hub.mark_stale(*channel);
        }
        if !self.stale.users.is_empty() {
            self.hub.mark_listening_stale(std::mem::take(&mut self.stale.users));
        }
    }
}

impl Messaging {
    /// Takes a connection in: from now on it hears the events of all the actor's channels. Dropping the subscription
    /// disconnects.
    pub async fn connect(&self, actor: &Actor, id: ConnectionId) -> Result<Subscription, MessagingError> {
        let user = account(actor)?;
        let subscription = self.0.hub.register(id, user, actor.session, actor.sees_everybody());
        for lost in self.listen_as_allowed(user).await?.lost {
            self.tell_removed(user, lost);
        }
        Ok(subscription)
    }

    /// Makes the connections of a user listen to what the user may read now.
    async fn listen_as_allowed(&self, user: UserId) -> Result<ChangedChannels, MessagingError> {
        for _ in 0..MOST_READS {
            let version = self.0.hub.membership_version(user);
            let heads = self.0.store.heads_of(user).await?;
            if let Some(changed) = self.0.hub.listen(user, &heads, version) {
                return Ok(changed);
            }
        }
        Err(MessagingError::Overloaded)
    }

    /// As [`Messaging::listen_as_allowed`], after something changed for connections that are live: they are told which
    /// channels came and went.
    pub(crate) async fn hear(&self, user: UserId) -> Result<(), MessagingError> {
        if !self.0.hub.is_connected(user) {
            return Ok(());
        }
        let changed = self.listen_as_allowed(user).await?;
        for channel in changed.lost {
            self.tell_removed(user, channel);
        }
        for channel in changed.gained {
            self.tell_channel(user, channel).await;
            // What was published since its head was read had no listener.
            self.0.hub.mark_stale(channel);
        }
        self.watch_as_allowed(user).await
    }

    /// Ends that connections for which not every account exists are told of people whom the user is in no channel with any
    /// more.
    async fn watch_as_allowed(&self, user: UserId) -> Result<(), MessagingError> {
        let watched: Vec<UserId> = self.0.hub.watched_within_sight(user).into_iter().collect();
        for some in watched.chunks(crate::hub::MOST_WATCHED) {
            let known = self.0.directory.acquainted(user, some).await?;
            let lost: Vec<UserId> = some.iter().filter(|other| !known.contains(other)).copied().collect();
            self.0.hub.lose_sight(user, &lost);
        }
        Ok(())
    }

    /// Sends a connection what it missed since `positions` (the last `seq` the client has of each channel, at most
    /// 5,000), in order, and then what happens live; nothing is left out and nothing comes twice. Returns the last `seq` of each of
    /// the actor's channels; [`CaughtUp::answer`] tells the client in its place. One resume of a connection waits for the other. A channel that is more than 1,000 events behind gets a `reset`; so do the rest after 20,000 events. A
    /// channel that is no longer the actor's is told as removed.
    ///
    /// It waits while the queue is half full: [`Subscription::receive`] must be polled meanwhile. When it is dropped before
    /// its end, the connection is closed.
    pub async fn resume<'a>(
        &'a self,
        actor: &Actor,
        subscription: &'a Subscription,
        positions: &HashMap<ChannelId, i64>,
    ) -> Result<CaughtUp<'a>, MessagingError> {
        let user = account(actor)?;
        if positions.len() > MOST_POSITIONS {
            return Err(invalid("positions", "must be at most 5000"));
        }
        let mut catching = self.0.hub.catch_up(subscription, positions).await;
        let mut heads: BTreeMap<ChannelId, i64> = self.0.store.heads_of(user).await?.into_iter().collect();
        for gone in positions.keys().filter(|channel| !heads.contains_key(channel)) {
            let frame = ServerFrame::Channel { channel: None, channel_id: Some(*gone), removed: true };
            if let Some(frame) = OutFrame::encode(&frame) {
                subscription.push(&frame);
            }
        }
        if catching.held().iter().any(|(channel, _)| !heads.contains_key(channel)) {
            // The connection still listens to what the user may not read any more.
            self.hear(user).await?;
        }
        let mut left = MOST_REPLAYED;
        for (channel, position) in catching.held() {
            let Some(head) = heads.get(&channel).copied() else {
                catching.let_go(channel);
                continue;
            };
            let last = self.replay(&mut catching, channel, position, head, &mut left).await?;
            heads.entry(channel).and_modify(|head| *head = last.max(*head));
        }
        Ok(catching.done(heads))
    }

    /// Replays one channel after `position` and makes it live. Returns the last event sent.
    async fn replay(
        &self,
        catching: &mut Catching<'_>,
        channel: ChannelId,
        position: i64,
        mut head: i64,
        left: &mut i64,
    ) -> Result<i64, MessagingError> {
        // A client that is ahead of us has its position from a store we do not have: it starts again from here.
        let mut last = position;
        let mut must_reset = !(0..=head).contains(&position);
        loop {
            if must_reset || head - last > MOST_MISSED.min(*left) {
                catching.push_reset(channel, head).await;
                last = head;
                must_reset = false;
            }
            while last < head && !catching.is_over() {
                let events = self.0.store.events_after(channel, last, BATCH).await?;
                if events.is_empty() {
                    tracing::error!(%channel, after = last, "events are missing in the store");
                    catching.push_reset(channel, head).await;
                    last = head;
                }
                for event in &events {
                    catching.push(event).await;
                    last = event.seq;
                    *left -= 1;
                }
            }
            if catching.is_over() || catching.release(channel, last) {
                return Ok(last);
            }
            // More was published meanwhile; it is committed, so the store has it.
            head = self.0.hub.awaited(channel).map_or(last, |next| next - 1).max(last);
        }
    }

    /// Tells the others in a channel that the actor is typing; at most once in two seconds. Needs `message.post`.
    pub async fn typing(
        &self,
        actor: &Actor,
        subscription: &Subscription,
        channel: ChannelId,
        thread: Option<MessageId>,
    ) -> Result<(), MessagingError> {
        self.allow_change(actor, channel, Permission::MessagePost).await?;
        self.0.hub.typing(subscription, channel, thread);
        Ok(())
    }

    /// Notes whether the user is active at this connection.
    pub fn set_presence(&self, subscription: &Subscription, state: PresenceState) {
        self.0.hub.set_presence(subscription, state);
    }

    /// Tells this connection from now on when one of these users (at most 500; replaces those before) comes or goes. First it is
    /// sent what `answer` makes of how they are now.
    pub fn subscribe_presence(
        &self,
        subscription: &Subscription,
        users: &[UserId],
        answer: impl FnOnce(&BTreeMap<UserId, PresenceState>) -> Option<OutFrame>,
    ) -> Result<(), MessagingError> {
        if users.len() > crate::hub::MOST_WATCHED {
            return Err(invalid("user_ids", "must be at most 500"));
        }
        self.0.hub.watch_presence(subscription, users, answer);
        Ok(())
    }

    /// Brings events that were not announced in order from the store, and makes connections hear what their users may
    /// read, for ever.
    pub(crate) async fn run_repair(&self) {
        loop {
            let mut work = Repairing { hub: &self.0.hub, stale: self.0.hub.stale().await };
            let failed: Vec<UserId> = futures_util::stream::iter(work.stale.users.clone())
                .map(|user| async move { self.hear(user).await.err().map(|error| (user, error)) })
                .buffer_unordered(MOST_AT_ONCE)
                .filter_map(|failed| async move {
                    let (user, error) = failed?;
                    tracing::warn!(%user, %error, "channels of a user could not be read, trying again");
                    Some(user)
                })
                .collect()
                .await;
            work.stale.users = failed.into_iter().collect();
            if !work.stale.users.is_empty() {
                tokio::time::sleep(REPAIR_PAUSE).await;
                self.0.hub.mark_listening_stale(std::mem::take(&mut work.stale.users));
            }
            while let Some(channel) = work.stale.channels.first().copied() {
                // Whoever announces the missing event is often only a moment late.
                tokio::task::yield_now().await;
                if let Err(error) = self.repair(channel).await {
                    tracing::warn!(%channel, %error, "events of a channel could not be read, trying again");
                    tokio::time::sleep(REPAIR_PAUSE).await;
                    self.0.hub.mark_stale(channel);
                }
                work.stale.channels.remove(&channel);
            }
        }
    }

    /// Whoever changed a membership went away before it took effect for the connections: it does now.
    fn follow_membership(&self, event: &ChannelEvent) {
        match event.event {
            EventBody::MemberLeft { user_id } => {
                self.0.access.forget(user_id, event.channel_id);
                self.gone(user_id, event.channel_id);
            }
            EventBody::MemberJoined { user_id } => {
                self.0.access.forget(user_id, event.channel_id);
                self.0.hub.joined(user_id, event.channel_id, event.seq - 1);
                // Should the role not let the member read, this ends it.
                self.0.hub.mark_listening_stale([user_id]);
            }
            _ => {}
        }
    }

    /// Fewer than 500 missing events are delivered; for more, listeners are told to read the channel again, since
    /// so many at once would be too much for their queues.
    async fn repair(&self, channel: ChannelId) -> Result<(), MessagingError> {
        let Some(next) = self.0.hub.awaited(channel) else { return Ok(()) };
        let events = self.0.store.events_after(channel, next - 1, BATCH).await?;
        if events.len() < usize::try_from(BATCH).unwrap_or(1) {
            for event in &events {
                self.follow_membership(event);
                self.0.hub.publish_repaired(event);
            }
        } else if let Some(head) = self.0.store.channel(channel, Actor::system().user).await? {
            // Among the events that are not read may be the end of a membership.
            for user in self.0.hub.listeners(channel) {
                let access = self.0.store.channel_access(channel, user).await?;
                if !access.is_some_and(|access| reads(&access)) {
                    self.0.access.forget(user, channel);
                    self.gone(user, channel);
                }
            }
            self.0.hub.reset(channel, head.last_seq);
        }
        Ok(())
    }
}
