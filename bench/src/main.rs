//! `cargo xtask bench chat`: PlexiChat beside two limits that run in the same minute on the same machine, a WebSocket
//! broadcaster that stores nothing and one that syncs each group of messages to a log. Prints a table and writes JSON.
//!
//! `cargo xtask bench log`: the log beside what most would pick, see [`log`]. `cargo xtask bench supervisor`: supervision beside the same, see
//! [`supervisor`]. `cargo xtask bench cache`: the cache beside others, see [`cache`].
//!
//! Figures are ratios of one run, never promises. Everything listens on loopback, is bounded in count and time, and is
//! ended by the run that started it.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark spawns its own load")]

mod cache;
mod client;
mod cost;
mod fanout;
mod idle;
mod log;
mod peer;
mod plexichat;
mod process;
mod report;
mod search;
mod sends;
mod startup;
mod supervisor;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand};
use serde_json::json;

use crate::peer::Peer;
use crate::plexichat::PlexiChat;
use crate::process::Server;
use crate::report::Table;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    area: Area,
}

#[derive(Subcommand)]
enum Area {
    /// Sends, fan-out, memory, start, import and search.
    Chat {
        /// The server's binary.
        #[arg(long, default_value = "target/release/plexi-server")]
        server: PathBuf,
        /// The command line's binary, for the import.
        #[arg(long, default_value = "target/release/plexi")]
        cli: PathBuf,
        /// A Slack export for import and search; both are left out, and the table says so, when it is not there.
        #[arg(long, default_value = "../shared/data/ubuntu-irc-slack-export.zip")]
        workspace: PathBuf,
        /// Where the JSON goes.
        #[arg(long, default_value = "target/bench/chat.json")]
        out: PathBuf,
        /// Seconds of each measurement of sends and fan-out.
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
        seconds: u64,
        /// Only these parts.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Part::Sends, Part::FanOut, Part::Rest, Part::Workspace])]
        only: Vec<Part>,
    },
    /// What logging costs and keeps.
    Log {
        /// Where the JSON goes.
        #[arg(long, default_value = "target/bench/log.json")]
        out: PathBuf,
    },
    /// Hits, inserts, hit ratios and compression of the cache.
    Cache {
        /// Where the JSON goes.
        #[arg(long, default_value = "target/bench/cache.json")]
        out: PathBuf,
    },
    /// Restarts, memory, failures of many at once and stops under supervision.
    Supervisor {
        /// Where the JSON goes.
        #[arg(long, default_value = "target/bench/supervisor.json")]
        out: PathBuf,
    },
    /// Many children in a process of their own, to be weighed. Started by `supervisor`.
    #[command(hide = true)]
    Supervised {
        /// Who supervises them.
        #[arg(long, value_enum)]
        by: supervisor::By,
    },
    /// One of the two limits, as a process of its own. Started by `chat`.
    #[command(hide = true)]
    Peer {
        /// Where the log goes; without it nothing is stored.
        #[arg(long)]
        log: Option<PathBuf>,
    },
}

/// A part of the measurement.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Durable sends.
    Sends,
    /// One sender, many readers.
    FanOut,
    /// Memory and start.
    Rest,
    /// Import and search.
    Workspace,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    match Arguments::parse().area {
        Area::Cache { out } => cache::run(&out).await,
        Area::Supervisor { out } => {
            let mut table = Table::default();
            supervisor::measure(&mut table)?;
            finish("supervisor", &table, &out)
        }
        Area::Supervised { by } => supervisor::weigh(by),
        Area::Peer { log } => peer::serve(log).await,
        Area::Log { out } => {
            let scratch = tempfile::tempdir()?;
            let mut table = Table::default();
            log::measure(scratch.path(), &mut table)?;
            finish("log", &table, &out)
        }
        Area::Chat { server, cli, workspace, out, seconds, only } => {
            // Server and clients share this limit: 5,000 connections need 5,000 files on each side.
            let files = rlimit::increase_nofile_limit(20_000)?;
            if files < 11_000 {
                return Err(format!("needs 11,000 open files, has {files}: raise `ulimit -n`").into());
            }
            chat(&server, &cli, &workspace, &out, Duration::from_secs(seconds), &only).await
        }
    }
}

async fn chat(
    server: &Path,
    cli: &Path,
    workspace: &Path,
    out: &Path,
    lasting: Duration,
    only: &[Part],
) -> Outcome<()> {
    let scratch = tempfile::tempdir()?;
    let mut table = Table::default();
    if only.contains(&Part::Sends) {
        measure_sends(server, scratch.path(), lasting, &mut table).await?;
    }
    if only.contains(&Part::FanOut) {
        measure_fan_out(server, scratch.path(), lasting, &mut table).await?;
    }
    if only.contains(&Part::Rest) {
        measure_rest(server, scratch.path(), &mut table).await?;
    }
    if only.contains(&Part::Workspace) {
        measure_workspace(server, cli, workspace, scratch.path(), &mut table).await?;
    }

    finish("chat", &table, out)
}

/// Writes the JSON and prints the table.
fn finish(area: &str, table: &Table, out: &Path) -> Outcome<()> {
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(out, serde_json::to_vec_pretty(&json!({ area: table.json() }))?)?;
    println!("{table}");
    println!("JSON: {}", out.display());
    Ok(())
}

async fn measure_sends(server: &Path, scratch: &Path, lasting: Duration, table: &mut Table) -> Outcome<()> {
    table.section("durable sends: one message at a time from each sender, 8 channels");
    for senders in [1_usize, 16, 64] {
        let bare = Peer::start(None).await?;
        let bare_sends = sends::measure(&bare.server, &bare.rooms(8), senders, lasting).await?;
        bare.server.stop().await?;
        let log = Peer::start(Some(&scratch.join(format!("log-{senders}")))).await?;
        let log_sends = sends::measure(&log.server, &log.rooms(8), senders, lasting).await?;
        log.server.stop().await?;
        let ours = PlexiChat::fresh(server, &scratch.join(format!("sends-{senders}"))).await?;
        let rooms = ours.rooms(8).await?;
        let our_sends = sends::measure(&ours.server, &rooms, senders, lasting).await?;
        ours.server.stop().await?;
        table.sends(senders, &bare_sends, &log_sends, &our_sends);
    }
    Ok(())
}

async fn measure_fan_out(server: &Path, scratch: &Path, lasting: Duration, table: &mut Table) -> Outcome<()> {
    table.section("fan-out: one sender, all others read");
    for (readers, rate) in [(100_usize, 100_u32), (1_000, 10)] {
        let bare = Peer::start(None).await?;
        let bare_fan = fanout::measure(&bare.server, &bare.rooms(1)[0], readers, rate, lasting).await?;
        bare.server.stop().await?;
        let ours = PlexiChat::fresh(server, &scratch.join(format!("fan-{readers}"))).await?;
        let rooms = ours.rooms(1).await?;
        let our_fan = fanout::measure(&ours.server, &rooms[0], readers, rate, lasting).await?;
        ours.server.stop().await?;
        table.fanout(readers, rate, &bare_fan, &our_fan);
    }
    Ok(())
}

async fn measure_rest(server: &Path, scratch: &Path, table: &mut Table) -> Outcome<()> {
    table.section("memory and start");
    let ours = PlexiChat::fresh(server, &scratch.join("idle")).await?;
    let rooms = ours.rooms(1).await?;
    table.idle(&idle::measure(&ours.server, &rooms[0], &[1_000, 5_000]).await?);
    ours.server.stop().await?;
    table.startup(&startup::measure(server, &scratch.join("idle")).await?);
    Ok(())
}

async fn measure_workspace(
    server: &Path,
    cli: &Path,
    workspace: &Path,
    scratch: &Path,
    table: &mut Table,
) -> Outcome<()> {
    if workspace.exists() {
        table.section("a workspace of 214,532 messages");
        let (import, found) = search::measure(server, cli, workspace, &scratch.join("import")).await?;
        table.import(&import);
        table.search(&found);
    } else {
        table.section("import and search: left out, there is no export at the given path");
    }
    Ok(())
}

/// What a client needs to join a room of a server.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    url: String,
    token: Option<String>,
    /// The fields of a `send` frame that name the room.
    channel: String,
}

pub(crate) fn stopped(server: &Server) -> String {
    format!("{} ended early", server.name)
}
