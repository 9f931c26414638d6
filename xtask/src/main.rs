//! The chores of the workspace: run, test, check, bench, docs, ui, services.
//!
//! One module a command. Nothing of ours is a dependency, so this program builds in seconds and still works
//! when the rest of the workspace does not compile.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a terminal program: its output is what it is for"
)]

mod bench;
mod check;
mod docs;
mod failure;
mod fences;
mod packages;
mod process;
mod progress;
mod run;
mod services;
mod test;
mod ui;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Outcome;
use crate::workspace::Workspace;

/// The chores of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Chores {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the client and the server, then start the server in this folder
    Run(run::Options),
    /// Everything that proves the program, installing what it needs
    Test(test::Options),
    /// The same as `test`, as continuous integration calls it
    Ci,
    /// The rules that a compiler does not know: layers, text, formatting
    Check(check::Options),
    /// Write `docs/_generated`, or check that the documentation is current
    Docs(docs::Options),
    /// Build the web client into `apps/web/dist`
    Ui(ui::Options),
    /// The two database servers of the tests, on loopback only
    Services(services::Options),
    /// Measure; prints JSON and a table
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let chores = Chores::parse();
    match perform(&chores.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: &Command) -> Outcome {
    let workspace = Workspace::find()?;
    match command {
        Command::Run(options) => run::run(&workspace, options),
        Command::Test(options) => test::test(&workspace, options),
        Command::Ci => test::test(&workspace, &test::Options::default()),
        Command::Check(options) => check::check(&workspace, options),
        Command::Docs(options) => docs::docs(&workspace, options),
        Command::Ui(options) => ui::ui(&workspace, options),
        Command::Services(options) => services::services(&workspace, options),
        Command::Bench(options) => bench::bench(&workspace, options),
    }
}
