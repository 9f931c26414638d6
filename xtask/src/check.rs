//! `cargo xtask check`: the rules of the house that a machine can see.

mod dependencies;
mod layers;
pub mod licences;
pub mod links;
mod packages;
mod text;

use clap::{Args, ValueEnum};

use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;

/// Which rules.
#[derive(Args)]
pub struct Options {
    /// The rules to check
    #[arg(value_enum, default_value = "all")]
    rules: Rules,
}

/// A group of rules.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rules {
    /// Formatting, by `cargo fmt --check`
    Fmt,
    /// Which package may depend on which, by `docs/LAYERS.txt`
    Layers,
    /// Words, lengths, names, manifests and links
    Text,
    /// Licences and refused crates, by `deny.toml`
    Licences,
    /// Each library crate can be packed for a registry, by `cargo package`
    Packages,
    /// All of these
    All,
}

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, relative to the root, with a line number where there is one.
    pub place: String,
    /// What is wrong and what to do.
    pub words: String,
}

impl Finding {
    /// A finding in a whole file, package or row.
    pub fn new(place: impl Into<String>, words: impl Into<String>) -> Self {
        Self { place: place.into(), words: words.into() }
    }

    /// A finding in a line, counted from one.
    pub fn at_line(place: &str, line: usize, words: impl Into<String>) -> Self {
        Self { place: format!("{place}:{line}"), words: words.into() }
    }
}

/// Checks the chosen rules.
pub fn check(workspace: &Workspace, options: &Options) -> Outcome {
    only(workspace, options.rules)
}

/// Checks one group of rules, or all.
pub fn only(workspace: &Workspace, rules: Rules) -> Outcome {
    let chosen = |group: Rules| rules == group || rules == Rules::All;
    let mut findings = Vec::new();
    if chosen(Rules::Fmt) {
        formatting(workspace)?;
    }
    if chosen(Rules::Layers) {
        findings.extend(layers::check(workspace)?);
    }
    if chosen(Rules::Text) {
        findings.extend(text::check(workspace)?);
        findings.extend(dependencies::check(workspace)?);
        findings.extend(links::check(workspace, links::Generated::MayBeMissing)?);
    }
    if chosen(Rules::Licences) {
        findings.extend(licences::check(workspace)?);
    }
    if chosen(Rules::Packages) {
        packages::check(workspace)?;
    }
    report(findings)
}

/// Prints findings; any is a failure.
pub fn report(findings: Vec<Finding>) -> Outcome {
    if findings.is_empty() {
        println!("check: nothing found");
        return Ok(());
    }
    let count = findings.len();
    for Finding { place, words } in findings {
        println!("  {place}: {words}");
    }
    Err(Failure::new(format!(
        "{count} {} of the rules of the house",
        if count == 1 { "breach" } else { "breaches" }
    )))
}

fn formatting(workspace: &Workspace) -> Outcome {
    let formatted = workspace.cargo().args(["fmt", "--all", "--check"]).succeeds()?;
    if formatted { Ok(()) } else { Err(Failure::new("not formatted: run `cargo fmt --all`")) }
}
