//! `cargo xtask bench log`: what an event costs whoever logs it, beside `tracing-subscriber` with `tracing-appender`; what is lost when
//! the disk is slow; how long a start and a look at the end of a huge log take.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plexi_core::SystemClock;
use plexi_core_log::{Format, LogConfig, LogFilter, LogGuard, LogReader, Logging, RotationConfig};
use serde_json::json;
use tracing::Dispatch;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

use crate::Outcome;
use crate::cost::{median, of_thread};
use crate::report::Table;

/// Events of one burst; between two bursts the writers catch up, so that nothing is dropped and all cost is counted.
const BURST: u64 = 5_000;
const BURSTS: u64 = 40;
const PAUSE: Duration = Duration::from_millis(40);
const ROUNDS: usize = 3;
/// Events logged to a disk that is slow.
const TO_SLOW: u64 = 400_000;
/// How fast that disk is, in bytes a second.
const SLOW: u64 = 8 * 1024 * 1024;

/// Measures and fills the table.
pub(crate) fn measure(scratch: &Path, table: &mut Table) -> Outcome<()> {
    table.section("caller CPU of an event with five fields inside a span");
    for (format, name, aim) in [(Format::Text, "text", 0.35), (Format::Json, "json", 0.3)] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let folder = scratch.join(format!("cpu-{name}-{round}"));
            std::fs::create_dir_all(&folder)?;
            let (dispatch, guard) = build(&folder, format)?;
            ours.push(caller_cpu(&dispatch));
            if guard.handle().stats().lost > 0 {
                return Err("lines were lost: the figure would not count all work".into());
            }
            drop(guard);
            let (dispatch, guard, lost) = peer(File::create(folder.join("peer.txt"))?, format);
            theirs.push(caller_cpu(&dispatch));
            if lost.dropped_lines() > 0 {
                return Err("the other one lost lines: the figure would not count all work".into());
            }
            drop(guard);
        }
        let (ours, theirs) = (median(ours), median(theirs));
        for (what, cpu) in [("tracing-subscriber and -appender", theirs), ("plexi-core-log", ours)] {
            table.line(format!("  {name:<5} {what:<34} {cpu:>7.0} ns an event"));
        }
        let ratio = ours / theirs;
        table.aim(&format!("{name}, of tracing-subscriber's"), ratio, aim, ratio <= aim);
        table.row(json!({"figure": "caller_cpu", "format": name, "ours_ns": ours, "theirs_ns": theirs, "ratio": ratio}));
    }

    table.section(&format!("{TO_SLOW} events to a disk that takes {} MiB a second", SLOW >> 20));
    for ours in [false, true] {
        let folder = scratch.join(format!("slow-{ours}"));
        std::fs::create_dir_all(folder.join("logs"))?;
        let slow = slow_disk(&folder, ours)?;
        let name = if ours { "plexi-core-log" } else { "tracing-subscriber and -appender" };
        let told = slow.told.map_or_else(|| "nothing".to_owned(), |lost| lost.to_string());
        table.line(format!(
            "  {name:<34} written {:>7}  missing {:>7}  the log tells of {told}",
            slow.written,
            slow.missing()
        ));
        if ours {
            let unaccounted = slow.missing().abs_diff(slow.told.unwrap_or_default());
            table.aim(
                "lines neither written nor told of",
                crate::report::float(unaccounted),
                0.0,
                unaccounted == 0,
            );
        }
        table.row(json!({"figure": "slow_disk", "ours": ours, "produced": TO_SLOW, "written": slow.written, "reported_lost": slow.told}));
    }

    table.section("large files");
    let start = start_with_large_log(&scratch.join("large"))?;
    table.line(format!("  start with a latest.txt of 1 GiB {:.2} ms", ms(start)));
    table.aim("start with 1 GiB, ms", ms(start), 10.0, ms(start) < 10.0);
    let tail = tail_of_huge_log(&scratch.join("huge"))?;
    table.line(format!("  last 256 KiB of 10 GiB {:.2} ms (median of 21)", ms(tail)));
    table.aim("last 256 KiB of 10 GiB, ms", ms(tail), 5.0, ms(tail) < 5.0);
    table.row(json!({"figure": "large", "start_ms": ms(start), "tail_ms": ms(tail)}));
    Ok(())
}

fn config(format: Format) -> LogConfig {
    LogConfig { console: false, format, ..LogConfig::default() }
}

fn build(folder: &Path, format: Format) -> Outcome<(Dispatch, LogGuard)> {
    // nothing is put aside while it is measured
    let rotation = RotationConfig { max_size_mb: 0, max_age_hours: 0, ..RotationConfig::default() };
    Ok(Logging::build(&LogConfig { rotation, ..config(format) }, folder, Arc::new(SystemClock))?)
}

/// What most would pick: the `fmt` subscriber on a non-blocking appender, as each comes.
fn peer(file: File, format: Format) -> (Dispatch, WorkerGuard, tracing_appender::non_blocking::ErrorCounter) {
    let (writer, guard) = NonBlockingBuilder::default().finish(file);
    let lost = writer.error_counter();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer);
    let dispatch = match format {
        Format::Text => Dispatch::new(subscriber.finish()),
        Format::Json => Dispatch::new(subscriber.json().finish()),
    };
    (dispatch, guard, lost)
}

fn log_one(nth: u64) {
    tracing::info!(
        method = "GET",
        path = "/api/v1/channels/0198/messages",
        status = 200_u64,
        nth,
        took_ms = 12.5,
        "request done"
    );
}

/// CPU nanoseconds of the calling thread for each event.
fn caller_cpu(dispatch: &Dispatch) -> f64 {
    tracing::dispatcher::with_default(dispatch, || {
        let request = tracing::info_span!("request", correlation_id = "0198f0c2-7d5e", user = "zoe");
        request.in_scope(|| {
            (0..BURST).for_each(log_one);
            std::thread::sleep(PAUSE);
            let mut used = Duration::ZERO;
            for _ in 0..BURSTS {
                let before = of_thread();
                (0..BURST).for_each(log_one);
                used += of_thread().saturating_sub(before);
                std::thread::sleep(PAUSE);
            }
            used.as_secs_f64() * 1e9 / crate::report::float(BURST * BURSTS)
        })
    })
}

/// What arrived on a slow disk.
struct Slow {
    written: u64,
    /// How many lines the log itself says were lost.
    told: Option<u64>,
}

impl Slow {
    fn missing(&self) -> u64 {
        TO_SLOW - self.written
    }
}

/// Logs into a pipe that is read slowly.
fn slow_disk(folder: &Path, ours: bool) -> Outcome<Slow> {
    let path = folder.join("logs/latest.txt");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
    let pipe = OpenOptions::new().read(true).write(true).open(&path)?;
    let mut source = OpenOptions::new().read(true).open(&path)?;
    let reader = std::thread::spawn(move || -> std::io::Result<Slow> {
        let (mut text, mut block) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            let read = source.read(&mut block)?;
            if read == 0 {
                break;
            }
            text.extend_from_slice(&block[..read]);
            std::thread::sleep(Duration::from_secs_f64(
                crate::report::float(read as u64) / crate::report::float(SLOW),
            ));
        }
        let text = String::from_utf8_lossy(&text);
        let written = text.lines().filter(|line| line.contains("request done")).count() as u64;
        let told = text
            .lines()
            .filter_map(|line| line.split_once("log lines were lost count=")?.1.parse::<u64>().ok());
        let told: Vec<u64> = told.collect();
        Ok(Slow { written, told: (!told.is_empty()).then(|| told.iter().sum()) })
    });
    let log =
        |dispatch: &Dispatch| tracing::dispatcher::with_default(dispatch, || (0..TO_SLOW).for_each(log_one));
    if ours {
        let (dispatch, guard) = build(folder, Format::Text)?;
        log(&dispatch);
        drop((dispatch, guard, pipe));
    } else {
        let (dispatch, guard, _) = peer(pipe, Format::Text);
        log(&dispatch);
        drop((dispatch, guard));
    }
    Ok(reader.join().map_err(|_| "the reader failed")??)
}

fn start_with_large_log(folder: &Path) -> Outcome<Duration> {
    std::fs::create_dir_all(folder.join("logs"))?;
    let mut times = Vec::new();
    for _ in 0..5 {
        let mut log = File::create(folder.join("logs/latest.txt"))?;
        log.write_all(b"2026-11-21T09:30:00.123456Z INFO  first line\n")?;
        log.set_len(1 << 30)?;
        let before = Instant::now();
        let guard = Logging::build(&config(Format::Text), folder, Arc::new(SystemClock))?.1;
        times.push(before.elapsed());
        drop(guard);
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn tail_of_huge_log(folder: &Path) -> Outcome<Duration> {
    std::fs::create_dir_all(folder.join("logs"))?;
    let mut log = File::create(folder.join("logs/latest.txt"))?;
    log.seek(SeekFrom::Start(10 << 30))?;
    for nth in 0..10_000 {
        writeln!(log, "2026-11-21T09:30:00.123456Z INFO  web request done nth={nth} path=/api/v1/users")?;
    }
    let reader = LogReader::new(&config(Format::Text), folder);
    let mut times = Vec::new();
    for _ in 0..21 {
        let before = Instant::now();
        let view = reader.view("latest.txt", &LogFilter::default(), 256 * 1024)?;
        times.push(before.elapsed());
        if !view.lines.last().is_some_and(|line| line.contains("nth=9999")) {
            return Err("the end of the log was not shown".into());
        }
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
