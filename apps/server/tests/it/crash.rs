use std::fs;
use std::path::Path;

use crate::program::command;

/// The crash logs of the server on `folder`.
fn crash_logs(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("data/logs")).unwrap().map(Result::unwrap);
    let crashes = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("crash-"));
    crashes.map(|entry| fs::read_to_string(entry.path()).unwrap()).collect()
}

#[test]
fn a_server_that_panics_leaves_a_crash_log() {
    let folder = tempfile::tempdir().unwrap();
    // the one way to let the whole program panic from outside: its first line cannot be printed
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        command(folder.path(), &["--set", "server.listen=127.0.0.1:0"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(101));
    let crashes = crash_logs(folder.path());
    assert_eq!(crashes.len(), 1);
    let crash = &crashes[0];
    let reason = "\nreason: panicked at ";
    assert!(crash.contains(reason) && crash.contains("failed printing to stdout"), "{crash}");
    let build = concat!("\nbuild: plexi-server ", env!("CARGO_PKG_VERSION"), "\n");
    assert!(crash.contains("\nthread: main\n") && crash.contains(build), "{crash}");
    assert!(
        crash.contains("plexi_server::main") || crash.contains("plexi_server::serve"),
        "a backtrace: {crash}"
    );
}

#[test]
fn a_server_that_is_refused_its_port_has_not_crashed() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("server.listen={}", taken.local_addr().unwrap());
    let output = command(folder.path(), &["--set", &listen]).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(crash_logs(folder.path()), Vec::<String>::new());
}
