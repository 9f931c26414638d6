//! `cargo xtask run`: from a fresh clone to a running server.

use std::path::Path;
use std::{fs, io};

use clap::Args;

use crate::failure::{Doing, Outcome};
use crate::process::Call;
use crate::ui;
use crate::workspace::{Profile, Workspace};

/// What to start, and with what arguments.
#[derive(Args)]
pub struct Options {
    /// Use the development profile: builds faster, runs slower
    #[arg(long)]
    debug: bool,
    /// Arguments for the server, after `--`
    #[arg(last = true)]
    server_arguments: Vec<String>,
}

/// Builds what is missing or old, makes the data folder, and becomes the server.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome {
    ui::build_if_stale(workspace)?;
    println!("building the programs (a first build takes some minutes)");
    let profile = if options.debug { Profile::Debug } else { Profile::Release };
    workspace.build_programs(profile, &["plexi-server", "plexi"])?;
    let data = workspace.root.join("data");
    make_private(&data).doing(format!("cannot create the data folder {}", data.display()))?;
    let server = Call::new(workspace.program(profile.folder(), "plexi-server"))
        .in_folder(&workspace.root)
        .args(&options.server_arguments);
    println!("starting {}", server.shown());
    become_program(server)
}

/// Makes a folder that only its owner can open; one that is there stays as it is.
#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Replaces this process, so that signals and the exit code are the server's own.
#[cfg(unix)]
fn become_program(call: Call) -> Outcome {
    use std::os::unix::process::CommandExt as _;
    let shown = call.shown();
    Err(call.into_command().exec()).doing(format!("cannot start `{shown}`"))
}

#[cfg(not(unix))]
fn become_program(call: Call) -> Outcome {
    call.run()
}
