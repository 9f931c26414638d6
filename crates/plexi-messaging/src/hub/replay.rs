use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use plexi_core::ChannelId;

use super::connection::{Connection, Subscription};
use super::frame::{CloseReason, OutFrame, ServerFrame};
use super::{Hub, lock};
use crate::event::ChannelEvent;

/// A connection that catches up: its channels are held until each is brought to the present.
///
/// While a channel is held, live events are not queued. They are committed before they are published, so
/// the replay finds them in the store. Dropping it before all channels are released closes the connection,
/// which would otherwise be without events for ever.
pub(crate) struct Catching<'a> {
    hub: &'a Hub,
    connection: &'a Arc<Connection>,
    held: HashMap<ChannelId, i64>,
    _turn: tokio::sync::MutexGuard<'a, ()>,
}

impl Hub {
    /// Holds the channels of `positions` that the connection listens to.
    pub(crate) async fn catch_up<'a>(
        &'a self,
        subscription: &'a Subscription,
        positions: &HashMap<ChannelId, i64>,
    ) -> Catching<'a> {
        let connection = subscription.connection();
        let turn = connection.replaying.lock().await;
        let held: HashMap<ChannelId, i64> = positions
            .iter()
            .filter(|(channel, _)| self.line(**channel).is_some_and(|line| lock(&line).has(connection.id)))
            .map(|(channel, seq)| (*channel, *seq))
            .collect();
        connection.with_queue(|queue| (queue.hold(&held), false));
        Catching { hub: self, connection, held, _turn: turn }
    }
}

/// A connection that has caught up. Until it is dropped, no other catch-up of the connection begins.
pub struct CaughtUp<'a> {
    /// The last `seq` of each of the user's channels.
    pub heads: BTreeMap<ChannelId, i64>,
    catching: Catching<'a>,
}

impl CaughtUp<'_> {
    /// Puts the answer to the request into the queue, behind the events that were missed and before those of a further catch-up.
    pub fn answer(self, frame: &OutFrame) {
        let limits = self.catching.hub.limits();
        self.catching.connection.with_queue(|queue| ((), queue.settle(frame, limits)));
    }
}

impl fmt::Debug for CaughtUp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaughtUp").field("heads", &self.heads).finish()
    }
}

impl<'a> Catching<'a> {
    /// All channels were released; these are the heads.
    pub(crate) fn done(self, heads: BTreeMap<ChannelId, i64>) -> CaughtUp<'a> {
        CaughtUp { heads, catching: self }
    }
}

impl Catching<'_> {
    /// The channels that are held, with the positions of the client.
    pub(crate) fn held(&self) -> Vec<(ChannelId, i64)> {
        self.held.iter().map(|(channel, seq)| (*channel, *seq)).collect()
    }

    /// Sends an event from the store. Waits while the queue is half full.
    pub(crate) async fn push(&self, event: &ChannelEvent) {
        if let Some(frame) = OutFrame::event(event) {
            self.push_frame(&frame).await;
        }
    }

    /// Tells the client to read the channel again.
    pub(crate) async fn push_reset(&self, channel: ChannelId, head: i64) {
        if let Some(frame) = OutFrame::encode(&ServerFrame::Reset { channel_id: channel, seq: head }) {
            self.push_frame(&frame).await;
        }
    }

    async fn push_frame(&self, frame: &OutFrame) {
        let limits = self.hub.limits();
        loop {
            let pushed = self.connection.with_queue(|queue| match queue.push_replayed(frame, limits) {
                Some(wake) => (true, wake),
                None => (false, false),
            });
            if pushed {
                return;
            }
            self.connection.room.notified().await;
        }
    }

    /// Whether the connection is being closed: the rest of the replay is for nobody.
    pub(crate) fn is_over(&self) -> bool {
        self.connection.is_closing()
    }

    /// The user may not read the channel any more: nothing of it is replayed.
    pub(crate) fn let_go(&mut self, channel: ChannelId) {
        self.connection.with_queue(|queue| (queue.release(channel), false));
        self.held.remove(&channel);
    }

    /// Everything up to `last` has been sent. True when the channel is live again; false when events after
    /// that were published meanwhile, which are in the store.
    pub(crate) fn release(&mut self, channel: ChannelId, last: i64) -> bool {
        if let Some(line) = self.hub.line(channel) {
            let line = lock(&line);
            if line.has(self.connection.id) {
                if line.next() > last + 1 {
                    return false;
                }
                let published = line.next() == last + 1;
                self.connection.with_queue(|queue| {
                    if published {
                        queue.release(channel);
                    } else {
                        queue.hold_up_to(channel, last);
                    }
                    ((), false)
                });
                self.held.remove(&channel);
                return true;
            }
        }
        // Left in the meantime.
        self.let_go(channel);
        true
    }
}

impl Drop for Catching<'_> {
    fn drop(&mut self) {
        if !self.held.is_empty() {
            self.connection.close(CloseReason::Restart);
        }
    }
}
