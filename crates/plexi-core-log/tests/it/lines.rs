use plexi_core::Secret;
use plexi_core_log::{Format, Level, LevelChange, LogConfig, LogError};
use proptest::prelude::*;
use tracing::{debug, error, info, info_span, warn};

use crate::{PATIENCE, Server, quiet};

#[test]
fn a_line_has_time_level_target_message_and_fields() {
    let server = Server::new();
    server.run(&quiet(), || {
        info!(target: "plexi_web", user = "zoe", ms = 12_u64, fast = true, path = "/a b", "request done");
        warn!(target: "plexi_web", "slow");
    });
    let expected = "2026-11-21T09:30:00.123456Z INFO  plexi_web request done user=zoe ms=12 fast=true path=\"/a b\"\n\
                    2026-11-21T09:30:00.123456Z WARN  plexi_web slow\n";
    assert_eq!(server.latest(), expected);
}

#[test]
fn an_event_carries_the_fields_and_the_correlation_id_of_the_spans_around_it() {
    let server = Server::new();
    server.run(&quiet(), || {
        let request =
            info_span!("request", correlation_id = "req-1", method = "GET", user = tracing::field::Empty);
        let _in_request = request.enter();
        request.record("user", "zoe");
        info_span!("query", table = "messages").in_scope(|| info!(target: "db", rows = 3, "read"));
        info!(target: "db", correlation_id = "req-own", "own id wins");
    });
    let log = server.latest();
    assert!(
        log.contains("INFO  db read method=GET user=zoe table=messages rows=3 correlation_id=req-1\n"),
        "{log}"
    );
    assert!(log.contains("INFO  db own id wins method=GET user=zoe correlation_id=req-own\n"), "{log}");
}

#[test]
fn the_correlation_id_shows_on_errors_even_when_only_errors_are_written() {
    let server = Server::new();
    let config = LogConfig { level: Level::Error, ..quiet() };
    server.run(&config, || {
        let request = info_span!("request", correlation_id = "req-9");
        request.in_scope(|| {
            info!("not written");
            error!(target: "web", "failed");
        });
    });
    let log = server.latest();
    assert!(log.ends_with("ERROR web failed correlation_id=req-9\n") && log.lines().count() == 1, "{log}");
}

#[test]
fn secrets_do_not_appear_by_type_or_by_name() {
    let server = Server::new();
    server.run(&quiet(), || {
        let secret = Secret::new(String::from("hunter2"));
        info!(key = ?secret, password = "hunter2", Authorization = "Bearer hunter2", "signed in");
    });
    let log = server.latest();
    assert!(!log.contains("hunter2"), "{log}");
    assert!(log.contains("key=Secret(..) "), "{log}");
    assert!(log.contains("password=[redacted] "), "{log}");
}

#[test]
fn stack_traces_are_written_at_debug_only_and_only_when_wanted() {
    let write = || {
        error!(target: "t", backtrace = "at main", "failed");
        debug!(target: "t", backtrace = "at main", "details");
    };
    let off = Server::new();
    off.run(&LogConfig { level: Level::Debug, ..quiet() }, write);
    assert!(!off.latest().contains("backtrace"), "{}", off.latest());
    let on = Server::new();
    on.run(&LogConfig { level: Level::Debug, debug_stacktraces: true, ..quiet() }, write);
    let log = on.latest();
    assert!(log.contains("ERROR t failed\n"), "{log}");
    assert!(log.contains("DEBUG t details backtrace=\"at main\"\n"), "{log}");
}

#[test]
fn levels_are_set_for_each_target_and_change_while_running() {
    let server = Server::new();
    let mut config = quiet();
    config.targets.insert("sqlx".into(), Level::Warn);
    let (dispatch, guard) = server.build(&config);
    let handle = guard.handle();
    tracing::dispatcher::with_default(&dispatch, || {
        let write = |nth: u32| {
            info!(target: "sqlx::query", nth, "query");
            debug!(target: "web", nth, "detail");
        };
        write(1);
        handle.set_level("info,web=debug").unwrap();
        write(2);
        handle.apply(&config).unwrap();
        write(3);
    });
    assert!(handle.set_level("chatty").is_err());
    assert!(handle.flush(PATIENCE));
    let log = server.latest();
    let seen: Vec<_> = log.lines().map(|line| line.split_once("Z ").unwrap().1).collect();
    assert_eq!(seen, ["INFO  sqlx::query query nth=2", "DEBUG web detail nth=2"]);
    assert_eq!((handle.stats().written, handle.stats().lost), (2, 0));
}

#[test]
fn single_levels_change_while_running_all_or_none() {
    let server = Server::new();
    let mut config = quiet();
    config.targets.insert("sqlx".into(), Level::Warn);
    let (dispatch, guard) = server.build(&config);
    let handle = guard.handle();
    let before = handle.levels().unwrap();
    assert_eq!(
        (before.level, before.targets["sqlx"], before.sinks["file"]),
        (Level::Info, Level::Warn, Level::Trace)
    );
    tracing::dispatcher::with_default(&dispatch, || {
        let write = |nth: u32| {
            info!(target: "sqlx::query", nth, "query");
            debug!(target: "web", nth, "detail");
            warn!(target: "web", nth, "trouble");
        };
        let target = |name: &str, level| LevelChange {
            targets: [(name.to_owned(), level)].into(),
            ..LevelChange::default()
        };
        let sink = |name: &str, level| LevelChange {
            sinks: [(name.to_owned(), level)].into(),
            ..LevelChange::default()
        };
        let now = handle.change_levels(&target("web", Some(Level::Debug))).unwrap();
        assert_eq!(now.targets.len(), before.targets.len() + 1, "what is not named stays");
        write(1);
        handle.change_levels(&sink("file", Some(Level::Warn))).unwrap();
        write(2);
        let wrong = LevelChange { level: Some(Level::Off), ..sink("sinks.none", None) };
        assert!(matches!(handle.change_levels(&wrong), Err(LogError::NoSuchSink { .. })));
        assert!(matches!(handle.change_levels(&target("", Some(Level::Off))), Err(LogError::Targets(_))));
        handle.change_levels(&sink("file", None)).unwrap();
        handle.change_levels(&target("sqlx", None)).unwrap();
        handle.change_levels(&target("web", Some(Level::Error))).unwrap();
        write(3);
    });
    assert!(handle.flush(PATIENCE));
    let log = server.latest();
    let seen: Vec<_> = log.lines().map(|line| line.split_once("Z ").unwrap().1).collect();
    let expected = [
        "DEBUG web detail nth=1",
        "WARN  web trouble nth=1",
        "WARN  web trouble nth=2",
        "INFO  sqlx::query query nth=3",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn an_error_is_written_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot save")]
    struct Outer(#[source] std::io::Error);
    let server = Server::new();
    server.run(&quiet(), || {
        let error = Outer(std::io::Error::other("disk gone"));
        error!(target: "t", error = &error as &dyn std::error::Error, "failed");
    });
    assert!(server.latest().ends_with("failed error=\"cannot save: disk gone\"\n"), "{}", server.latest());
}

#[test]
fn a_huge_value_is_cut_and_the_line_stays_bounded() {
    let server = Server::new();
    server.run(&quiet(), || info!(huge = "x".repeat(1 << 20), "big"));
    let log = server.latest();
    assert!(log.len() < 9_000 && log.contains("[cut]"), "{}", log.len());
}

#[test]
fn no_line_is_longer_than_it_may_be_whatever_has_to_be_escaped() {
    for format in [Format::Text, Format::Json] {
        let server = Server::new();
        let wild = "\u{1b}".repeat(16 * 1024);
        server.run(&LogConfig { format, ..quiet() }, || {
            let (id, a) = (wild.as_str(), wild.as_str());
            let request = info_span!("request", correlation_id = id, a, b = a);
            request.in_scope(|| info!(target: "web", c = a, d = a, n = 7, "{wild}"));
        });
        let log = server.latest();
        assert_eq!(log.lines().count(), 1);
        assert!(log.len() <= 64 * 1024 + 1 && log.contains("cut"), "{format:?}: {}", log.len());
        assert!(log.contains("correlation_id"), "{format:?}");
        if format == Format::Json {
            let line: serde_json::Value = serde_json::from_str(&log).unwrap();
            assert_eq!((&line["cut"], &line["fields"]["n"]), (&true.into(), &7.into()));
            assert!(line["message"].as_str().unwrap().starts_with("\u{1b}\u{1b}"));
        }
    }
}

#[test]
fn json_lines_are_objects_of_ascii_with_numbers_as_numbers() {
    let server = Server::new();
    let config = LogConfig { format: Format::Json, ..quiet() };
    server.run(&config, || {
        let request = info_span!("request", correlation_id = "req-1");
        let _in_request = request.enter();
        info!(target: "web", name = "J\u{fc}rgen \u{1f600}\n\"", n = -1, share = 0.5, nan = f64::NAN, "hi");
    });
    let log = server.latest();
    assert!(log.is_ascii());
    let line: serde_json::Value = serde_json::from_str(log.trim_end()).unwrap();
    let expected = serde_json::json!({
        "time": "2026-11-21T09:30:00.123456Z", "level": "INFO", "target": "web", "message": "hi",
        "correlation_id": "req-1", "spans": ["request"],
        "fields": {"name": "J\u{fc}rgen \u{1f600}\n\"", "n": -1, "share": 0.5, "nan": "NaN"},
    });
    assert_eq!(line, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_logged_one_event_is_one_ascii_line(texts in prop::collection::vec(any::<String>(), 1..8)) {
        for format in [Format::Text, Format::Json] {
            let server = Server::new();
            let config = LogConfig { format, ..quiet() };
            server.run(&config, || {
                for text in &texts {
                    let span = info_span!("span", correlation_id = text.as_str(), other = text.as_str());
                    span.in_scope(|| info!(value = text.as_str(), shown = ?text, "said {text}"));
                }
            });
            let log = server.latest();
            prop_assert!(log.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b)), "{}", log);
            prop_assert_eq!(log.lines().count(), texts.len());
            if format == Format::Json {
                for (line, text) in log.lines().zip(&texts) {
                    let line: serde_json::Value = serde_json::from_str(line).unwrap();
                    prop_assert_eq!(line["fields"]["value"].as_str(), Some(text.as_str()));
                    prop_assert_eq!(line["correlation_id"].as_str(), Some(text.as_str()));
                }
            }
        }
    }
}

#[test]
fn what_a_span_says_is_what_it_says_at_the_time_of_the_event() {
    let server = Server::new();
    server.run(&quiet(), || {
        let outer = info_span!("outer", correlation_id = "req-1", user = tracing::field::Empty);
        let say = |nth: u32| info!(target: "t", nth, "said");
        outer.in_scope(|| {
            say(1);
            outer.record("user", "zoe");
            say(2);
            info_span!("inner", user = "adam").in_scope(|| {
                say(3);
                outer.in_scope(|| say(4));
            });
            info!(target: "t", user = "eve", nth = 5, "said");
            say(6);
        });
        drop(outer);
        // spans that come and go may have each other's ids
        for nth in 7..9_u32 {
            info_span!("short", of = nth).in_scope(|| say(nth));
        }
        say(9);
        let alone = info_span!("alone", x = 1);
        info!(target: "t", parent: &alone, nth = 10, "said");
        alone.in_scope(|| info!(target: "t", parent: None, nth = 11, "said"));
    });
    let log = server.latest();
    let said: Vec<_> = log.lines().map(|line| line.split_once("said ").unwrap().1).collect();
    let expected = [
        "nth=1 correlation_id=req-1",
        "user=zoe nth=2 correlation_id=req-1",
        "user=adam nth=3 correlation_id=req-1",
        "user=adam nth=4 correlation_id=req-1",
        "user=eve nth=5 correlation_id=req-1",
        "user=zoe nth=6 correlation_id=req-1",
        "of=7 nth=7",
        "of=8 nth=8",
        "nth=9",
        "x=1 nth=10",
        "nth=11",
    ];
    assert_eq!(said, expected);
}

#[test]
fn two_logs_in_one_thread_do_not_take_each_others_spans() {
    let (one, other) = (Server::new(), Server::new());
    let ((first, guard), (second, other_guard)) = (one.build(&quiet()), other.build(&quiet()));
    for nth in 0..3 {
        for (dispatch, name) in [(&first, "first"), (&second, "second")] {
            tracing::dispatcher::with_default(dispatch, || {
                info_span!("span", name).in_scope(|| info!(target: "t", nth, "said"));
            });
        }
    }
    drop((guard, other_guard));
    assert_eq!(one.latest().matches("said name=first nth=").count(), 3);
    assert_eq!(other.latest().matches("said name=second nth=").count(), 3);
}

#[test]
fn a_value_that_logs_while_it_is_written_disturbs_nothing() {
    struct Chatty;
    impl std::fmt::Debug for Chatty {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            info_span!("within", x = 1).in_scope(|| info!(target: "t", "while it is written"));
            f.write_str("chatty")
        }
    }
    let server = Server::new();
    server.run(&quiet(), || info!(target: "t", a = 1, value = ?Chatty, b = 2, "said"));
    let log = server.latest();
    assert!(log.lines().last().unwrap().ends_with("t said a=1 value=chatty b=2"), "{log}");
}
