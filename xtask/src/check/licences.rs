//! Licences and refused crates of everything we build with, by `deny.toml`.
//!
//! `cargo deny` reads the same file and is used where it is installed; this reads the part of it that needs no network
//! and no further program, so that the rule holds everywhere.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::Finding;
use crate::failure::{Doing, Failure, Outcome};
use crate::process::find_program;
use crate::workspace::{Workspace, list, text};

/// Where the lists are.
const RULES: &str = "deny.toml";

/// Checks every package of the resolved graph.
pub fn check(workspace: &Workspace) -> Outcome<Vec<Finding>> {
    if find_program("cargo-deny", &[]).is_some() {
        // Advisories are fetched over the network: a call of its own, see docs/MAINTAINING_DOCUMENTATION.md.
        workspace
            .cargo()
            .args(["deny", "--log-level=error", "check", "bans", "licenses", "sources"])
            .run()?;
    }
    let rules = fs::read_to_string(workspace.root.join(RULES)).doing(format!("cannot read {RULES}"))?;
    let allowed = strings_of(&rules, "allow");
    let refused = strings_of(&rules, "deny");
    if allowed.is_empty() || refused.is_empty() {
        return Err(Failure::new(format!("{RULES} has no `allow` or no `deny` list")));
    }
    let metadata = workspace.metadata(&["--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])?;
    Ok(findings(&metadata, &allowed, &refused))
}

fn findings(metadata: &Value, allowed: &BTreeSet<&str>, refused: &BTreeSet<&str>) -> Vec<Finding> {
    let built: BTreeSet<&str> = metadata
        .get("resolve")
        .map(|resolve| list(resolve, "nodes").map(|node| text(node, "id")).collect())
        .unwrap_or_default();
    let mut findings = Vec::new();
    for package in list(metadata, "packages").filter(|package| built.contains(text(package, "id"))) {
        let place = format!("{} {}", text(package, "name"), text(package, "version"));
        let licence = text(package, "license");
        if refused.contains(text(package, "name")) {
            findings.push(Finding::new(
                &place,
                format!("refused by {RULES}: find what brings it with `cargo tree -i`"),
            ));
        }
        if !permitted(licence, allowed) {
            findings.push(Finding::new(place, format!("licence `{licence}` is not allowed by {RULES}")));
        }
    }
    findings
}

/// The quoted strings of the list `name = [..]`. Entries may be tables; every string in them counts, except what
/// explains them.
fn strings_of<'a>(rules: &'a str, name: &str) -> BTreeSet<&'a str> {
    let mut strings = BTreeSet::new();
    let mut inside = false;
    for line in rules.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if line == format!("{name} = [") {
            inside = true;
        } else if line == "]" {
            inside = false;
        } else if inside && let Some(string) = line.split('"').nth(1) {
            strings.insert(string);
        }
    }
    strings
}

/// Whether an SPDX expression can be satisfied with the allowed licences: any side of `OR`, both sides of `AND`.
fn permitted(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let answer = any_of(&mut rest, allowed);
    answer && rest.is_empty()
}

fn any_of(words: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    let mut answer = all_of(words, allowed);
    while let ["OR", rest @ ..] = words {
        *words = rest;
        // Both sides are read, whatever the first said.
        answer |= all_of(words, allowed);
    }
    answer
}

fn all_of(words: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    let mut answer = one(words, allowed);
    while let ["AND", rest @ ..] = words {
        *words = rest;
        answer &= one(words, allowed);
    }
    answer
}

fn one(words: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    match words {
        ["(", rest @ ..] => {
            *words = rest;
            let answer = any_of(words, allowed);
            if let [")", rest @ ..] = words {
                *words = rest;
                return answer;
            }
            false
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            allowed.contains(format!("{licence} WITH {exception}").as_str())
        }
        [licence, rest @ ..] => {
            *words = rest;
            allowed.contains(licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> BTreeSet<&'static str> {
        ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].into()
    }

    #[test]
    fn one_side_of_or_is_enough_and_both_sides_of_and_are_needed() {
        assert!(permitted("MIT", &allowed()));
        assert!(permitted("GPL-3.0 OR MIT", &allowed()));
        assert!(permitted("MIT/GPL-3.0", &allowed()));
        assert!(permitted("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed()));
        assert!(permitted("GPL-3.0 OR Apache-2.0 WITH LLVM-exception", &allowed()));
        assert!(!permitted("MIT AND GPL-3.0", &allowed()));
        assert!(!permitted("Apache-2.0 WITH Other-exception", &allowed()));
        assert!(!permitted("(MIT", &allowed()));
        assert!(!permitted("", &allowed()));
    }

    #[test]
    fn the_lists_are_read_from_the_rules() {
        let rules = "[licenses]\nallow = [\n    \"MIT\",\n    # why\n    \"Zlib\",\n]\n[bans]\ndeny = [\n    { crate = \"openssl\", reason = \"rustls\" },\n]\n";
        assert_eq!(strings_of(rules, "allow"), ["MIT", "Zlib"].into());
        assert_eq!(strings_of(rules, "deny"), ["openssl"].into());
    }

    #[test]
    fn only_packages_that_are_built_count() {
        let metadata = serde_json::json!({
            "packages": [
                {"id": "1", "name": "good", "version": "1.0.0", "license": "MIT"},
                {"id": "2", "name": "openssl", "version": "2.0.0", "license": "MIT"},
                {"id": "3", "name": "elsewhere", "version": "3.0.0", "license": "GPL-3.0"},
            ],
            "resolve": {"nodes": [{"id": "1"}, {"id": "2"}]},
        });
        let found = findings(&metadata, &allowed(), &["openssl"].into());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "openssl 2.0.0");
    }
}
