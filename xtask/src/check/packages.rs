//! Whoever embeds a crate gets it from a registry: each that may be published can be packed.

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;

/// Packs every crate that does not say `publish = false`, all together, so that they find each other.
pub fn check(workspace: &Workspace) -> Outcome {
    let metadata = workspace.packages()?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let mut call =
        workspace.cargo().args(["package", "--quiet", "--no-verify", "--allow-dirty", "--workspace"]);
    for private in packages.iter().filter(|package| is_private(package)) {
        call = call.args(["--exclude", private["name"].as_str().unwrap_or_default()]);
    }
    let packed = call.succeeds()?;
    if packed { Ok(()) } else { Err(Failure::new("a library crate cannot be packed: see above")) }
}

/// `publish = false` is an empty list of registries.
fn is_private(package: &Value) -> bool {
    package["publish"].as_array().is_some_and(Vec::is_empty)
}
