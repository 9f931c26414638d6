//! The service manager's watchdog hears of the server for as long as its tree turns.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::program::{Server, command};

/// Asks until there is no answer in time: whether the server still answered.
fn answers(stream: &mut TcpStream) -> bool {
    let asked = stream.write_all(b"HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    asked.is_ok() && stream.read(&mut [0; 4_096]).is_ok_and(|read| read > 0)
}

#[test]
fn a_server_that_hangs_is_not_called_alive_and_one_that_goes_on_is() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("data/logs");
    std::fs::create_dir_all(&logs).unwrap();
    // a log that nobody reads: with `block` whoever logs waits, as for a disk that hangs
    let log = logs.join("latest.txt");
    mkfifoat(CWD, &log, Mode::RUSR | Mode::WUSR).unwrap();
    let mut pipe = OpenOptions::new().read(true).write(true).open(&log).unwrap();
    let path = folder.path().join("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    let heard = |within: u64| {
        socket.set_read_timeout(Some(Duration::from_secs(within))).unwrap();
        let mut buffer = [0; 256];
        socket.recv(&mut buffer).ok().map(|length| String::from_utf8_lossy(&buffer[..length]).into_owned())
    };
    let set = ["--set", "server.listen=127.0.0.1:0", "--set", "logging.when_full=block"];
    let more = ["--set", "logging.level=trace", "--set", "logging.console=false"];
    let mut command = command(folder.path(), &[set, more].concat());
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000");
    let server = Server::of(command);
    // it lives before it is ready, and may say so
    while !heard(30).unwrap().starts_with("READY=1") {}
    assert!(heard(30).unwrap().starts_with("WATCHDOG=1"));

    let mut asking = Vec::new();
    for _ in 0..16 {
        let mut stream = server.connect();
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        asking.push(std::thread::spawn(move || while answers(&mut stream) {}));
    }
    for asks in asking {
        asks.join().unwrap();
    }
    // nobody is answered any more: what was said before is heard, then nothing
    while heard(2).is_some() {}

    let over = Arc::new(AtomicBool::new(false));
    let reads = {
        let over = Arc::clone(&over);
        std::thread::spawn(move || {
            let mut block = vec![0; 64 * 1_024];
            while !over.load(Ordering::Relaxed) && pipe.read(&mut block).is_ok() {}
        })
    };
    assert!(heard(30).unwrap().starts_with("WATCHDOG=1"), "it goes on");
    over.store(true, Ordering::Relaxed);
    drop(server);
    // whoever reads is woken by a last word
    OpenOptions::new().read(true).write(true).open(&log).unwrap().write_all(b"\n").unwrap();
    reads.join().unwrap();
}
