//! `cargo xtask services`: the database servers and the Redis of the tests.
//!
//! All listen on 127.0.0.1 only, belong to this checkout alone, and keep nothing: durability is switched off
//! (the kill tests prove durability on `SQLite`, through the server itself), and `down` removes their data. Debian's
//! own clusters are neither used nor started. What runs is recorded in `target/services/state.json`; the data lies
//! in a folder of its own below `/tmp`, because the servers refuse to run as root and must reach it as other users.

mod mariadb;
mod postgres;
mod record;
mod redis;

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use crate::failure::{Failure, Outcome};
use crate::packages::{self, SERVICES};
use crate::workspace::Workspace;
use record::Record;

/// The role that the tests connect as; it may create databases.
pub const USER: &str = "plexi";
/// Its password; the servers listen on loopback and hold nothing.
pub const PASSWORD: &str = "plexi";
/// The database that exists from the start.
pub const DATABASE: &str = "plexi_test";
/// Names the `PostgreSQL` database to the tests.
const POSTGRES_VARIABLE: &str = "PLEXI_TEST_POSTGRES_URL";
/// Names the `MariaDB` database to the tests.
const MARIADB_VARIABLE: &str = "PLEXI_TEST_MARIADB_URL";
/// Names the Redis to the tests, which also start further ones of the same program.
const REDIS_VARIABLE: &str = "PLEXI_TEST_REDIS_URL";
/// How long a server may take until it answers, or until it is gone.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long to wait between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// What to do with the servers.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Start the servers, unless they run, and print their URLs
    Up,
    /// Stop the servers and remove their data
    Down,
    /// Say what runs
    Status,
}

/// Performs the chore.
pub fn services(workspace: &Workspace, options: &Options) -> Outcome {
    match options.action {
        Action::Up => {
            up(workspace)?;
            status(workspace)
        }
        Action::Down => down(workspace),
        Action::Status => status(workspace),
    }
}

/// Starts what does not run. Answers whether the servers were started by this call.
pub fn up(workspace: &Workspace) -> Outcome<bool> {
    if let Some(record) = Record::read(workspace)? {
        if postgres::runs(&record) && mariadb::runs(&record) && redis::runs(&record) {
            return Ok(false);
        }
        // Half of it has gone, perhaps with a restart of the machine: nothing in it is worth mending.
        down(workspace)?;
    }
    packages::ensure(SERVICES)?;
    let record = Record::create(workspace, free_port(15432)?, free_port(13306)?, free_port(16379)?)?;
    let started = thread::scope(|scope| {
        let postgres = scope.spawn(|| postgres::start(&record));
        let mariadb = mariadb::start(&record);
        let redis = redis::start(&record);
        let postgres = postgres.join().unwrap_or_else(|_| Err(Failure::new("starting PostgreSQL panicked")));
        postgres.and(mariadb).and(redis)
    });
    if let Err(failure) = started {
        let logs = record.ends_of_logs();
        down(workspace)?;
        return Err(Failure::new(format!("{failure}{logs}")));
    }
    Ok(true)
}

/// Stops what runs and removes its data; nothing to do is no failure.
pub fn down(workspace: &Workspace) -> Outcome {
    let Some(record) = Record::read(workspace)? else {
        println!("services: none were started from this checkout");
        return Ok(());
    };
    postgres::stop(&record)?;
    mariadb::stop(&record)?;
    redis::stop(&record)?;
    record.remove(workspace)?;
    println!("services: stopped");
    Ok(())
}

/// The environment variables that name the running servers to the tests.
pub fn variables(workspace: &Workspace) -> Outcome<Vec<(&'static str, OsString)>> {
    let record = Record::read(workspace)?
        .ok_or_else(|| Failure::new("the servers of the tests do not run: cargo xtask services up"))?;
    Ok(vec![
        (POSTGRES_VARIABLE, postgres::url(&record).into()),
        (MARIADB_VARIABLE, mariadb::url(&record).into()),
        (REDIS_VARIABLE, redis::url(&record).into()),
    ])
}

fn status(workspace: &Workspace) -> Outcome {
    let Some(record) = Record::read(workspace)? else {
        println!("services: down (start them with `cargo xtask services up`)");
        return Ok(());
    };
    let word = |runs: bool| if runs { "up  " } else { "DOWN" };
    println!("PostgreSQL  {}  {POSTGRES_VARIABLE}={}", word(postgres::runs(&record)), postgres::url(&record));
    println!("MariaDB     {}  {MARIADB_VARIABLE}={}", word(mariadb::runs(&record)), mariadb::url(&record));
    println!("Redis       {}  {REDIS_VARIABLE}={}", word(redis::runs(&record)), redis::url(&record));
    println!("data and logs: {}", record.folder.display());
    Ok(())
}

/// The first free port from `first` on; another checkout may hold the usual one.
fn free_port(first: u16) -> Outcome<u16> {
    (first..first + 50)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| Failure::new(format!("no free port from {first} on")))
}

/// Tries until `done` answers true, for a bounded time.
fn until(what: &str, mut done: impl FnMut() -> bool) -> Outcome {
    let start = Instant::now();
    while !done() {
        if start.elapsed() > PATIENCE {
            return Err(Failure::new(format!("{what} took longer than {} s", PATIENCE.as_secs())));
        }
        thread::sleep(BETWEEN_TRIES);
    }
    Ok(())
}

/// The process of a pid file, when it is alive and has `data` among its arguments: a recycled number is not ours.
fn process_of(pid_file: &Path, data: &Path) -> Option<u32> {
    let pid: u32 = std::fs::read_to_string(pid_file).ok()?.lines().next()?.trim().parse().ok()?;
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    String::from_utf8_lossy(&arguments).contains(&*data.to_string_lossy()).then_some(pid)
}
