//! Logs of plugins.

use std::fs;
use std::ops::ControlFlow;
use std::time::Duration;

use plexi_core::{Coded as _, ErrorCode};
use plexi_core_log::{Level, LogConfig, LogFilter, LogReader, LogSource, PLUGIN_TARGET, PluginsConfig};
use tracing::{debug, info, info_span};

use crate::{PATIENCE, Server, quiet};

impl Server {
    fn of_plugin(&self, name: &str) -> String {
        fs::read_to_string(self.logs().join(format!("plugins/{name}/{name}.log"))).unwrap()
    }
}

fn say(plugin: &str) {
    info!(target: PLUGIN_TARGET, plugin, "hello");
}

#[test]
fn each_plugin_has_a_file_of_its_own() {
    let server = Server::new();
    let (dispatch, guard) = server.build(&quiet());
    for name in ["greeter", "poller"] {
        guard.handle().open_plugin(name).unwrap();
    }
    tracing::dispatcher::with_default(&dispatch, || {
        info_span!("request", correlation_id = "req-1").in_scope(|| say("greeter"));
        say("poller");
        info!("the server itself");
    });
    drop(guard);
    let line = "2026-11-21T09:30:00.123456Z INFO  plexi_plugin hello plugin=greeter correlation_id=req-1\n";
    assert_eq!(server.of_plugin("greeter"), line);
    assert!(server.of_plugin("poller").ends_with("hello plugin=poller\n"));
    assert!(server.latest().contains("the server itself") && !server.latest().contains("hello"));
}

#[test]
fn what_a_plugin_says_without_a_log_of_its_own_goes_where_all_goes() {
    let off = LogConfig { plugins: PluginsConfig { enabled: false, ..PluginsConfig::default() }, ..quiet() };
    for (config, open, close) in [(quiet(), false, false), (quiet(), true, true), (off, true, false)] {
        let server = Server::new();
        let (dispatch, guard) = server.build(&config);
        if open {
            guard.handle().open_plugin("greeter").unwrap();
        }
        if close {
            guard.handle().close_plugin("greeter");
        }
        tracing::dispatcher::with_default(&dispatch, || say("greeter"));
        drop(guard);
        assert!(server.latest().ends_with("hello plugin=greeter\n"), "{}", server.latest());
    }
}

#[test]
fn plugins_have_a_level_of_their_own() {
    let server = Server::new();
    let plugins = PluginsConfig { level: Level::Debug, ..PluginsConfig::default() };
    let config = LogConfig { level: Level::Warn, plugins, ..quiet() };
    let (dispatch, guard) = server.build(&config);
    guard.handle().open_plugin("greeter").unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        debug!(target: PLUGIN_TARGET, plugin = "greeter", "detail");
        info!("not written");
        let quieter = PluginsConfig { level: Level::Error, ..PluginsConfig::default() };
        guard.handle().apply(&LogConfig { plugins: quieter, ..config.clone() }).unwrap();
        say("greeter");
    });
    drop(guard);
    assert!(server.of_plugin("greeter").ends_with("DEBUG plexi_plugin detail plugin=greeter\n"));
    assert_eq!(server.latest(), "");
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let server = Server::new();
    let (_dispatch, guard) = server.build(&quiet());
    for name in ["", "..", "../evil", "/tmp/evil", "a/b", "UPPER", "a\0b", "dot."] {
        let refused = guard.handle().open_plugin(name).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ValidationInvalid, "{name:?}");
    }
    assert_eq!(server.names(), ["latest.txt"]);
}

#[test]
fn no_more_plugins_than_enough_have_logs() {
    let server = Server::new();
    let (_dispatch, guard) = server.build(&quiet());
    let opened = (0..300).filter(|nth| guard.handle().open_plugin(&format!("p{nth}")).is_ok()).count();
    assert_eq!(opened, 256);
    guard.handle().close_plugin("p0");
    guard.handle().open_plugin("another").unwrap();
}

#[test]
fn logs_of_plugins_are_rotated_zipped_deleted_and_read_like_the_servers() {
    let server = Server::new();
    let folder = server.logs().join("plugins/greeter");
    fs::create_dir_all(&folder).unwrap();
    for name in ["greeter-20261107T093000.123455Z.zip", "greeter-20261120T000000.000000Z.txt", "notes.txt"] {
        fs::write(folder.join(name), "left by an earlier run\n").unwrap();
    }
    for run in 1..=2 {
        let (dispatch, guard) = server.build(&quiet());
        guard.handle().open_plugin("greeter").unwrap();
        tracing::dispatcher::with_default(
            &dispatch,
            || info!(target: PLUGIN_TARGET, plugin = "greeter", run, "ran"),
        );
        assert!(guard.handle().flush(PATIENCE) && guard.handle().wait_for_archives(PATIENCE));
        server.clock.advance(Duration::from_hours(1));
    }
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "greeter-20261120T000000.000000Z.zip",
        "greeter-20261121T103000.123456Z.zip",
        "greeter.log",
        "notes.txt",
    ];
    assert_eq!(names, expected);
    let reader = LogReader::new(&quiet(), server.dir.path());
    let mut runs = Vec::new();
    let filter = LogFilter { text: Some("ran".into()), ..LogFilter::default() };
    let keep = |entry: plexi_core_log::LogEntry<'_>| {
        runs.push(entry.record().field("run").unwrap().into_owned());
        ControlFlow::Continue(())
    };
    reader.forwards(&LogSource::Plugin("greeter".into()), &filter, keep).unwrap();
    assert_eq!(runs, ["1", "2"]);
}
