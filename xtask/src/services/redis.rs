//! Redis 7 from Debian's package. It keeps nothing on the disk.

use std::path::PathBuf;

use super::record::Record;
use super::{process_of, until};
use crate::failure::Outcome;
use crate::packages;
use crate::process::Call;

/// The user that Debian's package makes.
const SYSTEM_USER: &str = "redis";
const PACKAGE: &str = "redis-server";

/// How to connect.
pub fn url(record: &Record) -> String {
    format!("redis://127.0.0.1:{}/", record.redis_port)
}

/// Whether the server of the record is alive.
pub fn runs(record: &Record) -> bool {
    process(record).is_some()
}

/// Starts the server and waits until it answers.
pub fn start(record: &Record) -> Outcome {
    let home = record.owned_folder("redis", SYSTEM_USER)?;
    let server = packages::require("redis-server", PACKAGE)?;
    let port = record.redis_port.to_string();
    // The folder of its data is among its arguments, by which its process is known again.
    let settings = home.join("redis.conf");
    let lines = format!(
        "bind 127.0.0.1\nport {port}\ndaemonize yes\ndir {0}\npidfile {0}/pid.txt\nlogfile {0}/log.txt\n\
         save \"\"\nappendonly no\nset-proc-title no\n",
        home.display()
    );
    record.write_owned(&settings, &lines, SYSTEM_USER)?;
    record.call_as(SYSTEM_USER, &server).arg(&settings).output()?;
    let client = packages::require("redis-cli", "redis-tools")?;
    until("starting Redis", || {
        Call::new(&client)
            .args(["-h", "127.0.0.1", "-p", &port, "PING"])
            .output()
            .is_ok_and(|said| said.trim() == "PONG")
    })
}

/// Stops the server if it is alive.
pub fn stop(record: &Record) -> Outcome {
    let Some(pid) = process(record) else { return Ok(()) };
    Call::new("kill").args(["-TERM", &pid.to_string()]).output()?;
    until("stopping Redis", || !runs(record))
}

fn process(record: &Record) -> Option<u32> {
    process_of(&home(record).join("pid.txt"), &home(record))
}

fn home(record: &Record) -> PathBuf {
    record.folder.join("redis")
}
