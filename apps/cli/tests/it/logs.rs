//! `plexi logs` on the logs that a server left.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use plexi_app::log::{LogConfig, Logging};
use plexi_core::SystemClock;

use crate::plexi::Plexi;

/// Two runs of a server, so that one log is archived.
fn with_logs() -> Plexi {
    let plexi = Plexi::new();
    let config = LogConfig { console: false, ..LogConfig::default() };
    for run in 1..=2 {
        let (dispatch, guard) = Logging::build(&config, &plexi.data(), Arc::new(SystemClock)).unwrap();
        tracing::dispatcher::with_default(&dispatch, || {
            tracing::info!(target: "plexi_web", run, "started");
            tracing::info_span!("request", correlation_id = "req-7")
                .in_scope(|| tracing::warn!(target: "plexi_db", user = "J\u{fc}rgen", "slow query"));
        });
        assert!(guard.handle().wait_for_archives(std::time::Duration::from_secs(30)));
    }
    plexi
}

#[test]
fn the_files_are_listed() {
    let plexi = with_logs();
    let files = plexi.json(&["logs", "files"]);
    let kinds: Vec<_> = files.as_array().unwrap().iter().map(|file| file["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["archive", "current"]);
    assert!(plexi.ok(&["logs", "files"]).contains("latest.txt"));
}

#[test]
fn the_newest_lines_are_printed_oldest_first() {
    let plexi = with_logs();
    let tail = plexi.ok(&["logs", "tail", "-n", "3"]);
    let lines: Vec<_> = tail.lines().map(|line| line.split_once("Z ").unwrap().1).collect();
    let slow = r#"WARN  plexi_db slow query user="J\u{fc}rgen" correlation_id=req-7"#;
    assert_eq!(lines, [slow, "INFO  plexi_web started run=2", slow]);
    let levels = plexi.ok(&["logs", "tail", "--level", "warn"]);
    assert_eq!(levels.lines().count(), 2);
}

#[test]
fn a_text_is_found_in_all_files_and_told_to_programs_as_objects() {
    let plexi = with_logs();
    assert_eq!(plexi.ok(&["logs", "grep", "J\u{fc}rgen"]).lines().count(), 2);
    assert_eq!(plexi.ok(&["logs", "grep", "STARTED", "-i", "--field", "run=1"]).lines().count(), 1);
    assert_eq!(
        plexi.ok(&["logs", "grep", "", "--correlation-id", "req-7", "--since", "1h"]).lines().count(),
        2
    );
    assert_eq!(plexi.ok(&["logs", "grep", "", "--until", "1h"]), "");
    let found = plexi.ok(&["logs", "grep", "slow", "--file", "latest.txt", "--json"]);
    let record: serde_json::Value = serde_json::from_str(found.trim_end()).unwrap();
    assert_eq!((&record["level"], &record["fields"]["user"]), (&"warn".into(), &"J\u{fc}rgen".into()));
    assert_eq!((&record["correlation_id"], &record["file"]), (&"req-7".into(), &"latest.txt".into()));
    let nothing = plexi.run(&["logs", "grep", "nowhere"], "");
    assert_eq!((nothing.code, nothing.out.as_str()), (0, ""));
    assert_eq!(nothing.err, "nothing found in 4 lines\n");
}

#[test]
fn a_summary_counts_by_level_and_target() {
    let plexi = with_logs();
    let stats = plexi.json(&["logs", "stats"]);
    assert_eq!((&stats["levels"]["info"], &stats["levels"]["warn"]), (&2.into(), &2.into()));
    assert_eq!(stats["troubles"][0], serde_json::json!(["slow query", 2]));
    assert_eq!(stats["lost"], 0);
    assert!(plexi.ok(&["logs", "stats"]).contains("plexi_web"));
    let latest = plexi.data().join("logs/latest.txt");
    let long = format!("2026-11-21T09:30:00.000000Z ERROR plexi_web {}\n", "long ".repeat(2_000));
    std::fs::OpenOptions::new().append(true).open(latest).unwrap().write_all(long.as_bytes()).unwrap();
    let stats = plexi.ok(&["logs", "stats"]);
    assert!(stats.contains("long long"), "{stats}");
    assert!(
        stats.lines().all(|line| line.len() < 130),
        "no table is as wide as its longest message: {stats}"
    );
}

#[test]
fn a_log_is_followed_while_it_is_written() {
    let plexi = with_logs();
    let mut child = Command::new(env!("CARGO_BIN_EXE_plexi"))
        .current_dir(plexi.path(""))
        .args(["logs", "tail", "-n", "1", "--follow"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("slow query"));
    let latest = plexi.data().join("logs/latest.txt");
    let mut log = std::fs::OpenOptions::new().append(true).open(latest).unwrap();
    log.write_all(b"2026-11-21T09:30:00.123456Z INFO  plexi_web came later\n").unwrap();
    assert!(lines.next().unwrap().unwrap().ends_with("came later"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_damaged_archive_is_named_before_a_log_is_followed() {
    let plexi = with_logs();
    let files = plexi.json(&["logs", "files"]);
    let archive = files[0]["name"].as_str().unwrap();
    std::fs::write(plexi.data().join("logs").join(archive), "no zip").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_plexi"))
        .current_dir(plexi.path(""))
        .args(["logs", "tail", "-n", "100", "--follow"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = told.next().unwrap().unwrap();
    assert!(told.contains(archive), "{told}");
    assert_eq!(child.try_wait().unwrap(), None, "it goes on");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_is_not_there_is_said_and_nothing_else_is_read() {
    let plexi = with_logs();
    std::fs::write(plexi.path("secret.txt"), "secret").unwrap();
    let ran = plexi.fails(&["logs", "tail", "--file", "../../secret.txt"], 3);
    assert!(ran.err.contains("there is no log") && ran.err.contains("plexi logs files"), "{}", ran.err);
    plexi.fails(&["logs", "tail", "--plugin", "nobody"], 3);
    plexi.fails(&["logs", "tail", "--since", "yesterday"], 2);
    plexi.fails(&["logs", "tail", "--field", "user"], 2);
    plexi.fails(&["logs", "tail", "--level", "loud"], 2);
    plexi.fails(&["logs", "files", "--server", "http://127.0.0.1:1"], 2);
}

#[test]
fn a_damaged_archive_fails_the_command_after_the_others_were_read() {
    let plexi = with_logs();
    let files = plexi.json(&["logs", "files"]);
    let archive = files[0]["name"].as_str().unwrap();
    std::fs::write(plexi.data().join("logs").join(archive), "no zip").unwrap();
    let ran = plexi.fails(&["logs", "grep", "started"], 1);
    assert!(ran.out.lines().count() == 1 && ran.err.contains(archive), "{}\n{}", ran.out, ran.err);
}
