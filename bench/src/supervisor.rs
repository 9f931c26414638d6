//! `cargo xtask bench supervisor`: what a restart costs, how long it takes, what a child weighs, what happens when many fail at once or stop, beside
//! `ractor` and plain `tokio::spawn`.
//!
//! Each contender runs on one thread with a runtime of its own, so that CPU is that thread's; they take turns and the median counts. Memory is that of a
//! process which has nothing else in it.

mod bare;
mod ours;
mod ractor;
mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use plexi_supervisor::{Backoff, SupervisorConfig};
use serde_json::json;

use crate::Outcome;
use crate::cost::{float, median, of_thread};
use crate::report::Table;
use work::Work;

/// Failures of one child, one after the other.
const FAILURES: usize = 20_000;
const TURNS: usize = 9;
/// Children that are there at once.
const MANY: usize = 10_000;
/// Children that fail at once.
const STORM: usize = 1_000;

/// Who supervises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum By {
    /// `tokio::spawn` and a channel: the least that it can cost.
    Bare,
    /// The actor framework most would pick.
    Ractor,
    /// `plexi-supervisor`.
    Ours,
}

const ALL: [By; 3] = [By::Bare, By::Ractor, By::Ours];

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Bare => "tokio::spawn",
            Self::Ractor => "ractor",
            Self::Ours => "plexi-supervisor",
        }
    }

    /// Runs all children of `work`; once all have settled, `meanwhile`; then they are stopped one after the other, the last first. Answers how long that took.
    async fn run(
        self,
        work: &Arc<Work>,
        backoff: Backoff,
        meanwhile: impl AsyncFnOnce(),
    ) -> Outcome<Duration> {
        match self {
            Self::Bare => bare::run(work, meanwhile).await,
            Self::Ractor => ractor::run(work, meanwhile).await,
            Self::Ours => ours::run(work, backoff, meanwhile).await,
        }
    }
}

/// Measures and fills the table.
pub(crate) fn measure(table: &mut Table) -> Outcome<()> {
    restarts(table)?;
    latency(table)?;
    memory(table)?;
    storm(table)?;
    stops(table)
}

fn restarts(table: &mut Table) -> Outcome<()> {
    table.section(&format!("CPU of a restart of one child that fails {FAILURES} times"));
    let mut taken = [const { Vec::new() }; 3];
    for _ in 0..TURNS {
        for (by, taken) in ALL.into_iter().zip(&mut taken) {
            let work = Work::failing(1, FAILURES);
            let cpu = alone(move |runtime| {
                let before = of_thread();
                runtime.block_on(by.run(&work, Backoff::NONE, async || ()))?;
                Ok(of_thread().saturating_sub(before))
            })?;
            taken.push(cpu.as_secs_f64() * 1e9 / float(FAILURES));
        }
    }
    let nanos = taken.map(median);
    for (by, nanos) in ALL.into_iter().zip(nanos) {
        table.line(format!("  {:<18} {nanos:>8.0} ns", by.name()));
        table.row(json!({"figure": "restart_cpu", "by": by.name(), "nanos": nanos}));
    }
    let [_, theirs, ours] = nanos;
    table.aim("restart, of ractor's", ours / theirs, 0.6, ours / theirs <= 0.6);
    Ok(())
}

fn latency(table: &mut Table) -> Outcome<()> {
    table.section("from the failure of a child to its next run, without a wait");
    for by in ALL {
        let work = Work::timed(1, FAILURES);
        let seen = Arc::clone(&work);
        alone(move |runtime| runtime.block_on(by.run(&work, Backoff::NONE, async || ())))?;
        let mut waits = seen.waits();
        waits.sort_unstable();
        let at = |share: usize| {
            waits.get(waits.len() * share / 100).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e6)
        };
        table.line(format!("  {:<18} p50 {:>7.2} us  p99 {:>7.2} us", by.name(), at(50), at(99)));
        table.row(json!({"figure": "restart_latency", "by": by.name(), "p50_us": at(50), "p99_us": at(99)}));
    }
    Ok(())
}

fn memory(table: &mut Table) -> Outcome<()> {
    table.section(&format!("resident memory of one of {MANY} children that wait"));
    for by in ALL {
        let mut rounds = Vec::new();
        for _ in 0..3 {
            let name = clap::ValueEnum::to_possible_value(&by).ok_or("a contender without a name")?;
            let mut child = std::process::Command::new(std::env::current_exe()?);
            let told = child.args(["supervised", "--by", name.get_name()]).output()?;
            rounds.push(String::from_utf8(told.stdout)?.trim().parse::<f64>()?);
        }
        let bytes = median(rounds);
        table.line(format!("  {:<18} {bytes:>8.0} B", by.name()));
        table.row(json!({"figure": "child_memory", "by": by.name(), "bytes": bytes}));
        if by == By::Ours {
            table.aim("KiB a child", bytes / 1_024.0, 1.0, bytes <= 1_024.0);
        }
    }
    Ok(())
}

/// In a process of its own: prints what one of many children takes, in bytes.
pub(crate) fn weigh(by: By) -> Outcome<()> {
    let work = Work::idle(MANY);
    let bytes = alone(move |runtime| {
        // what the runtime needs itself is there before
        runtime.block_on(by.run(&Work::idle(1), Backoff::NONE, async || ()))?;
        let before = resident()?;
        let mut after = Ok(0);
        runtime.block_on(by.run(&work, Backoff::NONE, async || after = resident()))?;
        Ok(after?.saturating_sub(before))
    })?;
    println!("{}", bytes / u64::try_from(MANY)?);
    Ok(())
}

/// Memory of this process that is really there, in bytes.
fn resident() -> Outcome<u64> {
    let map = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = map.lines().find_map(|line| line.strip_prefix("Rss:")).ok_or("Rss")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1_024)
}

fn storm(table: &mut Table) -> Outcome<()> {
    table.section(&format!("{STORM} children fail at once"));
    for by in ALL {
        let work = Work::timed(STORM, 1);
        let seen = Arc::clone(&work);
        let backoff = SupervisorConfig::default().backoff();
        alone(move |runtime| runtime.block_on(by.run(&work, backoff, async || ())))?;
        let mut seconds = std::collections::BTreeMap::<u64, usize>::new();
        for wait in seen.waits() {
            *seconds.entry(wait.as_secs()).or_default() += 1;
        }
        let peak = seconds.values().copied().max().unwrap_or_default();
        let mean = float(STORM) / float(seconds.len());
        table.line(format!(
            "  {:<18} {peak:>5} restarts in the busiest second, {mean:>6.1} on average",
            by.name()
        ));
        table.row(
            json!({"figure": "storm", "by": by.name(), "peak": peak, "mean": mean, "seconds": seconds.len()}),
        );
        if by == By::Ours {
            let ratio = float(peak) / mean;
            table.aim("busiest second, of the average", ratio, 3.0, ratio <= 3.0);
        }
    }
    Ok(())
}

fn stops(table: &mut Table) -> Outcome<()> {
    table.section(&format!("{MANY} children stopped one after the other, the last first"));
    for by in ALL {
        let work = Work::idle(MANY);
        let seen = Arc::clone(&work);
        let took = alone(move |runtime| runtime.block_on(by.run(&work, Backoff::NONE, async || ())))?;
        let ended = seen.ended();
        let in_order = ended.iter().copied().eq((0..MANY).rev());
        let milliseconds = took.as_secs_f64() * 1e3;
        table.line(format!(
            "  {:<18} {milliseconds:>8.1} ms, {} ended, in order: {in_order}",
            by.name(),
            ended.len()
        ));
        table.row(json!({"figure": "stop", "by": by.name(), "ms": milliseconds, "ended": ended.len(), "in_order": in_order}));
        if by == By::Ours {
            let met = in_order && took < Duration::from_secs(1);
            table.aim("all stopped in order, ms", milliseconds, 1_000.0, met);
        }
    }
    Ok(())
}

/// Runs `what` on a thread of its own with a runtime that has no other.
fn alone<T: Send + 'static>(
    what: impl FnOnce(&tokio::runtime::Runtime) -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        what(&runtime)
    });
    thread.join().map_err(|_| "a thread of the benchmark ended")?
}

/// How long `what` takes.
async fn timed<T>(what: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let answer = what.await;
    (answer, began.elapsed())
}
