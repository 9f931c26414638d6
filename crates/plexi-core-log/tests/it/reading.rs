//! Reading logs back: lists, searches in both directions, following, and what must not be reachable.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;

use plexi_core::{Coded as _, ErrorCode, Timestamp};
use plexi_core_log::{
    Format, Level, LogConfig, LogEntry, LogFileKind, LogFilter, LogReader, LogSource, RotationConfig,
    VIEW_AT_MOST, WhenFull,
};
use proptest::prelude::*;
use tracing::{error, info, info_span, warn};

use crate::{PATIENCE, Server, quiet};

fn reader(server: &Server) -> LogReader {
    LogReader::new(&quiet(), server.dir.path())
}

fn wanting(level: Level) -> LogFilter {
    LogFilter { level: Some(level), ..LogFilter::default() }
}

fn forwards(reader: &LogReader, filter: &LogFilter) -> Vec<String> {
    let mut found = Vec::new();
    let keep = |line: LogEntry<'_>| {
        found.push(line.line().into_owned());
        ControlFlow::Continue(())
    };
    let scan = reader.forwards(&LogSource::Server, filter, keep).unwrap();
    assert_eq!((scan.matched, scan.unreadable), (found.len() as u64, vec![]));
    found
}

fn backwards(reader: &LogReader, filter: &LogFilter) -> Vec<String> {
    let mut found = Vec::new();
    let keep = |line: LogEntry<'_>| {
        found.push(line.line().into_owned());
        ControlFlow::Continue(())
    };
    reader.backwards(&LogSource::Server, filter, keep).unwrap();
    found.reverse();
    found
}

/// Three runs: one archived, one put aside without being zipped, one current.
fn three_runs() -> Server {
    let server = Server::new();
    server.run(&quiet(), || info!(run = 1, "started"));
    server.clock.advance(std::time::Duration::from_hours(1));
    let plain = RotationConfig { compress: false, ..RotationConfig::default() };
    server.run(&LogConfig { rotation: plain.clone(), ..quiet() }, || warn!(run = 2, "started"));
    server.clock.advance(std::time::Duration::from_hours(1));
    // the first run's file was put aside by the second, which does not zip
    let first = server.logs().join("latest-20261121T103000.123456Z.txt");
    assert!(first.exists());
    server
        .run(&LogConfig { rotation: plain, format: Format::Json, ..quiet() }, || error!(run = 3, "started"));
    zip_up(&first);
    server
}

fn zip_up(plain: &std::path::Path) {
    let mut zip = zip::ZipWriter::new(fs::File::create(plain.with_extension("zip")).unwrap());
    zip.start_file("log.txt", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&fs::read(plain).unwrap()).unwrap();
    zip.finish().unwrap();
    fs::remove_file(plain).unwrap();
}

#[test]
fn the_files_are_listed_oldest_first_with_what_they_are() {
    let server = three_runs();
    let folder = server.logs().join("plugins/greeter");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("greeter.log"), "x\n").unwrap();
    fs::write(server.logs().join("notes.txt"), "not ours").unwrap();
    let files = reader(&server).files().unwrap();
    let told: Vec<_> =
        files.iter().map(|file| (file.name.as_str(), file.kind, file.plugin.as_deref())).collect();
    let expected = [
        ("latest-20261121T103000.123456Z.zip", LogFileKind::Archive, None),
        ("latest-20261121T113000.123456Z.txt", LogFileKind::Rotated, None),
        ("latest.txt", LogFileKind::Current, None),
        ("plugins/greeter/greeter.log", LogFileKind::Current, Some("greeter")),
    ];
    assert_eq!(told, expected);
    assert_eq!(files[0].put_aside, Timestamp::parse("2026-11-21T10:30:00.123456Z"));
}

#[test]
fn a_search_goes_through_all_files_in_order_whatever_their_form() {
    let server = three_runs();
    let reader = reader(&server);
    let all = forwards(&reader, &LogFilter::default());
    assert_eq!(all.len(), 3);
    assert!(all[0].contains("run=1") && all[1].contains("run=2") && all[2].contains("\"run\":3"), "{all:?}");
    assert_eq!(backwards(&reader, &LogFilter::default()), all);
    let third = LogFilter { fields: vec![("run".into(), "3".into())], ..LogFilter::default() };
    assert_eq!(forwards(&reader, &third), all[2..]);
    assert_eq!(forwards(&reader, &wanting(Level::Warn)), all[1..]);
    let hour = LogFilter {
        from: Timestamp::parse("2026-11-21T10:00:00Z"),
        until: Timestamp::parse("2026-11-21T11:00:00Z"),
        ..LogFilter::default()
    };
    assert_eq!(forwards(&reader, &hour), all[1..2]);
    assert_eq!(backwards(&reader, &hour), all[1..2]);
}

#[test]
fn a_request_is_found_by_its_correlation_id() {
    let server = Server::new();
    server.run(&quiet(), || {
        for id in ["req-1", "req-2", "req-10"] {
            info_span!("request", correlation_id = id).in_scope(|| info!(id, "done"));
        }
    });
    let filter = LogFilter { correlation_id: Some("req-1".into()), ..LogFilter::default() };
    let found = forwards(&reader(&server), &filter);
    assert!(found.len() == 1 && found[0].contains("id=req-1 "), "{found:?}");
}

#[test]
fn a_search_stops_when_it_is_told_to() {
    let server = three_runs();
    let mut seen = 0;
    let scan = reader(&server)
        .backwards(&LogSource::Server, &LogFilter::default(), |entry| {
            seen += 1;
            assert_eq!(entry.level(), Some(Level::Error));
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!((seen, scan.lines), (1, 1));
}

#[test]
fn the_end_of_a_huge_file_is_shown_without_reading_what_is_before_it() {
    let server = Server::new();
    server.run(&quiet(), || {});
    let mut file = fs::OpenOptions::new().write(true).open(server.logs().join("latest.txt")).unwrap();
    // ten gibibytes that take no room on the disk
    file.seek(SeekFrom::Start(10 << 30)).unwrap();
    for nth in 0..5_000 {
        writeln!(file, "\n2026-11-21T09:30:00.123456Z INFO  web request done nth={nth} path=/api/v1/users")
            .unwrap();
    }
    let view = reader(&server).view("latest.txt", &LogFilter::default(), 256 * 1024).unwrap();
    assert!(view.cut && view.lines.last().unwrap().contains("nth=4999"), "{:?}", view.lines.last());
    assert!(view.lines.iter().all(|line| line.starts_with("2026-11-21T")), "only whole lines");
    let size: usize = view.lines.iter().map(|line| line.len() + 2).sum();
    assert!((255 * 1024..=256 * 1024).contains(&size), "{size}");
    let mut last = None;
    let keep = |entry: LogEntry<'_>| {
        last = entry.record().field("nth").map(std::borrow::Cow::into_owned);
        ControlFlow::Break(())
    };
    reader(&server).backwards(&LogSource::Server, &LogFilter::default(), keep).unwrap();
    assert_eq!(last.as_deref(), Some("4999"));
}

#[test]
fn a_view_of_an_archive_is_its_end_and_a_small_file_is_shown_whole() {
    let server = three_runs();
    let reader = reader(&server);
    let archive = "latest-20261121T103000.123456Z.zip";
    let whole = reader.view(archive, &LogFilter::default(), VIEW_AT_MOST).unwrap();
    assert!(!whole.cut && whole.lines.len() == 1 && whole.lines[0].ends_with("started run=1"), "{whole:?}");
    let end = reader.view(archive, &LogFilter::default(), 10).unwrap();
    assert!(end.cut && end.lines.is_empty(), "{end:?}");
    let none =
        reader.view("latest.txt", &LogFilter { level: Some(Level::Off), ..LogFilter::default() }, 1 << 20);
    assert_eq!(none.unwrap().lines, Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_current_log_that_is_a_link_is_not_followed() {
    let server = three_runs();
    let outside = server.dir.path().join("secret.txt");
    fs::write(&outside, "2026-11-21T09:30:00.000000Z INFO  plexi_web secret\n").unwrap();
    let latest = server.logs().join("latest.txt");
    fs::remove_file(&latest).unwrap();
    std::os::unix::fs::symlink(&outside, &latest).unwrap();
    let reader = reader(&server);
    let found = forwards(&reader, &LogFilter::default());
    assert_eq!(found.len(), 2, "the runs before are read: {found:?}");
    assert!(found.iter().all(|line| !line.contains("secret")), "{found:?}");
    assert!(reader.view("latest.txt", &LogFilter::default(), 1 << 20).is_err());
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let server = three_runs();
    fs::write(server.dir.path().join("secret.txt"), "secret\n").unwrap();
    let logs = server.logs();
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        server.dir.path().join("secret.txt"),
        logs.join("latest-20200101T000000.000000Z.txt"),
    )
    .unwrap();
    let outside = server.dir.path().join("secret.txt");
    let reader = reader(&server);
    let names = [
        "../secret.txt",
        "./latest.txt",
        "logs/../../secret.txt",
        "..",
        "",
        "/etc/passwd",
        outside.to_str().unwrap(),
        "latest.txt\0",
        ".lock",
        "plugins/../latest.txt",
        "latest-20200101T000000.000000Z.txt",
    ];
    for name in names {
        let refused = reader.view(name, &LogFilter::default(), 1 << 20).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ValidationNotFound, "{name:?}: {refused}");
        let source = LogSource::File(name.to_owned());
        assert!(
            reader.forwards(&source, &LogFilter::default(), |_| ControlFlow::Continue(())).is_err(),
            "{name:?}"
        );
        let stop = |_: LogEntry<'_>| ControlFlow::Break(());
        for source in [LogSource::Plugin(name.to_owned()), LogSource::File(name.to_owned())] {
            assert!(reader.follow(&source, &LogFilter::default(), stop).is_err(), "{name:?}");
        }
    }
}

#[test]
fn a_damaged_archive_is_named_and_the_others_are_read() {
    let server = three_runs();
    fs::write(server.logs().join("latest-20261121T103000.123456Z.zip"), b"PK\x03\x04 not whole").unwrap();
    let mut lines = 0;
    let scan = reader(&server)
        .forwards(&LogSource::Server, &LogFilter::default(), |_| {
            lines += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((lines, scan.unreadable), (2, vec!["latest-20261121T103000.123456Z.zip".to_owned()]));
}

#[test]
fn an_archive_is_read_backwards_in_one_pass_for_the_lines_that_are_wanted_and_in_more_for_all() {
    const LINES: u64 = 60_000;
    let server = Server::new();
    server.run(&LogConfig { when_full: WhenFull::Block, ..quiet() }, || {
        for nth in 0..LINES {
            let filler = "x".repeat(150);
            if nth % 1_000 == 0 { warn!(nth, filler, "rare") } else { info!(nth, filler, "usual") }
        }
    });
    server.clock.advance(std::time::Duration::from_hours(1));
    server.run(&quiet(), || {});
    let reader = reader(&server);
    let archive = LogSource::File("latest-20261121T103000.123456Z.zip".to_owned());
    let numbers = |filter: &LogFilter| {
        let mut found = Vec::new();
        let keep = |entry: LogEntry<'_>| {
            found.push(entry.record().field("nth").unwrap().parse::<u64>().unwrap());
            ControlFlow::Continue(())
        };
        let scan = reader.backwards(&archive, filter, keep).unwrap();
        assert_eq!((scan.matched, scan.unreadable), (found.len() as u64, vec![]));
        (found, scan.lines)
    };
    let (rare, looked_at) = numbers(&wanting(Level::Warn));
    assert_eq!(rare, (0..60).rev().map(|nth| nth * 1_000).collect::<Vec<_>>());
    assert_eq!(looked_at, LINES);
    let (all, looked_at) = numbers(&LogFilter::default());
    assert_eq!(all, (0..LINES).rev().collect::<Vec<_>>());
    assert!(looked_at > LINES, "more than fits is read in several passes");
}

#[test]
fn a_folder_without_logs_has_none() {
    let server = Server::new();
    let reader = reader(&server);
    assert_eq!(reader.files().unwrap(), []);
    assert_eq!(forwards(&reader, &LogFilter::default()), Vec::<String>::new());
}

#[test]
fn following_tells_each_line_once_through_any_number_of_rotations() {
    let server = Server::new();
    let rotation = RotationConfig { max_size_mb: 1, ..RotationConfig::default() };
    let (dispatch, guard) = server.build(&LogConfig { rotation, ..quiet() });
    let handle = guard.handle();
    tracing::dispatcher::with_default(&dispatch, || info!(nth = -1, "before"));
    assert!(handle.flush(PATIENCE));
    let mut before = Vec::new();
    let keep = |entry: LogEntry<'_>| {
        before.push(entry.line().into_owned());
        ControlFlow::Continue(())
    };
    let (_, mut follower) = reader(&server).follow(&LogSource::Server, &LogFilter::default(), keep).unwrap();
    assert!(before.len() == 1 && before[0].ends_with("before nth=-1"), "{before:?}");
    let mut seen: Vec<u32> = Vec::new();
    let mut look = |seen: &mut Vec<u32>| {
        let keep = |entry: LogEntry<'_>| {
            seen.push(entry.record().field("nth").unwrap().parse().unwrap());
        };
        follower.poll(keep).unwrap();
    };
    let mut nth = 0;
    // a look after each of these: within a file, after one rotation, after several at once
    for lines in [10, 10, 1_100, 5_000, 10] {
        tracing::dispatcher::with_default(&dispatch, || {
            for _ in 0..lines {
                info!(nth, filler = "x".repeat(1_000), "line");
                nth += 1;
            }
        });
        assert!(handle.flush(PATIENCE) && handle.wait_for_archives(PATIENCE));
        look(&mut seen);
        assert_eq!(seen, (0..nth).collect::<Vec<_>>());
    }
    look(&mut seen);
    assert_eq!(seen.len(), 6_130, "nothing is told twice");
    assert!(server.names().len() > 5, "{:?}", server.names());
}

#[test]
fn the_part_of_a_line_that_the_server_took_back_is_not_told() {
    let server = Server::new();
    server.run(&quiet(), || info!("first"));
    let path = server.logs().join("latest.txt");
    let mut log = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let whole = log.metadata().unwrap().len();
    let pass = |_: LogEntry<'_>| ControlFlow::Continue(());
    let (_, mut follower) = reader(&server).follow(&LogSource::Server, &LogFilter::default(), pass).unwrap();
    let mut seen = Vec::new();
    for (bytes, taken_back) in
        [("2026-11-21T09:30:00.000000Z INFO  web half of a li", true), ("whole\n", false)]
    {
        log.write_all(bytes.as_bytes()).unwrap();
        follower.poll(|entry| seen.push(entry.line().into_owned())).unwrap();
        if taken_back {
            log.set_len(whole).unwrap();
            follower.poll(|entry| seen.push(entry.line().into_owned())).unwrap();
        }
    }
    assert_eq!(seen, ["whole"]);
}

#[test]
fn a_summary_counts_levels_targets_troubles_and_lost_lines() {
    let server = Server::new();
    server.run(&quiet(), || {
        info!(target: "web", "request done");
        info!(target: "web", "request done");
        warn!(target: "db", "slow");
        warn!(target: "plexi_core_log", count = 7_u64, "log lines were lost");
    });
    fs::OpenOptions::new()
        .append(true)
        .open(server.logs().join("latest.txt"))
        .unwrap()
        .write_all(b"foreign\n")
        .unwrap();
    let summary = reader(&server).summary(&LogSource::Server, &LogFilter::default()).unwrap();
    assert_eq!(summary.levels.into_iter().collect::<Vec<_>>(), [(Level::Warn, 2), (Level::Info, 2)]);
    assert_eq!(summary.targets[0], ("web".to_owned(), 2));
    assert_eq!((summary.lost, summary.foreign, summary.scan.lines), (7, 1, 5));
    assert_eq!(summary.troubles.len(), 2);
    assert_eq!(summary.first, summary.last);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_bytes_stand_in_the_files_both_directions_find_the_same_printable_lines(
        archived in prop::collection::vec(any::<u8>(), 0..5_000),
        current in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n')], 0..5_000),
        text in any::<Option<String>>(),
    ) {
        let server = Server::new();
        fs::create_dir_all(server.logs()).unwrap();
        let plain = server.logs().join("latest-20261121T103000.123456Z.txt");
        fs::write(&plain, &archived).unwrap();
        zip_up(&plain);
        fs::write(server.logs().join("latest.txt"), &current).unwrap();
        let reader = reader(&server);
        let filter = LogFilter { text, ..LogFilter::default() };
        let found = forwards(&reader, &filter);
        prop_assert_eq!(&backwards(&reader, &filter), &found);
        prop_assert!(found.iter().all(|line| line.bytes().all(|b| (b' '..=b'~').contains(&b))));
        if filter.text.is_none() {
            let lines = [&archived, &current].map(|bytes| {
                bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()).count()
            });
            prop_assert_eq!(found.len(), lines[0] + lines[1]);
        }
    }
}
