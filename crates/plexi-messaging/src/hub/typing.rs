use std::time::Duration;

use plexi_core::{ChannelId, MessageId};
use tokio::time::Instant;

use super::connection::Subscription;
use super::frame::{OutFrame, ServerFrame};
use super::{Hub, lock};

/// At most one notice in this time is passed on for each channel.
const PAUSE: Duration = Duration::from_secs(2);
/// In how many channels one connection can be typing at once.
const MOST_CHANNELS: usize = 8;

impl Hub {
    /// Tells the others in a channel that the user of this connection is typing.
    pub(crate) fn typing(&self, subscription: &Subscription, channel: ChannelId, thread: Option<MessageId>) {
        let connection = subscription.connection();
        {
            let now = Instant::now();
            let mut typed = lock(&connection.typed);
            typed.retain(|(_, at)| now.duration_since(*at) < PAUSE);
            if typed.len() >= MOST_CHANNELS || typed.iter().any(|(other, _)| *other == channel) {
                return;
            }
            typed.push((channel, now));
        }
        let notice = ServerFrame::Typing { channel_id: channel, thread_id: thread, user_id: connection.user };
        if let Some(frame) = OutFrame::encode(&notice) {
            self.to_channel(channel, &frame.droppable(), Some(connection.user));
        }
    }
}
