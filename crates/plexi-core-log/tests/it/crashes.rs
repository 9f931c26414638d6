//! What is left when a server crashes.

use std::fs;

use plexi_core_log::{CrashConfig, LogConfig, LogFileKind, LogReader, RotationConfig};
use tracing::info;

use crate::{Server, quiet};

const FIRST: &str = "crash-20261121T093000.123456Z.txt";

#[test]
fn a_fatal_error_leaves_the_end_of_the_log_and_why() {
    let server = Server::new();
    let (dispatch, guard) = server.build(&quiet());
    tracing::dispatcher::with_default(&dispatch, || {
        info!("the last words");
        server.clock.advance(std::time::Duration::from_millis(1_500));
        let path = guard.handle().write_crash("disk\ngone \u{1b}[31m").unwrap();
        assert_eq!(path.file_name().unwrap(), "crash-20261121T093001.623456Z.txt");
        let crash = fs::read_to_string(path).unwrap();
        let (tail, trailer) = crash.split_once("\n--- crash 2026-11-21T09:30:01.623456Z ---\n").unwrap();
        assert!(tail.ends_with("the last words\n") || tail.ends_with("the last words"), "{tail}");
        assert!(trailer.starts_with("reason: disk\\ngone \\x1b[31m\nthread: "), "{trailer}");
        assert!(trailer.contains("\nuptime: 1.500 seconds\nlines lost: 0\nbacktrace:\n   0: "), "{trailer}");
        assert!(crash.is_ascii());
    });
    drop(guard);
    let log = server.latest();
    assert!(
        log.contains("ERROR plexi_core_log crash log written about=crash-20261121T093001.623456Z.txt"),
        "{log}"
    );
    let files = LogReader::new(&quiet(), server.dir.path()).files().unwrap();
    assert_eq!((files[0].kind, files.len()), (LogFileKind::Crash, 2));
}

#[test]
fn the_end_of_the_log_is_as_long_as_configured_and_of_whole_lines() {
    let server = Server::new();
    let crash = CrashConfig { tail_kb: 4, ..CrashConfig::default() };
    let (dispatch, guard) = server.build(&LogConfig { crash, ..quiet() });
    tracing::dispatcher::with_default(&dispatch, || {
        for nth in 0..1_000 {
            info!(nth, "line");
        }
    });
    let path = guard.handle().write_crash("over").unwrap();
    let text = fs::read_to_string(path).unwrap();
    let tail = text.split_once("\n---").unwrap().0;
    assert!((3_900..=4_096).contains(&tail.len()), "{}", tail.len());
    assert!(tail.lines().all(|line| line.starts_with("2026-11-21T")) && tail.contains("nth=999"), "{tail}");
}

#[cfg(unix)]
#[test]
fn the_room_for_it_is_taken_before_so_that_a_full_disk_does_not_matter() {
    use std::os::unix::fs::MetadataExt as _;
    let server = Server::new();
    let (dispatch, guard) = server.build(&quiet());
    tracing::dispatcher::with_default(&dispatch, || {
        for nth in 0..10_000 {
            info!(nth, "a line that is long enough for the end of the log to be cut, as most are");
        }
    });
    let room = fs::metadata(server.logs().join(".crash-reserve")).unwrap();
    let path = guard.handle().write_crash(&"long ".repeat(100_000)).unwrap();
    let crash = fs::metadata(&path).unwrap();
    assert_eq!(crash.ino(), room.ino(), "it is written into the file that was there");
    assert!(crash.len() <= room.len() && room.len() == (256 + 64) * 1024, "and takes no more than that had");
    let next = fs::metadata(server.logs().join(".crash-reserve")).unwrap();
    assert_ne!(next.ino(), room.ino(), "the room for the next one is taken at once");
    drop((dispatch, guard));
    assert!(!server.logs().join(".crash-reserve").exists(), "a server that ends needs none");
}

#[test]
fn each_crash_has_a_file_of_its_own_but_a_run_writes_no_more_than_enough() {
    let server = Server::new();
    let (_dispatch, guard) = server.build(&quiet());
    let written: Vec<_> = (0..20).filter_map(|_| guard.handle().write_crash("again")).collect();
    assert_eq!(written.len(), 16);
    assert!(written.iter().all(|path| path.exists()));
    drop(guard);
    let log = server.latest();
    assert_eq!(
        log.matches("crash log not written, this run has written enough of them about=again").count(),
        4
    );
}

#[test]
fn a_panic_is_a_crash_until_the_log_ends() {
    let server = Server::new();
    let (_dispatch, guard) = server.build(&quiet());
    guard.catch_panics("tester 1.2.3");
    let crash = || {
        std::thread::Builder::new().name("worker".into()).spawn(|| panic!("over {}", 1 + 1)).unwrap().join()
    };
    assert!(crash().is_err());
    let text = fs::read_to_string(server.logs().join(FIRST)).unwrap();
    assert!(
        text.contains("reason: panicked at ") && text.contains("crashes.rs:") && text.contains(": over 2\n"),
        "{text}"
    );
    assert!(text.contains("\nthread: worker\nbuild: tester 1.2.3\n"), "{text}");
    drop(guard);
    assert!(crash().is_err());
    assert_eq!(server.names(), [FIRST, "latest.txt"]);
}

#[test]
fn crash_logs_can_be_switched_off() {
    let server = Server::new();
    let crash = CrashConfig { enabled: false, ..CrashConfig::default() };
    let (_dispatch, guard) = server.build(&LogConfig { crash, ..quiet() });
    guard.catch_panics("tester");
    assert_eq!(guard.handle().write_crash("over"), None);
    assert!(!server.logs().join(".crash-reserve").exists());
    assert_eq!(server.names(), ["latest.txt"]);
}

#[test]
fn old_crash_logs_are_deleted_like_old_logs() {
    let server = Server::new();
    fs::create_dir_all(server.logs()).unwrap();
    for name in ["crash-20261107T093000.123455Z.txt", "crash-20261107T093000.123457Z.txt", "crash-notes.txt"]
    {
        fs::write(server.logs().join(name), "x").unwrap();
    }
    server.run(&quiet(), || {});
    assert_eq!(server.names(), ["crash-20261107T093000.123457Z.txt", "crash-notes.txt", "latest.txt"]);
}

#[test]
fn what_is_put_aside_takes_no_more_room_than_allowed_and_the_oldest_go_first() {
    let server = Server::new();
    fs::create_dir_all(server.logs()).unwrap();
    let (foreign, names) =
        ("latest-notes.txt", [1, 2, 3, 4].map(|nth| format!("latest-2026112{}T000000.000000Z.zip", nth - 1)));
    for name in names.iter().map(String::as_str).chain([foreign]) {
        fs::write(server.logs().join(name), vec![b'x'; 512 * 1024]).unwrap();
    }
    let config = LogConfig {
        retention_days: 0,
        retention_max_mb: 1,
        rotation: RotationConfig { compress: false, ..RotationConfig::default() },
        ..quiet()
    };
    server.run(&config, || {});
    assert_eq!(server.names(), [&*names[2], &*names[3], foreign, "latest.txt"]);
    server.run(&LogConfig { retention_max_mb: 0, ..config }, || {});
    assert_eq!(server.names().len(), 4, "no limit");
}
