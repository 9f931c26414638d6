//! `plexi-server`: the `PlexiChat` server. Settings in, a running server out; all parts are joined in `plexi-app`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the address and start-up errors are for the terminal"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use plexi_app::{Ambient, App, AppError, AppParts, SettingsArgs, Signals};
use plexi_core::SystemClock;

const AFTER: &str = "\
Signals: TERM and INT stop gracefully, a second one at once; HUP reads the configuration again.
Exit codes: 0 stopped, 1 failed, 2 wrong usage or configuration, 4 data folder in use or not allowed, 5 unavailable.";

/// The exit code of what is neither the operator's nor the environment's doing.
const FATAL: u8 = 1;

/// The program.
#[derive(Debug, Parser)]
#[command(name = "plexi-server", version, about = "The PlexiChat server.", long_about = None, after_help = AFTER)]
struct Cli {
    #[command(flatten)]
    settings: SettingsOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct SettingsOptions {
    /// Configuration file; config/plexichat.toml when it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Environment profile: also reads the file of that name beside the configuration file.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Set a configuration value, for instance server.listen=127.0.0.1:9000. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the documents that are generated from the program: API description, configuration reference, error codes.
    Docs {
        /// Folder to write to; made when missing.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Docs { out }) = cli.command {
        return match docs(&out) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("plexi-server: {}: {error}", out.display());
                ExitCode::FAILURE
            }
        };
    }
    let SettingsOptions { config, profile, set } = cli.settings;
    match serve(&SettingsArgs { config, profile, set }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plexi-server: {error}\n  {}", error.remedy());
            ExitCode::from(error.exit_code())
        }
    }
}

fn serve(args: &SettingsArgs) -> Result<(), AppError> {
    plexi_app::keep_files_private();
    let settings = args.start()?;
    let live = settings.live().get();
    // kept to the end: dropping it writes what is left of the log
    let log = plexi_app::log::init(&live.logging, &live.server.data_dir, Arc::new(SystemClock))?;
    log.catch_panics(concat!("plexi-server ", env!("CARGO_PKG_VERSION")));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(live.server.threads())
        .thread_name("plexi")
        .enable_all()
        .build()
        .map_err(|source| AppError::System { what: "cannot start the runtime", source })?;
    let result = runtime.block_on(async {
        let signals = Signals::listen()
            .map_err(|source| AppError::System { what: "cannot listen for signals", source })?;
        let parts = AppParts { settings, log: Some(log.handle()), ambient: Ambient::default() };
        let app = App::build(parts).await?;
        println!("PlexiChat {} is at {}", env!("CARGO_PKG_VERSION"), app.url());
        if let Some(link) = app.setup_link() {
            println!("Nobody is here yet. Set up with this link, which works once:\n\n    {link}\n");
        }
        app.run(signals.into_stream()).await
    });
    if let Err(error) = result.as_ref()
        && error.exit_code() == FATAL
    {
        log.handle().write_crash(&error.to_string());
    }
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(log);
    result
}

fn docs(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for document in plexi_app::documents()? {
        std::fs::write(folder.join(document.name), document.text)?;
    }
    Ok(())
}
