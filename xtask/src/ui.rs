//! `cargo xtask ui`: the web client, built into `apps/web/dist` and compressed beside itself.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use clap::Args;

use crate::failure::{Doing, Failure, Outcome};
use crate::process::{Call, find_program};
use crate::workspace::Workspace;

/// The oldest Node that the client's tools run on.
const OLDEST_NODE: u32 = 20;
/// Folders of `apps/web` that are written by tools: their age says nothing about the sources.
const WRITTEN_BY_TOOLS: &[&str] =
    &["node_modules", "dist", "dev-dist", "test-results", "playwright-report", "coverage"];

/// How to build.
#[derive(Args)]
pub struct Options {
    /// Build even when `dist` is newer than every source
    #[arg(long)]
    force: bool,
}

/// Builds the client.
pub fn ui(workspace: &Workspace, options: &Options) -> Outcome {
    if options.force {
        install(workspace)?;
        return build(workspace);
    }
    build_if_stale(workspace)
}

/// Builds the client when a source is newer than what was built, and says so either way.
pub fn build_if_stale(workspace: &Workspace) -> Outcome {
    let web = workspace.web();
    if let Some(built) = modified(&web.join("dist/index.html"))
        && newest_source(&web)?.is_some_and(|source| source <= built)
    {
        println!("web client: apps/web/dist is up to date");
        return Ok(());
    }
    println!("web client: building apps/web/dist");
    install(workspace)?;
    build(workspace)
}

/// Installs the client's packages as the lock file says, unless that is done.
pub fn install(workspace: &Workspace) -> Outcome {
    let web = workspace.web();
    if !web.join("package.json").is_file() {
        return Err(Failure::new("apps/web/package.json is missing: is this a complete checkout?"));
    }
    require_node()?;
    let wanted = modified(&web.join("package-lock.json"));
    let installed = modified(&web.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= wanted {
        return Ok(());
    }
    npm(workspace, &["ci", "--no-audit", "--no-fund"])
}

/// `npm run build`: type check, bundle, compressed siblings, size budget.
pub fn build(workspace: &Workspace) -> Outcome {
    npm(workspace, &["run", "build"])
}

/// Calls npm in `apps/web`.
pub fn npm(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    Call::new("npm").in_folder(&workspace.web()).args(arguments).run()
}

fn require_node() -> Outcome {
    let remedy = format!("install Node {OLDEST_NODE} or newer with npm, then try again");
    if find_program("node", &[]).is_none() || find_program("npm", &[]).is_none() {
        return Err(Failure::new(format!("the web client is built with Node, which is missing: {remedy}")));
    }
    let said = Call::new("node").arg("--version").output()?;
    let version = said.trim();
    match node_major(version) {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => Err(Failure::new(format!("Node {version} is too old for the web client: {remedy}"))),
    }
}

/// The first number of `v20.20.2`.
fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// When the newest source below `folder` was changed.
fn newest_source(folder: &Path) -> Outcome<Option<SystemTime>> {
    let mut newest = None;
    for entry in fs::read_dir(folder).doing(format!("cannot read {}", folder.display()))? {
        let entry = entry.doing(format!("cannot read {}", folder.display()))?;
        let name = entry.file_name();
        let data = entry.metadata().doing(format!("cannot read {}", entry.path().display()))?;
        if data.is_dir() {
            if !WRITTEN_BY_TOOLS.iter().any(|tool| name == *tool) {
                newest = newest.max(newest_source(&entry.path())?);
            }
        } else if !name.to_string_lossy().ends_with(".tsbuildinfo") {
            newest = newest.max(data.modified().ok());
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::node_major;

    #[test]
    fn the_major_version_of_node_is_its_first_number() {
        assert_eq!(node_major("v20.20.2"), Some(20));
        assert_eq!(node_major("v8.0.0"), Some(8));
        assert_eq!(node_major("nothing"), None);
    }
}
