use std::io::{Read as _, Write as _};
use std::net::TcpStream;
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
        // one that was not accepted yet would be reset instead of closed
        idle.write_all(b"HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            idle.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        server.signal(signal);
        assert_eq!(server.ended(), 0);
        assert_eq!(idle.read(&mut [0; 8]).unwrap(), 0, "idle connections are closed");
        let log = std::fs::read_to_string(folder.path().join("data/logs/latest.txt")).unwrap();
        assert!(log.trim_end().ends_with("stopped"), "the last line is written: {log}");
        assert!(!log.contains(" WARN ") && !log.contains(" ERROR "), "nothing is wrong: {log}");
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

/// Begins a request whose body does not come, and returns when the server waits for it.
fn waited_for(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    let head = "POST /api/v1/auth/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut told = [0; 12];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100", "the server reads the body");
    stream
}

#[test]
fn a_request_that_does_not_end_is_cut_when_the_time_to_stop_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["--set", "server.listen=127.0.0.1:0", "--set", "server.shutdown_seconds=1"];
    let mut server = Server::of(command(folder.path(), &set));
    let mut stream = waited_for(&server);
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), 0);
    let mut rest = String::new();
    // cut: with or without a word to the peer
    let _ = stream.read_to_string(&mut rest);
    assert!(!rest.contains("200 OK"), "{rest}");
    let log = std::fs::read_to_string(folder.path().join("data/logs/latest.txt")).unwrap();
    assert!(log.trim_end().ends_with("stopped"), "the rest of the order is kept: {log}");
}

#[test]
fn a_second_signal_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // longer than any test waits
    let set = ["--set", "server.listen=127.0.0.1:0", "--set", "server.shutdown_seconds=600"];
    let mut command = command(folder.path(), &set);
    command.env("NOTIFY_SOCKET", &path);
    let mut server = Server::of(command);
    let _stream = waited_for(&server);
    server.signal(Signal::TERM);
    let mut heard = [0; 256];
    while !heard.starts_with(b"STOPPING=1") {
        socket.recv(&mut heard).unwrap();
    }
    server.signal(Signal::TERM);
    assert_eq!(server.ended(), 0);
    let log = std::fs::read_to_string(folder.path().join("data/logs/latest.txt")).unwrap();
    assert!(log.contains("second signal, stopping at once"), "{log}");
}
