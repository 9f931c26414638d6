use std::collections::BTreeMap;
use std::sync::Arc;

use plexi_core::UserId;

use super::connection::{Connection, ConnectionId};
use super::frame::OutFrame;
use super::queue::Limits;

/// How many events may wait for their turn. More are read from the store again.
const MOST_AHEAD: usize = 1_024;

/// The listeners of a channel, and where its events stand.
#[derive(Default)]
pub(super) struct ChannelLine {
    /// In order of connection id.
    listeners: Vec<Arc<Connection>>,
    next: i64,
    ahead: BTreeMap<i64, OutFrame>,
}

impl ChannelLine {
    /// Adds a listener. `head` is the last event of the channel that is known of; the first listener sets it.
    pub(super) fn add(&mut self, connection: &Arc<Connection>, head: i64) {
        if self.listeners.is_empty() {
            self.next = head + 1;
            self.ahead.clear();
        }
        if let Err(at) = self.place(connection.id) {
            self.listeners.insert(at, Arc::clone(connection));
        }
    }

    pub(super) fn remove(&mut self, connection: ConnectionId) {
        if let Ok(at) = self.place(connection) {
            self.listeners.remove(at);
        }
    }

    fn place(&self, connection: ConnectionId) -> Result<usize, usize> {
        self.listeners.binary_search_by_key(&connection, |listener| listener.id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    pub(super) fn has(&self, connection: ConnectionId) -> bool {
        self.place(connection).is_ok()
    }

    pub(super) fn users(&self) -> impl Iterator<Item = UserId> {
        self.listeners.iter().map(|listener| listener.user)
    }

    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// Delivers an event, and those that waited for it. False when one before it is missing.
    pub(super) fn offer(&mut self, seq: i64, frame: OutFrame, limits: Limits) -> bool {
        if seq < self.next {
            return true;
        }
        if seq > self.next {
            if self.ahead.len() < MOST_AHEAD {
                self.ahead.insert(seq, frame);
            }
            return false;
        }
        self.deliver(&frame, limits);
        self.deliver_ahead(limits);
        self.ahead.is_empty()
    }

    fn deliver_ahead(&mut self, limits: Limits) {
        while let Some(frame) = self.ahead.remove(&self.next) {
            self.deliver(&frame, limits);
        }
    }

    fn deliver(&mut self, frame: &OutFrame, limits: Limits) {
        self.next += 1;
        self.send(frame, None, limits);
    }

    pub(super) fn send(&self, frame: &OutFrame, except: Option<UserId>, limits: Limits) {
        for listener in &self.listeners {
            if except != Some(listener.user) {
                listener.push(frame, limits);
            }
        }
    }

    /// Goes on after `head`, and says so with `frame`.
    pub(super) fn reset(&mut self, head: i64, frame: &OutFrame, limits: Limits) {
        if head >= self.next {
            self.next = head + 1;
            self.ahead = self.ahead.split_off(&self.next);
            self.send(frame, None, limits);
            self.deliver_ahead(limits);
        }
    }
}
