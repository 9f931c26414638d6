//! `MariaDB` 10.11 from Debian's package.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use super::record::Record;
use super::{DATABASE, PASSWORD, USER, process_of, until};
use crate::failure::{Doing, Failure, Outcome};
use crate::packages;
use crate::process::Call;

/// The user that Debian's package makes.
const SYSTEM_USER: &str = "mysql";
const PACKAGE: &str = "mariadb-server";

/// How to connect.
pub fn url(record: &Record) -> String {
    format!("mysql://{USER}:{PASSWORD}@127.0.0.1:{}/{DATABASE}", record.mariadb_port)
}

/// Whether the server of the record is alive.
pub fn runs(record: &Record) -> bool {
    process(record).is_some()
}

/// Makes a data folder, starts the server, and waits until the user of the tests can use its database.
pub fn start(record: &Record) -> Outcome {
    let home = record.owned_folder("mariadb", SYSTEM_USER)?;
    let data = data(record);
    let install = packages::require("mariadb-install-db", PACKAGE)?;
    record
        .call_as(SYSTEM_USER, &install)
        .args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"])
        .arg(format!("--datadir={}", data.display()))
        .output()?;

    let log = home.join("log.txt");
    let log_file = File::create(&log).doing(format!("cannot create {}", log.display()))?;
    let errors = log_file.try_clone().doing(format!("cannot write {}", log.display()))?;
    let server = packages::require("mariadbd", PACKAGE)?;
    let mut command = record
        .call_as(SYSTEM_USER, &server)
        .arg("--no-defaults")
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--socket={}", socket(record).display()))
        .arg(format!("--pid-file={}", pid_file(record).display()))
        .arg(format!("--port={}", record.mariadb_port))
        .args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=300"])
        // What Debian's own configuration sets.
        .args(["--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"])
        // Nothing here outlives the tests, so nothing waits for the disk.
        .args(["--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite"])
        .into_command();
    command.stdout(Stdio::from(log_file)).stderr(Stdio::from(errors));
    leave_terminal(&mut command);
    let mut child = command.spawn().doing("cannot start mariadbd")?;

    let client = packages::require("mariadb", PACKAGE)?;
    let mut ended = false;
    until("starting MariaDB", || {
        ended = matches!(child.try_wait(), Ok(Some(_)));
        ended || as_root(record, &client).output_of("SELECT 1;").is_ok()
    })?;
    if ended {
        return Err(Failure::new("MariaDB ended while starting"));
    }
    let sql = format!(
        "CREATE DATABASE {DATABASE};\nCREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n\
         GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%';\n"
    );
    as_root(record, &client).output_of(&sql)?;
    until("connecting to MariaDB", || {
        Call::new(&client)
            .args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1"])
            .arg(format!("--port={}", record.mariadb_port))
            .arg(format!("--user={USER}"))
            .arg(format!("--password={PASSWORD}"))
            .args(["--execute=SELECT 1", DATABASE])
            .output()
            .is_ok()
    })
}

/// Stops the server if it is alive.
pub fn stop(record: &Record) -> Outcome {
    let Some(pid) = process(record) else { return Ok(()) };
    Call::new("kill").args(["-TERM", &pid.to_string()]).output()?;
    until("stopping MariaDB", || !runs(record))
}

/// A client of the administrator, through the socket.
fn as_root(record: &Record, client: &std::path::Path) -> Call {
    record
        .call_as(SYSTEM_USER, client)
        .args(["--no-defaults", "--user=root"])
        .arg(format!("--socket={}", socket(record).display()))
}

fn process(record: &Record) -> Option<u32> {
    process_of(&pid_file(record), &data(record))
}

fn data(record: &Record) -> PathBuf {
    record.folder.join("mariadb/data")
}

fn socket(record: &Record) -> PathBuf {
    record.folder.join("mariadb/socket")
}

fn pid_file(record: &Record) -> PathBuf {
    record.folder.join("mariadb/pid.txt")
}

/// A process group of its own: an interrupt typed at the terminal is for the chore, not for the server.
#[cfg(unix)]
fn leave_terminal(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn leave_terminal(_: &mut std::process::Command) {}
