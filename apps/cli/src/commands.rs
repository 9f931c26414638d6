//! One function a command: read the options, ask the workspace, print.

mod account;
mod cache;
mod channel;
pub(crate) mod config;
mod doctor;
mod logs;
mod message;
mod metrics;
mod role;
mod secret;
mod setup;
mod space;
mod supervisor;
mod transfer;
mod user;

use std::fmt::Write as _;

use clap::CommandFactory as _;
use serde_json::json;

use crate::args::{Cli, Command, Global};
use crate::exit::CliError;
use crate::output::{Out, emit};
use crate::remote::Remote;
use crate::workspace::Workspace;

/// Runs a command in the workspace, and closes it however the command ends.
macro_rules! within {
    ($global:expr, |$workspace:ident| $run:expr) => {{
        let open = Workspace::open($global).await?;
        let $workspace = &open;
        let result = $run.await;
        open.close().await;
        result
    }};
}

/// Runs the command.
pub(crate) async fn run(cli: Cli, out: Out) -> Result<(), CliError> {
    let global = &cli.global;
    match cli.command {
        Command::Setup(args) => setup::run(global, args, out).await,
        Command::SignIn(args) => account::sign_in(global, args, out).await,
        Command::SignOut => account::sign_out(global, out).await,
        Command::Config(command) => config::run(global, command, out).await,
        Command::Secret(command) => secret::run(global, command, out).await,
        Command::Logs(command) => logs::run(global, command, out).await,
        Command::Supervisor(command) => supervisor::run(global, command, out).await,
        Command::Cache(command) => cache::run(global, command, out).await,
        Command::Metrics { prefix } => metrics::run(global, prefix.as_deref(), out).await,
        Command::Doctor { bundle: Some(file) } => doctor::bundle(global, &file, out).await,
        Command::Doctor { bundle: None } => doctor::run(global, out).await,
        Command::Version => version(global, out).await,
        Command::Completions { shell } => {
            emit(&completions(shell));
            Ok(())
        }
        Command::Import(args) => transfer::import(global, args, out).await,
        Command::Export(args) => transfer::export(global, args, out).await,
        Command::User(command) => within!(global, |workspace| user::run(workspace, command, out)),
        Command::Space(command) => within!(global, |workspace| space::run(workspace, command, out)),
        Command::Channel(command) => within!(global, |workspace| channel::run(workspace, command, out)),
        Command::Role(command) => within!(global, |workspace| role::run(workspace, command, out)),
        Command::Send(args) => within!(global, |workspace| message::send(workspace, args, out)),
        Command::Search(args) => within!(global, |workspace| message::search(workspace, args, out)),
    }
}

async fn version(global: &Global, out: Out) -> Result<(), CliError> {
    let mut told = json!({ "name": "plexi", "version": env!("CARGO_PKG_VERSION") });
    if let Some(address) = &global.server {
        told["server"] = Remote::anonymous(address)?.get::<serde_json::Value>("system/version", &[]).await?;
    }
    out.show(&told, |told| {
        let mut text = format!("plexi {}", env!("CARGO_PKG_VERSION"));
        if let Some(server) = told.get("server") {
            let word = |key: &str| server[key].as_str().map(crate::output::plain).unwrap_or_default();
            // infallible: writing to a String
            let _ = write!(text, "\nserver {} {}", word("name"), word("version"));
        }
        text
    })
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "plexi", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
