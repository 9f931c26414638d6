//! How chosen figures were of late, in memory that is fixed: an hour finely, a day coarsely.

mod series;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plexi_core::{Clock, Timestamp};
use plexi_web::{Family, History, HistoryRange, HistorySeries, WebState};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::supervision::Beat;
use series::{Reading, SERIES};

/// How often figures are looked at.
const EVERY: Duration = Duration::from_secs(10);
/// How many looks make an hour.
const HOUR: usize = 360;
/// How often one is kept for the day.
const COARSE: Duration = Duration::from_mins(5);
/// How many of those make a day.
const DAY: usize = 288;

/// What is kept. Clones are the same.
#[derive(Clone)]
pub(crate) struct Kept(Arc<Mutex<Tracks>>);

struct Tracks {
    hour: Track,
    day: Track,
}

/// Figures at the same distance, oldest first.
struct Track {
    every: Duration,
    most: usize,
    points: VecDeque<Point>,
    /// The last look, which the next is compared with.
    last: Option<(Instant, Reading)>,
}

struct Point {
    at: Timestamp,
    values: [Option<f32>; SERIES.len()],
}

impl Default for Kept {
    fn default() -> Self {
        let (hour, day) = (Track::new(EVERY, HOUR), Track::new(COARSE, DAY));
        Self(Arc::new(Mutex::new(Tracks { hour, day })))
    }
}

impl Kept {
    /// Takes note of the figures at a time.
    fn note(&self, at: Timestamp, now: Instant, families: &[Family]) {
        let reading = Reading::of(families);
        let mut tracks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tracks.hour.note(at, now, &reading);
        tracks.day.note(at, now, &reading);
    }

    /// What is known of that time.
    pub(crate) fn history(&self, range: HistoryRange) -> History {
        let tracks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match range {
            HistoryRange::Hour => tracks.hour.history(),
            HistoryRange::Day => tracks.day.history(),
        }
    }
}

impl Track {
    fn new(every: Duration, most: usize) -> Self {
        Self { every, most, points: VecDeque::with_capacity(most), last: None }
    }

    fn note(&mut self, at: Timestamp, now: Instant, reading: &Reading) {
        let since = self.last.as_ref().map(|(last, before)| (now.duration_since(*last), before));
        // a look may come a little early or late
        if since.is_some_and(|(since, _)| since + EVERY / 2 < self.every) {
            return;
        }
        let values = reading.values(since);
        if self.points.len() == self.most {
            self.points.pop_front();
        }
        self.points.push_back(Point { at, values });
        self.last = Some((now, reading.clone()));
    }

    fn history(&self) -> History {
        let one = |(nth, series): (usize, &series::Series)| {
            let value = |point: &Point| point.values.get(nth).copied().flatten();
            HistorySeries {
                name: series.name,
                unit: series.unit,
                values: self.points.iter().map(value).collect(),
            }
        };
        History {
            every_seconds: u32::try_from(self.every.as_secs()).unwrap_or(u32::MAX),
            times: self.points.iter().map(|point| point.at).collect(),
            items: SERIES.iter().enumerate().map(one).collect(),
        }
    }
}

/// Looks at the server's health and figures, again and again.
pub(crate) async fn sample(
    web: WebState,
    kept: Kept,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    beat: Beat,
) {
    let mut looks = tokio::time::interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = stop.cancelled() => return,
        }
        beat.beat();
        web.is_ready().await;
        kept.note(clock.now(), Instant::now(), web.exposition().families());
    }
}

#[cfg(test)]
mod tests {
    use plexi_web::Exposition;

    use super::*;

    fn figures(requests: u64, memory: u64) -> Vec<Family> {
        let mut told = Exposition::default();
        for (status, count) in [("200", requests), ("500", requests / 10)] {
            let labels = [("operation", "users.me"), ("status", status)];
            told.counter("plexi_http_requests_total", "", &labels, count);
        }
        told.gauge("process_resident_memory_bytes", "", &[], memory);
        told.into_families()
    }

    fn values<'a>(history: &'a History, name: &str) -> &'a [Option<f32>] {
        &history.items.iter().find(|series| series.name == name).unwrap().values
    }

    /// Looks so many times, ten seconds apart, at a server that answers 20 requests a second more each time.
    async fn looked(kept: &Kept, times: u64) {
        for nth in 1..=times {
            let at = Timestamp::from_seconds(i64::try_from(nth).unwrap() * 10);
            kept.note(at, Instant::now(), &figures(nth * 200, nth));
            tokio::time::advance(EVERY).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn counters_become_rates_from_the_second_look_on_and_gauges_are_as_they_are() {
        let kept = Kept::default();
        looked(&kept, 3).await;
        let history = kept.history(HistoryRange::Hour);
        assert_eq!(history.every_seconds, 10);
        assert_eq!(history.times, [10, 20, 30].map(Timestamp::from_seconds));
        assert_eq!(values(&history, "requests"), [None, Some(22.0), Some(22.0)]);
        assert_eq!(values(&history, "failures"), [None, Some(2.0), Some(2.0)]);
        assert_eq!(values(&history, "memory"), [Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(values(&history, "disk_free"), [None; 3], "nobody told it");
    }

    #[tokio::test(start_paused = true)]
    async fn the_day_has_a_point_every_five_minutes_whose_rates_are_those_of_the_five_minutes() {
        let kept = Kept::default();
        looked(&kept, 61).await;
        let history = kept.history(HistoryRange::Day);
        assert_eq!((history.every_seconds, history.times.len()), (300, 3));
        assert_eq!(values(&history, "requests"), [None, Some(22.0), Some(22.0)]);
        assert_eq!(values(&history, "memory"), [Some(1.0), Some(31.0), Some(61.0)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_is_never_more_than_an_hour_and_a_day() {
        let kept = Kept::default();
        looked(&kept, 30 * 300).await;
        let (hour, day) = (kept.history(HistoryRange::Hour), kept.history(HistoryRange::Day));
        assert_eq!((hour.times.len(), day.times.len()), (HOUR, DAY));
        assert_eq!(hour.times.last(), Some(&Timestamp::from_seconds(90_000)));
        assert_eq!(hour.times.first(), Some(&Timestamp::from_seconds(90_000 - 3_590)));
        assert!(values(&hour, "requests").iter().all(|value| *value == Some(22.0)));
    }
}
