use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::{Server, command};

#[test]
fn a_fresh_server_prints_its_address_and_a_link_and_keeps_its_files_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let link = server.setup_link();
    assert!(link.starts_with(&format!("http://{}/setup#token=", server.address)), "{link}");
    assert_eq!(server.get("/health/ready").0, "HTTP/1.1 200 OK");
    for name in ["plexichat.db", "keys/token.key", "logs/latest.txt"] {
        let found = std::fs::metadata(folder.path().join("data").join(name)).unwrap();
        assert_eq!(found.permissions().mode() & 0o077, 0, "{name}");
    }
}

#[test]
fn term_and_int_stop_the_server_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::start(folder.path());
        let mut idle = server.connect();
        server.signal(signal);
        assert_eq!(server.ended(), 0);
        assert_eq!(idle.read(&mut [0; 8]).unwrap(), 0, "idle connections are closed");
        let log = std::fs::read_to_string(folder.path().join("data/logs/latest.txt")).unwrap();
        assert!(log.trim_end().ends_with("stopped"), "the last line is written: {log}");
    }
}

#[test]
fn the_service_manager_hears_of_every_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut hear = {
        let mut buffer = [0; 256];
        move || {
            let length = socket.recv(&mut buffer).unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        }
    };
    let mut command = command(folder.path(), &["--set", "server.listen=127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000");
    let mut server = Server::of(command);
    let mut next = |wanted: &str| {
        let mut heard = hear();
        while heard.starts_with("WATCHDOG=1") && !wanted.starts_with("WATCHDOG") {
            heard = hear();
        }
        assert!(heard.starts_with(wanted), "{wanted}: {heard}");
    };
    next("READY=1");
    next("WATCHDOG=1");
    server.signal(Signal::HUP);
    next("RELOADING=1\nMONOTONIC_USEC=");
    next("READY=1");
    server.signal(Signal::TERM);
    next("STOPPING=1");
    assert_eq!(server.ended(), 0);
}

#[test]
fn killed_and_started_again_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let first = server.setup_link();
    server.signal(Signal::KILL);
    server.ended();
    let mut server = Server::start(folder.path());
    let token = |link: &str| link.split_once('=').unwrap().1.to_owned();
    assert_ne!(token(&first), token(&server.setup_link()), "the link of a former start is worth nothing");
    assert_eq!(server.get("/health/ready").0, "HTTP/1.1 200 OK");
}
