//! Every dependency of a package is declared once, in the root `Cargo.toml`.

use std::fs;
use std::path::Path;

use super::Finding;
use crate::failure::{Doing, Outcome};
use crate::workspace::{Workspace, list, text};

/// Reads the manifest of every package.
pub fn check(workspace: &Workspace) -> Outcome<Vec<Finding>> {
    let metadata = workspace.packages()?;
    let mut findings = Vec::new();
    for package in list(&metadata, "packages") {
        let path = Path::new(text(package, "manifest_path"));
        let content = fs::read_to_string(path).doing(format!("cannot read {}", path.display()))?;
        let place = path.strip_prefix(&workspace.root).unwrap_or(path).display().to_string();
        findings.extend(own_versions(&place, &content));
    }
    Ok(findings)
}

/// Dependencies that do not say `workspace = true`. Reads the two forms the house uses, one line each; a table of
/// its own for one dependency is a finding too.
fn own_versions(place: &str, content: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_dependencies = false;
    for (number, line) in (1..).zip(content.lines().map(str::trim)) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_matches(['[', ']']);
            in_dependencies = table.ends_with("dependencies");
            if table.contains("dependencies.") {
                findings.push(Finding::at_line(place, number, "write the dependency on one line"));
            }
        } else if in_dependencies && line.contains('=') && !line.starts_with('#') {
            // `path = "."` is a package that turns on a feature of its own for its tests.
            let shared = [".workspace = true", "{ workspace = true", "{ path = \".\","];
            let shared = shared.iter().any(|form| line.contains(form));
            if !shared {
                let words = "declare the version in the root Cargo.toml and write `workspace = true` here";
                findings.push(Finding::at_line(place, number, words));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::own_versions;

    #[test]
    fn both_ways_to_inherit_are_fine() {
        let manifest = "[package]\nname = \"a\"\n[dependencies]\n# why\nserde.workspace = true\n\
                        tokio = { workspace = true, features = [\"rt\"] }\n\
                        a = { path = \".\", features = [\"test-util\"] }\n[lints]\nworkspace = true\n";
        assert_eq!(own_versions("a/Cargo.toml", manifest), []);
    }

    #[test]
    fn a_version_of_its_own_and_a_table_of_its_own_are_found() {
        let manifest = "[dev-dependencies]\nserde = \"1\"\n[dependencies.tokio]\nworkspace = true\n";
        let places: Vec<String> =
            own_versions("a/Cargo.toml", manifest).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["a/Cargo.toml:2", "a/Cargo.toml:3"]);
    }
}
