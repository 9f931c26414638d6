//! `PostgreSQL` 15 from Debian's package.

use std::fs;
use std::path::PathBuf;

use super::record::Record;
use super::{DATABASE, PASSWORD, USER, process_of, until};
use crate::failure::{Doing, Outcome};
use crate::packages;
use crate::process::Call;

/// The user that Debian's package makes; the server refuses to run as root.
const SYSTEM_USER: &str = "postgres";
const PACKAGE: &str = "postgresql-15";

/// How to connect.
pub fn url(record: &Record) -> String {
    format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{DATABASE}", record.postgres_port)
}

/// Whether the server of the record is alive.
pub fn runs(record: &Record) -> bool {
    process_of(&data(record).join("postmaster.pid"), &data(record)).is_some()
}

/// Makes a cluster, starts it, and waits until the role of the tests can use its database.
pub fn start(record: &Record) -> Outcome {
    let home = record.owned_folder("postgres", SYSTEM_USER)?;
    let data = data(record);
    let initdb = packages::require("initdb", PACKAGE)?;
    record
        .call_as(SYSTEM_USER, &initdb)
        .args(["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
        .args(["--auth-local=trust", "--auth-host=scram-sha-256"])
        .arg(format!("--pgdata={}", data.display()))
        .output()?;
    let port = record.postgres_port;
    let socket_folder = home.display();
    let settings = format!(
        "\nlisten_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{socket_folder}'\n\
         max_connections = 300\ntimezone = 'UTC'\n\
         # Nothing here outlives the tests, so nothing waits for the disk.\n\
         fsync = off\nfull_page_writes = off\n\
         # A worker of it in a database that a test drops cannot be ended by the role of the tests.\n\
         autovacuum = off\n"
    );
    let file = data.join("postgresql.conf");
    let defaults = fs::read_to_string(&file).doing(format!("cannot read {}", file.display()))?;
    fs::write(&file, defaults + &settings).doing(format!("cannot write {}", file.display()))?;
    pg_ctl(record)?
        .arg(format!("--log={}", home.join("log.txt").display()))
        .args(["-t", "60", "start"])
        .output()?;

    let psql = packages::require("psql", PACKAGE)?;
    let sql = format!(
        "CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{PASSWORD}';\nCREATE DATABASE {DATABASE} OWNER {USER};\n"
    );
    Call::new(&psql)
        .args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--username=postgres", "--dbname=postgres"])
        .arg(format!("--host={socket_folder}"))
        .arg(format!("--port={port}"))
        .output_of(&sql)?;
    until("connecting to PostgreSQL", || {
        Call::new(&psql).args(["--no-psqlrc", "--command=SELECT 1"]).arg(url(record)).output().is_ok()
    })
}

/// Stops the server if it is alive.
pub fn stop(record: &Record) -> Outcome {
    if !runs(record) {
        return Ok(());
    }
    pg_ctl(record)?.args(["--mode=immediate", "-t", "60", "stop"]).output()?;
    until("stopping PostgreSQL", || !runs(record))
}

fn pg_ctl(record: &Record) -> Outcome<Call> {
    let pg_ctl = packages::require("pg_ctl", PACKAGE)?;
    Ok(record.call_as(SYSTEM_USER, &pg_ctl).arg(format!("--pgdata={}", data(record).display())).arg("--wait"))
}

fn data(record: &Record) -> PathBuf {
    record.folder.join("postgres/data")
}
