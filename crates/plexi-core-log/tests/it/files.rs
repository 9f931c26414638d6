use std::fs;
use std::time::Duration;

use plexi_core::{Coded as _, ErrorCode};
use plexi_core_log::{DataDirs, LogConfig, LogError, Logging, RotationConfig};
use tracing::info;

use crate::{PATIENCE, Server, quiet, unzip};

const FIRST: &str = "latest-20261121T093000.123456Z";

#[test]
fn at_start_up_the_old_log_is_renamed_and_zipped_and_a_fresh_one_opened() {
    let server = Server::new();
    server.run(&quiet(), || info!("first run"));
    server.run(&quiet(), || info!("second run"));
    assert!(server.latest().contains("second run") && !server.latest().contains("first run"));
    assert_eq!(server.names(), [format!("{FIRST}.zip"), "latest.txt".into()]);
    let (name, text) = unzip(&server.logs().join(format!("{FIRST}.zip")));
    assert_eq!(name, format!("{FIRST}.txt"));
    assert!(text.ends_with("first run\n"), "{text}");
}

#[test]
fn two_files_put_aside_at_the_same_moment_do_not_overwrite_each_other() {
    let server = Server::new();
    for run in 0..3 {
        server.run(&quiet(), || info!(run, "started"));
    }
    let names = server.names();
    assert_eq!(
        names,
        [format!("{FIRST}.zip"), "latest-20261121T093000.123457Z.zip".into(), "latest.txt".into()]
    );
}

#[test]
fn without_rotation_at_start_up_the_log_goes_on_on_a_line_of_its_own() {
    let server = Server::new();
    let config =
        LogConfig { rotation: RotationConfig { on_startup: false, ..RotationConfig::default() }, ..quiet() };
    server.run(&config, || info!("first run"));
    let torn = server.latest() + "2026-11-21T09:30:00.1";
    fs::write(server.logs().join("latest.txt"), torn).unwrap();
    server.run(&config, || info!("second run"));
    let log = server.latest();
    assert_eq!(log.lines().count(), 3, "{log}");
    assert!(log.ends_with("Z INFO  it::files second run\n"), "{log}");
}

#[test]
fn a_file_that_reaches_its_size_is_put_aside_while_running_and_loses_nothing() {
    let server = Server::new();
    let rotation = RotationConfig { max_size_mb: 1, ..RotationConfig::default() };
    let (dispatch, guard) = server.build(&LogConfig { rotation, ..quiet() });
    let lines = 3_000;
    tracing::dispatcher::with_default(&dispatch, || {
        for nth in 0..lines {
            info!(nth, filler = "x".repeat(1_000), "line");
        }
    });
    let handle = guard.handle();
    assert!(handle.flush(PATIENCE) && handle.wait_for_archives(PATIENCE));
    let (zips, rest): (Vec<_>, Vec<_>) = server.names().into_iter().partition(|name| name != "latest.txt");
    assert!(zips.len() >= 2 && rest == ["latest.txt"], "{zips:?} {rest:?}");
    let archived: String = zips.iter().map(|name| unzip(&server.logs().join(name)).1).collect();
    let all = archived + &server.latest();
    let numbers: Vec<u32> = all
        .lines()
        .map(|line| line.split("nth=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers, (0..lines).collect::<Vec<_>>());
}

#[test]
fn a_file_that_reaches_its_age_is_put_aside() {
    let server = Server::new();
    let (dispatch, guard) = server.build(&quiet());
    tracing::dispatcher::with_default(&dispatch, || {
        info!("yesterday");
        assert!(guard.handle().flush(PATIENCE));
        server.clock.advance(Duration::from_hours(24));
        info!("today");
    });
    assert!(guard.handle().flush(PATIENCE) && guard.handle().wait_for_archives(PATIENCE));
    assert!(server.latest().contains("today") && !server.latest().contains("yesterday"));
    assert_eq!(server.names().len(), 2);
}

#[test]
fn a_file_that_somebody_deleted_is_there_again_when_it_would_have_been_put_aside() {
    let server = Server::new();
    let (dispatch, guard) = server.build(&quiet());
    tracing::dispatcher::with_default(&dispatch, || {
        info!("yesterday");
        assert!(guard.handle().flush(PATIENCE));
        fs::remove_file(server.logs().join("latest.txt")).unwrap();
        server.clock.advance(Duration::from_hours(24));
        info!("today");
    });
    assert!(guard.handle().flush(PATIENCE));
    assert!(server.latest().ends_with("today\n"), "{}", server.latest());
}

#[test]
fn what_a_crash_left_is_completed_at_the_next_start() {
    let server = Server::new();
    let logs = server.logs();
    server.run(&quiet(), || info!("an archive to copy"));
    server.run(&quiet(), || {});
    let whole = fs::read(logs.join(format!("{FIRST}.zip"))).unwrap();
    // killed while zipping: source whole, archive partial
    fs::write(logs.join("latest-20261120T000000.000001Z.txt"), "one\n").unwrap();
    fs::write(logs.join("latest-20261120T000000.000001Z.zip.tmp"), "PK half").unwrap();
    // killed between the renaming of the archive and the deletion of its source
    fs::write(logs.join("latest-20261120T000000.000002Z.txt"), "two\n").unwrap();
    fs::write(logs.join("latest-20261120T000000.000002Z.zip"), &whole).unwrap();
    server.run(&quiet(), || {});
    assert_eq!(unzip(&logs.join("latest-20261120T000000.000001Z.zip")).1, "one\n");
    let expected = [
        "latest-20261120T000000.000001Z.zip",
        "latest-20261120T000000.000002Z.zip",
        "latest-20261121T093000.123456Z.zip",
        "latest.txt",
    ];
    assert_eq!(server.names(), expected);
}

#[test]
fn logs_older_than_the_retention_are_deleted_and_foreign_files_never_touched() {
    let server = Server::new();
    let logs = server.logs();
    fs::create_dir_all(&logs).unwrap();
    let foreign = ["latest-notes.txt", "notes-20200101T000000.000000Z.zip", "old.zip"];
    for name in
        foreign.iter().chain(&["latest-20261107T093000.123455Z.zip", "latest-20261107T093000.123457Z.zip"])
    {
        fs::write(logs.join(name), "x").unwrap();
    }
    server.run(&quiet(), || {});
    let names = server.names();
    assert!(foreign.iter().all(|name| names.iter().any(|found| found == name)), "{names:?}");
    assert!(names.contains(&"latest-20261107T093000.123457Z.zip".to_owned()), "{names:?}");
    assert!(!names.contains(&"latest-20261107T093000.123455Z.zip".to_owned()), "{names:?}");
}

#[test]
fn a_second_server_on_the_same_folder_is_refused_until_the_first_ends() {
    let server = Server::new();
    let (_dispatch, guard) = server.build(&quiet());
    let refused = Logging::build(&quiet(), server.dir.path(), server.clock.clone()).unwrap_err();
    assert!(matches!(refused, LogError::Locked { .. }), "{refused}");
    assert_eq!(refused.code(), ErrorCode::SystemConfiguration);
    drop(guard);
    assert!(Logging::build(&quiet(), server.dir.path(), server.clock.clone()).is_ok());
}

#[test]
fn settings_out_of_bounds_are_refused_by_name() {
    let server = Server::new();
    let mut config = quiet();
    config.rotation.max_size_mb = 5_000;
    let refused = Logging::build(&config, server.dir.path(), server.clock.clone()).unwrap_err();
    assert_eq!(refused.to_string(), "rotation.max_size_mb: must be at most 4096");
}

#[test]
fn the_defaults_are_those_of_the_specification() {
    let defaults = serde_json::to_value(LogConfig::default()).unwrap();
    assert_eq!(defaults["level"], "info");
    assert_eq!(defaults["format"], "text");
    assert_eq!(defaults["retention_days"], 14);
    assert_eq!(defaults["rotation"]["on_startup"], true);
    assert_eq!(defaults["rotation"]["compress"], true);
    assert_eq!(defaults["file"]["main"], "logs/latest.txt");
    assert_eq!(defaults["debug_stacktraces"], false);
    let upper: LogConfig = serde_json::from_str(r#"{"level": "INFO"}"#).unwrap();
    assert_eq!(upper, LogConfig::default());
}

#[cfg(unix)]
#[test]
fn data_folders_and_logs_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("keys")).unwrap();
    fs::set_permissions(root.path().join("keys"), fs::Permissions::from_mode(0o755)).unwrap();
    let dirs = DataDirs::create(root.path()).unwrap();
    for dir in [dirs.data(), dirs.logs(), dirs.backups(), dirs.staging(), dirs.tmp(), dirs.keys()] {
        assert_eq!(mode(&dir), 0o700, "{}", dir.display());
    }
    let server = Server::new();
    server.run(&quiet(), || info!("hello"));
    assert_eq!(mode(&server.logs().join("latest.txt")), 0o600);
}
