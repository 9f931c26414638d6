//! CPU time, and taking turns.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How many turns each contender gets.
const TURNS: usize = 31;

/// CPU time that this thread used so far.
pub(crate) fn of_thread() -> Duration {
    cpu(ClockId::ThreadCPUTime)
}

/// CPU time that this program used so far.
pub(crate) fn of_process() -> Duration {
    cpu(ClockId::ProcessCPUTime)
}

fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Something measured: does its work `count` times, from a place that moves on.
pub(crate) struct Contender<'a> {
    pub name: &'static str,
    pub work: Box<dyn FnMut(usize) -> usize + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &'static str, work: impl FnMut(usize) -> usize + 'a) -> Self {
        Self { name, work: Box::new(work) }
    }
}

/// Nanoseconds of CPU for one piece of work of each contender: the median of turns taken one after the other.
pub(crate) fn compare(contenders: &mut [Contender<'_>], pieces: usize) -> Vec<f64> {
    let mut taken = vec![Vec::with_capacity(TURNS); contenders.len()];
    for turn in 0..=TURNS {
        for (contender, taken) in contenders.iter_mut().zip(&mut taken) {
            let before = of_thread();
            std::hint::black_box((contender.work)(pieces));
            let took = of_thread().saturating_sub(before);
            // The first turn warms up.
            if turn > 0 {
                taken.push(took.as_secs_f64() * 1e9 / float(pieces));
            }
        }
    }
    taken.into_iter().map(median).collect()
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "figures of a table, far below 2^52")]
pub(crate) fn float(number: usize) -> f64 {
    number as f64
}
