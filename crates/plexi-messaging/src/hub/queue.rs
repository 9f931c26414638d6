use std::collections::{HashMap, VecDeque};

use plexi_core::ChannelId;

use super::frame::{CloseReason, OutFrame, Outgoing};

/// What of a channel a connection that catches up is not to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// Everything: the events are being read from the store.
    All,
    /// Events up to this one: they came from the store, and are still to be published.
    UpTo(i64),
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) frames: usize,
    pub(super) bytes: usize,
}

/// What waits for one connection. Grows as needed and gives the memory back.
#[derive(Debug, Default)]
pub(super) struct Queue {
    frames: VecDeque<OutFrame>,
    bytes: usize,
    closing: Option<CloseReason>,
    closed: bool,
    holds: Option<HashMap<ChannelId, Hold>>,
    /// So many at the front belong to catch-ups that were answered: the next one does not take them out.
    settled: usize,
}

/// A capacity that an empty queue may keep.
const KEPT: usize = 32;

impl Queue {
    /// Puts a frame at the end. True when the reader must be woken.
    pub(super) fn push(&mut self, frame: &OutFrame, limits: Limits) -> bool {
        if self.closing.is_some() || self.holds_back(frame) {
            return false;
        }
        let full = self.frames.len() >= limits.frames || self.bytes + frame.json().len() > limits.bytes;
        let half = self.frames.len() * 2 >= limits.frames || self.bytes * 2 > limits.bytes;
        if frame.is_droppable() && half {
            return false;
        }
        // A single frame larger than the limit passes when nothing else waits.
        if full && !self.frames.is_empty() {
            return self.close(CloseReason::SlowConsumer);
        }
        self.append(frame.clone())
    }

    /// Puts a frame of a replay at the end, past the holds. `None` when there is no room yet.
    pub(super) fn push_replayed(&mut self, frame: &OutFrame, limits: Limits) -> Option<bool> {
        if self.closing.is_some() {
            return Some(false);
        }
        if self.frames.len() * 2 >= limits.frames || self.bytes * 2 > limits.bytes {
            return None;
        }
        Some(self.append(frame.clone()))
    }

    /// Puts the answer to a catch-up at the end, behind the events it brought.
    pub(super) fn settle(&mut self, answer: &OutFrame, limits: Limits) -> bool {
        let wake = self.push(answer, limits);
        self.settled = self.frames.len();
        wake
    }

    fn append(&mut self, frame: OutFrame) -> bool {
        let was_empty = self.frames.is_empty();
        self.bytes += frame.json().len();
        self.frames.push_back(frame);
        was_empty
    }

    fn holds_back(&mut self, frame: &OutFrame) -> bool {
        let Some(holds) = &mut self.holds else { return false };
        let Some((channel, seq)) = frame.seq() else { return false };
        match holds.get(&channel) {
            None => false,
            Some(Hold::All) => true,
            Some(Hold::UpTo(last)) if seq <= *last => true,
            Some(Hold::UpTo(_)) => {
                self.release(channel);
                false
            }
        }
    }

    /// From now on a replay brings the events of these channels; those that wait already are taken out, but for what
    /// another replay brought and answered.
    pub(super) fn hold(&mut self, positions: &HashMap<ChannelId, i64>) {
        let holds = self.holds.get_or_insert_default();
        holds.extend(positions.keys().map(|channel| (*channel, Hold::All)));
        let bytes = &mut self.bytes;
        let mut settled = self.settled;
        self.frames.retain(|frame| {
            if settled > 0 {
                settled -= 1;
                return true;
            }
            let stays = frame.seq().is_none_or(|(channel, _)| !positions.contains_key(&channel));
            if !stays {
                *bytes -= frame.json().len();
            }
            stays
        });
    }

    /// The replay of a channel has brought everything up to `last`, and more is still to be published.
    pub(super) fn hold_up_to(&mut self, channel: ChannelId, last: i64) {
        self.holds.get_or_insert_default().insert(channel, Hold::UpTo(last));
    }

    /// Events of the channel pass again.
    pub(super) fn release(&mut self, channel: ChannelId) {
        if let Some(holds) = &mut self.holds {
            holds.remove(&channel);
            if holds.is_empty() {
                self.holds = None;
            }
        }
    }

    /// Nothing more is taken; the reader is told why. True when the reader must be woken.
    pub(super) fn close(&mut self, reason: CloseReason) -> bool {
        if self.closing.is_some() {
            return false;
        }
        // A restart lets out what waits; otherwise the reader is too slow, or not to be told anything more.
        if reason != CloseReason::Restart {
            self.frames = VecDeque::new();
            self.bytes = 0;
            self.settled = 0;
        }
        self.closing = Some(reason);
        self.holds = None;
        true
    }

    /// As [`Queue::close`], with a last frame that leaves before the reader is told why: the answer to what the connection
    /// asked. It comes too late only when the reader was told already.
    pub(super) fn close_saying(&mut self, reason: CloseReason, last: OutFrame) -> bool {
        let wake = self.close(reason);
        if self.closing == Some(reason) && !self.closed {
            self.append(last);
        }
        wake
    }

    /// Takes at most `most` out. `None`: closed, and said so before.
    pub(super) fn take(&mut self, out: &mut Vec<Outgoing>, most: usize) -> Option<usize> {
        if self.closed {
            return None;
        }
        let count = self.frames.len().min(most);
        out.reserve(count);
        self.settled = self.settled.saturating_sub(count);
        for frame in self.frames.drain(..count) {
            self.bytes -= frame.json().len();
            out.push(Outgoing::Frame(frame));
        }
        if self.frames.is_empty() {
            if self.frames.capacity() > KEPT {
                self.frames = VecDeque::new();
            }
            if let Some(reason) = self.closing
                && count < most
            {
                self.closed = true;
                out.push(Outgoing::Close(reason));
                return Some(count + 1);
            }
        }
        Some(count)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { frames: 4, bytes: 100 };

    fn taken(queue: &mut Queue) -> Vec<Outgoing> {
        let mut out = Vec::new();
        queue.take(&mut out, 100);
        out
    }

    #[test]
    fn only_the_first_frame_of_an_empty_queue_wakes_its_reader() {
        let mut queue = Queue::default();
        assert!(queue.push(&OutFrame::text("1".into()), LIMITS));
        assert!(!queue.push(&OutFrame::text("2".into()), LIMITS));
        assert_eq!(taken(&mut queue).len(), 2);
        assert!(queue.push(&OutFrame::text("3".into()), LIMITS));
    }

    #[test]
    fn a_full_queue_is_emptied_and_closed_once() {
        let mut queue = Queue::default();
        for _ in 0..6 {
            queue.push(&OutFrame::text("x".into()), LIMITS);
        }
        assert_eq!(taken(&mut queue), [Outgoing::Close(CloseReason::SlowConsumer)]);
        assert_eq!(queue.take(&mut Vec::new(), 10), None);
    }

    #[test]
    fn bytes_count_as_frames_do() {
        let mut queue = Queue::default();
        queue.push(&OutFrame::text("x".repeat(60)), LIMITS);
        queue.push(&OutFrame::text("x".repeat(60)), LIMITS);
        assert_eq!(taken(&mut queue), [Outgoing::Close(CloseReason::SlowConsumer)]);
    }

    #[test]
    fn what_can_be_left_out_is_left_out_of_a_half_full_queue() {
        let mut queue = Queue::default();
        for _ in 0..2 {
            queue.push(&OutFrame::text("x".into()), LIMITS);
        }
        queue.push(&OutFrame::text("typing".into()).droppable(), LIMITS);
        assert_eq!(taken(&mut queue).len(), 2);
        queue.push(&OutFrame::text("typing".into()).droppable(), LIMITS);
        assert_eq!(taken(&mut queue).len(), 1);
    }

    #[test]
    fn last_words_leave_although_nothing_else_does() {
        let mut queue = Queue::default();
        let last = OutFrame::text("last".into());
        queue.push(&OutFrame::text("x".into()), LIMITS);
        assert!(queue.close_saying(CloseReason::SessionEnded, last.clone()));
        assert!(!queue.close_saying(CloseReason::SessionEnded, last.clone()), "told once");
        queue.close_saying(CloseReason::Policy, last.clone());
        let last = Outgoing::Frame(last);
        assert_eq!(taken(&mut queue), [last.clone(), last, Outgoing::Close(CloseReason::SessionEnded)]);
    }

    #[test]
    fn a_restart_lets_out_what_waits() {
        let mut queue = Queue::default();
        queue.push(&OutFrame::text("x".into()), LIMITS);
        assert!(queue.close(CloseReason::Restart));
        assert_eq!(taken(&mut queue).last(), Some(&Outgoing::Close(CloseReason::Restart)));
    }
}
