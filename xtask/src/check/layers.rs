//! Which package may depend on which: `docs/LAYERS.txt` against `cargo metadata`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::Finding;
use crate::failure::{Doing, Outcome};
use crate::workspace::{Workspace, list, text};

/// The table's place; `docs/ARCHITECTURE.md` refers to it.
const TABLE: &str = "docs/LAYERS.txt";
/// The layer of packages that only developers use; nothing may depend on them.
const DEV: &str = "dev";

/// A package's row of the table.
#[derive(Debug)]
struct Row {
    line: usize,
    layer: String,
    may_use: Vec<String>,
}

type Table = BTreeMap<String, Row>;
/// Each package with the packages of ours that it builds on.
type Packages = BTreeMap<String, Vec<String>>;

/// Compares the table with the workspace.
pub fn check(workspace: &Workspace) -> Outcome<Vec<Finding>> {
    let content = fs::read_to_string(workspace.root.join(TABLE)).doing(format!("cannot read {TABLE}"))?;
    let packages = packages(&workspace.packages()?);
    let (table, mut findings) = parse(&content);
    findings.extend(table_findings(&table));
    findings.extend(package_findings(&table, &packages));
    Ok(findings)
}

/// Reads the rows `LAYER PACKAGE [MAY USE..]`; `#` begins a comment, `-` means nothing.
fn parse(content: &str) -> (Table, Vec<Finding>) {
    let mut table = Table::new();
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(content.lines()) {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let (Some(layer), Some(package)) = (words.next(), words.next()) else { continue };
        let may_use = words.filter(|word| *word != "-").map(str::to_owned).collect();
        let row = Row { line: number, layer: layer.to_owned(), may_use };
        if table.insert(package.to_owned(), row).is_some() {
            findings.push(Finding::at_line(TABLE, number, format!("{package} is listed twice")));
        }
    }
    (table, findings)
}

/// The table must make sense by itself: only downwards or sideways, and nothing on a development package.
fn table_findings(table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, row) in table {
        for used in &row.may_use {
            let words = match table.get(used) {
                None => format!("{package} may use {used}, which has no row"),
                Some(target) if target.layer == DEV => {
                    format!("{package} may use {used}, which is for developers")
                }
                // Layers are single digits and `dev`, which sorts after them.
                Some(target) if target.layer > row.layer => {
                    format!(
                        "{package} (layer {}) may use {used} (layer {}): that is upwards",
                        row.layer, target.layer
                    )
                }
                Some(_) => continue,
            };
            findings.push(Finding::at_line(TABLE, row.line, words));
        }
    }
    findings
}

/// Every package has a row, every row a package, and every dependency is allowed.
fn package_findings(table: &Table, packages: &Packages) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, uses) in packages {
        let Some(row) = table.get(package) else {
            findings.push(Finding::new(package, format!("not listed: give it a row in {TABLE}")));
            continue;
        };
        for used in uses.iter().filter(|used| !row.may_use.contains(used)) {
            let words = format!("depends on {used}, which {TABLE} does not allow it (layer {})", row.layer);
            findings.push(Finding::new(package, words));
        }
    }
    for (package, row) in table.iter().filter(|(package, _)| !packages.contains_key(*package)) {
        findings.push(Finding::at_line(TABLE, row.line, format!("{package} does not exist: remove its row")));
    }
    findings
}

/// Reads names and dependencies; those of tests and examples are free.
fn packages(metadata: &Value) -> Packages {
    let names: Vec<&str> = list(metadata, "packages").map(|package| text(package, "name")).collect();
    let uses = |package: &Value| {
        let mut uses: Vec<String> = list(package, "dependencies")
            .filter(|dependency| text(dependency, "kind") != "dev")
            .map(|dependency| text(dependency, "name"))
            .filter(|name| names.contains(name))
            .map(str::to_owned)
            .collect();
        uses.dedup();
        uses
    };
    list(metadata, "packages").map(|package| (text(package, "name").to_owned(), uses(package))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SOUND: &str = "# layer package may use\n0 core -\n1 log core\n2 auth core # and no peer\n4 app core log auth\ndev tests app\n";

    fn words(table: &str, packages: &[(&str, &[&str])]) -> Vec<String> {
        let packages = packages
            .iter()
            .map(|(name, uses)| ((*name).to_owned(), uses.iter().map(|used| (*used).to_owned()).collect()))
            .collect();
        let (table, mut findings) = parse(table);
        findings.extend(table_findings(&table));
        findings.extend(package_findings(&table, &packages));
        findings.into_iter().map(|finding| format!("{}: {}", finding.place, finding.words)).collect()
    }

    const ALL: &[(&str, &[&str])] = &[
        ("app", &["core", "auth"]),
        ("auth", &["core"]),
        ("core", &[]),
        ("log", &["core"]),
        ("tests", &["app"]),
    ];

    #[test]
    fn a_workspace_that_keeps_to_the_table_has_no_findings() {
        assert_eq!(words(SOUND, ALL), Vec::<String>::new());
    }

    #[test]
    fn a_dependency_outside_the_table_is_found() {
        let mut packages = ALL.to_vec();
        packages[1] = ("auth", &["core", "log"]);
        assert_eq!(
            words(SOUND, &packages),
            ["auth: depends on log, which docs/LAYERS.txt does not allow it (layer 2)"]
        );
    }

    #[test]
    fn an_unlisted_package_and_a_row_without_a_package_are_found() {
        let mut packages = ALL.to_vec();
        packages[3] = ("logs", &[]);
        assert_eq!(
            words(SOUND, &packages),
            [
                "logs: not listed: give it a row in docs/LAYERS.txt",
                "docs/LAYERS.txt:3: log does not exist: remove its row"
            ]
        );
    }

    #[test]
    fn the_table_itself_may_not_point_upwards_or_at_developers_packages() {
        let table = "0 core log\n1 log tests\ndev tests -\n";
        assert_eq!(
            words(table, &[("core", &[]), ("log", &[]), ("tests", &[])]),
            [
                "docs/LAYERS.txt:1: core (layer 0) may use log (layer 1): that is upwards",
                "docs/LAYERS.txt:2: log may use tests, which is for developers"
            ]
        );
    }

    #[test]
    fn dependencies_of_tests_are_free_and_those_of_build_scripts_are_not() {
        let metadata = json!({"packages": [
            {"name": "core", "dependencies": []},
            {"name": "log", "dependencies": [
                {"name": "core", "kind": "build"}, {"name": "auth", "kind": "dev"}, {"name": "serde", "kind": null}
            ]},
            {"name": "auth", "dependencies": [{"name": "core", "kind": null}]},
        ]});
        let packages = packages(&metadata);
        assert_eq!(packages["log"], ["core"]);
        assert_eq!(packages["auth"], ["core"]);
    }
}
