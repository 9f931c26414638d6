//! What is logged is kept for as long as promised, and what is lost is told of.

use std::fs;
use std::ops::ControlFlow;
use std::time::Duration;

use plexi_core_log::{LogConfig, LogFilter, LogReader, LogSource, RotationConfig};
use proptest::prelude::*;
use tracing::{error, info};

use crate::{PATIENCE, Server, quiet};

/// What happens to a server in the course of days.
#[derive(Clone, Debug)]
enum Step {
    Log { lines: u32, long: usize },
    Hours(u64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..40_u32, prop_oneof![Just(10_usize), Just(8_000), Just(60_000)])
            .prop_map(|(lines, long)| Step::Log { lines, long }),
        (1..30_u64).prop_map(Step::Hours),
        Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rotation_and_retention_keep_every_line_of_the_promised_days_in_order_and_all_that_is_foreign(steps in steps()) {
        let server = Server::new();
        let rotation = RotationConfig { max_size_mb: 1, max_age_hours: 6, ..RotationConfig::default() };
        let config = LogConfig { retention_days: 2, rotation, ..quiet() };
        let kept_for = Duration::from_hours(48);
        let foreign = ["notes.txt", "latest-20200101T000000.000000Z.txt.bak", "other-20200101T000000.000000Z.zip"];
        fs::create_dir_all(server.logs()).unwrap();
        for name in foreign {
            fs::write(server.logs().join(name), "foreign").unwrap();
        }
        let mut logged = Vec::new();
        let mut running = server.build(&config);
        for step in steps {
            match step {
                Step::Log { lines, long } => tracing::dispatcher::with_default(&running.0, || {
                    for _ in 0..lines {
                        // values are cut at 8 KiB: several make a long line
                        let filler = "x".repeat(long / 8);
                        let f = filler.as_str();
                        info!(nth = logged.len(), a = f, b = f, c = f, d = f, e = f, f, g = f, h = f, "line");
                        logged.push(plexi_core::Clock::now(&*server.clock));
                    }
                    assert!(running.1.handle().flush(PATIENCE));
                }),
                Step::Hours(hours) => server.clock.advance(Duration::from_hours(hours)),
                Step::Restart => {
                    prop_assert!(running.1.handle().wait_for_archives(PATIENCE));
                    drop(running);
                    running = server.build(&config);
                }
            }
        }
        prop_assert!(running.1.handle().wait_for_archives(PATIENCE));
        drop(running);

        let mut found: Vec<usize> = Vec::new();
        let keep = |entry: plexi_core_log::LogEntry<'_>| {
            found.push(entry.record().field("nth").unwrap().parse().unwrap());
            ControlFlow::Continue(())
        };
        let reader = LogReader::new(&config, server.dir.path());
        let scan = reader.forwards(&LogSource::Server, &LogFilter::default(), keep).unwrap();
        prop_assert_eq!(scan.unreadable, Vec::<String>::new());
        let first = found.first().copied().unwrap_or(logged.len());
        prop_assert_eq!(found, (first..logged.len()).collect::<Vec<_>>());
        let oldest = plexi_core::Clock::now(&*server.clock).minus(kept_for);
        prop_assert!(logged[..first].iter().all(|at| *at < oldest), "a line of the promised days is gone");
        for name in foreign {
            prop_assert!(server.logs().join(name).exists(), "{}", name);
        }
    }
}

/// Memory of this process that is really there, in MiB.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

#[cfg(target_os = "linux")]
#[test]
fn of_a_million_lines_none_is_lost_before_its_time_and_memory_stays_bounded() {
    const HOURS: u64 = 100;
    const EACH: u64 = 10_000;
    let server = Server::new();
    let rotation = RotationConfig { max_size_mb: 2, max_age_hours: 6, ..RotationConfig::default() };
    let config =
        LogConfig { retention_days: 2, rotation, when_full: plexi_core_log::WhenFull::Block, ..quiet() };
    let (dispatch, guard) = server.build(&config);
    let mut most = 0;
    let before = resident();
    for hour in 0..HOURS {
        tracing::dispatcher::with_default(&dispatch, || {
            (hour * EACH..(hour + 1) * EACH).for_each(|nth| info!(nth, "line"));
        });
        // what is put aside carries the hour it was written in
        assert!(guard.handle().flush(PATIENCE) && guard.handle().wait_for_archives(PATIENCE));
        most = most.max(resident());
        server.clock.advance(Duration::from_hours(1));
    }
    let stats = guard.handle().stats();
    assert_eq!((stats.written, stats.lost), (HOURS * EACH, 0));
    drop((dispatch, guard));
    assert!(most.saturating_sub(before) <= 48, "{before} MiB before, {most} MiB at most");

    let mut found = Vec::new();
    let keep = |entry: plexi_core_log::LogEntry<'_>| {
        found.push(entry.record().field("nth").unwrap().parse::<u64>().unwrap());
        ControlFlow::Continue(())
    };
    let reader = LogReader::new(&config, server.dir.path());
    let scan = reader.forwards(&LogSource::Server, &LogFilter::default(), keep).unwrap();
    assert_eq!(scan.unreadable, Vec::<String>::new());
    let first = found[0];
    assert_eq!(found, (first..HOURS * EACH).collect::<Vec<_>>(), "no gap and nothing twice");
    let kept = HOURS - first / EACH;
    // a file is deleted as a whole, when its youngest line is too old
    assert!((48..=48 + 6 + 1).contains(&kept), "{kept} hours are kept");
}

#[cfg(unix)]
#[test]
fn lines_written_and_lines_told_of_are_all_that_were_logged_and_no_error_is_missing() {
    use std::io::Read as _;
    const INFOS: u64 = 100_000;
    const ERRORS: u64 = 1_000;
    let server = Server::new();
    fs::create_dir_all(server.logs()).unwrap();
    // a pipe that nobody reads yet: what does not fit into the queue must go
    let path = server.logs().join("latest.txt");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    let mut pipe = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let (dispatch, guard) = server.build(&quiet());
    tracing::dispatcher::with_default(&dispatch, || {
        for nth in 0..INFOS {
            info!(nth, filler = "x".repeat(150), "produced");
            if nth % (INFOS / ERRORS) == 0 {
                error!(nth, "failed");
            }
        }
    });
    drop(dispatch);
    let stats = guard.handle().stats();
    let reader = std::thread::spawn(move || {
        let (mut text, mut block) = (String::new(), vec![0; 64 * 1024]);
        while !text.ends_with("the end\n") {
            let read = pipe.read(&mut block).unwrap();
            text.push_str(std::str::from_utf8(&block[..read]).unwrap());
        }
        text
    });
    assert!(guard.handle().flush(PATIENCE));
    drop(guard);
    // the log is closed: what comes now is the test's own mark
    let mut end = fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::io::Write::write_all(&mut end, b"the end\n").unwrap();
    let text = reader.join().unwrap();
    let written = text.lines().filter(|line| line.contains(" produced nth=")).count() as u64;
    let errors = text.lines().filter(|line| line.contains(" failed nth=")).count() as u64;
    let told: u64 = text
        .lines()
        .filter_map(|line| line.split_once("log lines were lost count=")?.1.parse::<u64>().ok())
        .sum();
    assert_eq!(errors, ERRORS);
    assert!(told > 0 && stats.lost == told, "{told} of {}", stats.lost);
    assert_eq!(written + told, INFOS);
}
