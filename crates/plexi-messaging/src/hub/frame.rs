use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use plexi_core::{ChannelId, MessageId, SpaceId, UserId};
use serde::Serialize;

use super::packed::Packed;
use super::presence::PresenceState;
use crate::event::{ChannelEvent, EventBody};
use crate::model::{Category, Channel, Space, ThreadState};

/// A frame for readers: JSON text, encoded once and shared by all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutFrame {
    json: Bytes,
    seq: Option<(ChannelId, i64)>,
    droppable: bool,
    packed: Option<Packed>,
}

impl OutFrame {
    /// A frame of any JSON text.
    pub fn text(json: String) -> Self {
        Self { json: Bytes::from(json), seq: None, droppable: false, packed: None }
    }

    /// A frame of anything that can be written as JSON; `None` when it cannot (maps whose keys are no text).
    pub fn encode(content: &impl Serialize) -> Option<Self> {
        match serde_json::to_string(content) {
            Ok(json) => Some(Self::text(json)),
            Err(error) => {
                tracing::error!(%error, "a frame could not be encoded");
                None
            }
        }
    }

    /// The frame, to be left out first when its reader is slow.
    #[must_use]
    pub fn droppable(self) -> Self {
        Self { droppable: true, ..self }
    }

    pub(crate) fn event(event: &ChannelEvent) -> Option<Self> {
        let frame = match for_everybody(event) {
            Cow::Borrowed(event) => Self::encode(&ServerFrame::Event(event))?,
            Cow::Owned(event) => Self::encode(&ServerFrame::Event(&event))?,
        };
        // Whoever can put text into an event can read all of it, so its length tells nobody what else is in it. Other frames, which
        // may hold what is somebody's own beside what others wrote, have no packed form.
        let packed = Packed::beside(&frame.json);
        Some(Self { seq: Some((event.channel_id, event.seq)), packed, ..frame })
    }

    /// The JSON; always valid UTF-8.
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// The JSON without a copy; always valid UTF-8.
    pub fn into_json(self) -> Bytes {
        self.json
    }

    /// The JSON as raw deflate (RFC 1951), for readers who asked for it: made once, shared by all. `None` for what leaves as it
    /// is: a frame that is no event of a channel, that is shorter than 1 KiB, or that does not get smaller.
    pub fn packed(&self) -> Option<Bytes> {
        self.packed.as_ref()?.bytes(&self.json)
    }

    /// Which event of which channel it carries, when it carries one.
    pub fn seq(&self) -> Option<(ChannelId, i64)> {
        self.seq
    }

    /// Whether it may be left out when its reader is slow.
    pub fn is_droppable(&self) -> bool {
        self.droppable
    }
}

/// An event as everybody may see it: the author's key of a message is the author's, and nobody's reactions are mine.
fn for_everybody(event: &ChannelEvent) -> Cow<'_, ChannelEvent> {
    use EventBody::{MessageEdited, MessagePosted};
    let (MessagePosted { message } | MessageEdited { message }) = &event.event else {
        return Cow::Borrowed(event);
    };
    if message.client_id.is_none() && message.reactions.iter().all(|reaction| !reaction.me) {
        return Cow::Borrowed(event);
    }
    let mut event = event.clone();
    if let MessagePosted { message } | MessageEdited { message } = &mut event.event {
        message.client_id = None;
        for reaction in &mut message.reactions {
            reaction.me = false;
        }
    }
    Cow::Owned(event)
}

/// What a connection is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// Send this.
    Frame(OutFrame),
    /// Say goodbye and close. Nothing comes after it.
    Close(CloseReason),
}

/// Why the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Its queue was full.
    SlowConsumer,
    /// Its session has ended.
    SessionEnded,
    /// The server restarts.
    Restart,
    /// A rule of the server.
    Policy,
}

impl CloseReason {
    /// The name in `goodbye` frames.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SlowConsumer => "slow_consumer",
            Self::SessionEnded => "session_ended",
            Self::Restart => "restart",
            Self::Policy => "policy",
        }
    }
}

/// The frames that messaging itself sends (`docs/API.md`, section The WebSocket).
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// An event of a channel.
    Event(&'a ChannelEvent),
    /// Too much was missed in a channel: read it again.
    Reset {
        /// Which channel.
        channel_id: ChannelId,
        /// Its last event.
        seq: i64,
    },
    /// A channel of mine came, changed or went.
    Channel {
        /// How it is now.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel: Option<&'a Channel>,
        /// Which one went.
        #[serde(skip_serializing_if = "Option::is_none")]
        channel_id: Option<ChannelId>,
        /// It went.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        removed: bool,
    },
    /// A space of mine came, changed or went.
    Space {
        /// How it is now, with my role.
        #[serde(skip_serializing_if = "Option::is_none")]
        space: Option<&'a Space>,
        /// Which one went.
        #[serde(skip_serializing_if = "Option::is_none")]
        space_id: Option<SpaceId>,
        /// I am not in it any more.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        removed: bool,
    },
    /// I read on another device.
    Read {
        /// Which channel.
        channel_id: ChannelId,
        /// Up to which event.
        last_read_seq: i64,
        /// What is unread now.
        unread: u32,
        /// What of it names me.
        mentions: u32,
    },
    /// A thread that I take part in has new replies, or I read it.
    Thread(&'a ThreadState),
    /// I changed the categories of my sidebar.
    Categories {
        /// All of them.
        items: &'a [Category],
    },
    /// I wrote on another device.
    Draft {
        /// For which channel.
        channel_id: ChannelId,
        /// For which thread.
        thread_id: Option<MessageId>,
        /// The text; none when it was removed.
        text: Option<&'a str>,
    },
    /// Somebody is typing.
    Typing {
        /// In which channel.
        channel_id: ChannelId,
        /// In which thread.
        #[serde(skip_serializing_if = "Option::is_none")]
        thread_id: Option<MessageId>,
        /// Who.
        user_id: UserId,
    },
    /// Who came, went or stepped away.
    Presence {
        /// Only what changed.
        states: &'a BTreeMap<UserId, PresenceState>,
    },
}
