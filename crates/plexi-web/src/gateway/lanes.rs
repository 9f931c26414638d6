//! What one connection has at work: a bounded number of requests, sends to one channel strictly one after the other.

use std::collections::{HashMap, VecDeque};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use plexi_core::ChannelId;

/// Requests at work or waiting; a connection that has so many is not read until one is done.
pub(super) const MOST: usize = 16;

/// Requests that are done one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// Sends to this channel.
    Channel(ChannelId),
    /// Whose presence is told: each request replaces the one before.
    Presence,
}

type Work = BoxFuture<'static, Option<Lane>>;

/// Empty, it holds next to nothing: most connections are idle most of the time.
#[derive(Default)]
pub(super) struct Lanes {
    at_work: FuturesUnordered<Work>,
    waiting: HashMap<Lane, VecDeque<Work>>,
    count: usize,
}

impl Lanes {
    /// Whether no more should be taken.
    pub(super) fn is_full(&self) -> bool {
        self.count >= MOST
    }

    /// Whether nothing is at work.
    pub(super) fn is_idle(&self) -> bool {
        self.count == 0
    }

    /// Starts a request whose order does not matter.
    pub(super) fn start(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.count += 1;
        self.at_work.push(Box::pin(async move {
            work.await;
            None
        }));
    }

    /// Starts a request after those of the same lane.
    pub(super) fn start_after(&mut self, lane: Lane, work: impl Future<Output = ()> + Send + 'static) {
        self.count += 1;
        let work: Work = Box::pin(async move {
            work.await;
            Some(lane)
        });
        if let Some(line) = self.waiting.get_mut(&lane) {
            line.push_back(work);
        } else {
            self.waiting.insert(lane, VecDeque::new());
            self.at_work.push(work);
        }
    }

    /// Waits until a request is done and starts the next of its lane. Never ends when nothing is at work. Dropping the
    /// future loses nothing.
    pub(super) async fn done(&mut self) {
        let Some(lane) = self.at_work.next().await else { return std::future::pending().await };
        self.count -= 1;
        let Some(lane) = lane else { return };
        match self.waiting.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(next) => self.at_work.push(next),
            None => {
                self.waiting.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plexi_core::{IdSource, SeededEntropy, SystemClock};
    use std::sync::{Arc, Mutex};

    #[tokio::test]
    async fn work_of_one_channel_is_done_in_order_and_that_of_others_passes_it() {
        let ids = IdSource::new(Arc::new(SystemClock), Arc::new(SeededEntropy::new(1)));
        let (slow, quick) = (Lane::Channel(ids.next().unwrap()), Lane::Channel(ids.next().unwrap()));
        let order = Arc::new(Mutex::new(Vec::new()));
        let (open, opened) = tokio::sync::oneshot::channel::<()>();
        let note = |name: &'static str| {
            let order = Arc::clone(&order);
            async move { order.lock().unwrap().push(name) }
        };
        let mut lanes = Lanes::default();
        let first = note("slow 1");
        lanes.start_after(slow, async move {
            opened.await.unwrap();
            first.await;
        });
        lanes.start_after(slow, note("slow 2"));
        lanes.start_after(quick, note("quick"));
        lanes.done().await;
        open.send(()).unwrap();
        lanes.done().await;
        lanes.done().await;
        assert!(lanes.is_idle());
        assert_eq!(*order.lock().unwrap(), ["quick", "slow 1", "slow 2"]);
    }
}
