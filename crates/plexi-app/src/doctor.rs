//! Looks for what is wrong with a server's surroundings: configuration, folder, disk, clock, database, port.

mod folder;

pub(crate) use folder::free;

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use plexi_core::{Clock, Timestamp};
use plexi_db::{Database, DbError, Engine};
use serde::Serialize;

use crate::data_lock::DataLock;
use crate::error::AppError;
use crate::settings::Settings;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// All is well.
    Good,
    /// It works and somebody should look.
    Doubtful,
    /// It does not work.
    Bad,
}

/// What one check found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it went.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    fn good(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, health: Health::Good, found: found.into(), remedy: None }
    }

    fn new(check: &'static str, health: Health, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, health, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn failed(check: &'static str, error: &AppError) -> Self {
        Self::new(check, Health::Bad, error.to_string(), error.remedy())
    }
}

/// Examines everything that can be seen with these settings, which are valid. Changes nothing but a file that it writes to the data
/// folder and removes again. Works beside a running server.
pub async fn examine(settings: &Settings, clock: &dyn Clock) -> Vec<Finding> {
    let mut findings = vec![configuration(settings)];
    findings.extend(folder::examine(&settings.server.data_dir));
    findings.extend(breached_passwords(settings));
    findings.push(time(settings, clock));
    let (held, finding) = running(settings);
    findings.extend(finding);
    findings.push(port(settings, held));
    findings.extend(database(settings).await);
    findings
}

fn configuration(settings: &Settings) -> Finding {
    match settings.warnings().into_iter().next() {
        None => Finding::good("configuration", "valid"),
        Some(warning) => Finding::new(
            "configuration",
            Health::Doubtful,
            format!("valid, but {} {}", warning.field, warning.problem),
            "See `plexi config show`.",
        ),
    }
}

/// The list of breached passwords, when there is to be one.
fn breached_passwords(settings: &Settings) -> Option<Finding> {
    const CHECK: &str = "breached passwords";
    let path = settings.auth.breached_passwords.as_deref()?;
    Some(match settings.breached_passwords() {
        Ok(_) => Finding::good(CHECK, format!("{} is readable and in order", path.display())),
        Err(error) => Finding::failed(CHECK, &error),
    })
}

/// Whether a server holds the folder.
fn running(settings: &Settings) -> (bool, Option<Finding>) {
    let root = &settings.server.data_dir;
    if !root.is_dir() {
        return (false, None);
    }
    match DataLock::peek(root) {
        Ok(Some(by)) => (true, Some(Finding::good("server", format!("in use by {by}")))),
        Ok(None) => (false, Some(Finding::good("server", "not running"))),
        Err(error) => (false, Some(Finding::failed("server", &error))),
    }
}

fn port(settings: &Settings, held: bool) -> Finding {
    let address = settings.server.listen;
    match TcpListener::bind(address) {
        Ok(_) if held => Finding::new(
            "port",
            Health::Doubtful,
            format!("nobody listens on {address} although the data folder is in use"),
            "The running server may have another configuration.",
        ),
        Ok(_) => Finding::good("port", format!("{address} is free")),
        Err(error) if held && error.kind() == io::ErrorKind::AddrInUse => {
            Finding::good("port", format!("{address} is in use, by the running server"))
        }
        Err(source) => Finding::failed("port", &AppError::Bind { address, source }),
    }
}

/// A clock that stands before what was written, or in another age, makes sessions and certificates fail.
fn time(settings: &Settings, clock: &dyn Clock) -> Finding {
    const REMEDY: &str = "Set the clock and keep it by NTP (timedatectl set-ntp true).";
    /// 2026-01-01.
    const EARLIEST: Timestamp = Timestamp::from_seconds(1_767_225_600);
    let now = clock.now();
    if now < EARLIEST {
        return Finding::new("clock", Health::Bad, format!("{now} is in the past"), REMEDY);
    }
    let written = folder::last_written(&settings.server.data_dir);
    match written.filter(|written| *written > now.plus(Duration::from_mins(1))) {
        Some(written) => Finding::new(
            "clock",
            Health::Bad,
            format!("it is {now}, and files were written at {written}"),
            REMEDY,
        ),
        None => Finding::good("clock", now.to_string()),
    }
}

async fn database(settings: &Settings) -> Vec<Finding> {
    const CHECK: &str = "database";
    let file = settings.database.is_in_data_folder().then(|| settings.server.data_dir.join("plexichat.db"));
    if file.is_some_and(|file| !file.exists()) {
        return vec![Finding::good(CHECK, "not made yet; the first start makes it")];
    }
    let config = match settings.database.open() {
        Ok(config) => config,
        Err(error) => return vec![Finding::failed(CHECK, &error)],
    };
    let opened = Database::connect_only(&config, &settings.server.data_dir).await;
    let database = match opened {
        Ok(database) => database,
        Err(error) => return vec![Finding::failed(CHECK, &AppError::Database(error))],
    };
    let health = match database.health().await {
        Ok(()) => Finding::good(CHECK, format!("{} answers and takes writes", database.engine().as_str())),
        Err(error) => Finding::failed(CHECK, &AppError::Database(error)),
    };
    let content = match database.counts().await {
        Ok(counts) => Finding::good(
            "content",
            format!("{} messages, {} channels, {} users", counts.messages, counts.channels, counts.users),
        ),
        Err(error) => Finding::failed("content", &AppError::Database(error)),
    };
    let mut findings = vec![health, content];
    findings.extend(soundness(&database).await);
    database.close().await;
    findings
}

/// What reading the whole file finds. Only a file of ours is read: database servers check their own.
async fn soundness(database: &Database) -> Option<Finding> {
    const CHECK: &str = "soundness";
    if database.engine() != Engine::Sqlite {
        return None;
    }
    Some(match database.damage().await {
        Ok(damage) if damage.is_empty() => Finding::good(CHECK, "every page and every reference is sound"),
        Ok(damage) => Finding::failed(CHECK, &AppError::Database(DbError::Damaged(damage.join("; ")))),
        Err(error) => Finding::failed(CHECK, &AppError::Database(error)),
    })
}
