//! `plexi`, the command line of `PlexiChat`: everything an operator or a script does, on the data folder of a stopped
//! server or against a running one.
#![expect(clippy::print_stderr, reason = "a command line program speaks through its streams")]

mod args;
mod commands;
mod credentials;
mod exit;
mod output;
mod prompt;
mod remote;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::output::Out;

fn main() -> ExitCode {
    let cli = Cli::parse();
    plexi_app::keep_files_private();
    let out = Out::new(cli.global.json);
    // two workers: one for the store, one for reading; more would only take memory
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(cli, out));
            // a prompt that was interrupted must not keep the process
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(exit::CliError::failure(format!("the runtime could not start: {error}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out.error(&error);
            ExitCode::from(error.exit as u8)
        }
    }
}
