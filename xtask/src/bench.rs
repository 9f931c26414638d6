//! `cargo xtask bench`: the measurements of `plexi-bench`, in release.

use clap::Args;

use crate::failure::Outcome;
use crate::ui;
use crate::workspace::{Profile, Workspace};

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// The area to measure, such as `chat`; without it all, or what `plexi-bench` offers
    area: Option<String>,
    /// Arguments for `plexi-bench`, after `--`
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Builds the benchmark, and the server where it is measured, in release and runs the benchmark.
pub fn bench(workspace: &Workspace, options: &Options) -> Outcome {
    if matches!(options.area.as_deref(), Some("log" | "cache" | "supervisor")) {
        workspace.build_programs(Profile::Release, &["plexi-bench"])?;
    } else {
        ui::build_if_stale(workspace)?;
        workspace.build_programs(Profile::Release, &["plexi-server", "plexi", "plexi-bench"])?;
    }
    crate::process::Call::new(workspace.program(Profile::Release.folder(), "plexi-bench"))
        .in_folder(&workspace.root)
        .args(&options.area)
        .args(&options.arguments)
        .run()
}
