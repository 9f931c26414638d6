//! `cargo xtask test`: everything that proves the program, in the order in which failures are cheapest to find.

use clap::{Args, ValueEnum};

use crate::check::{self, Rules};
use crate::docs;
use crate::failure::Outcome;
use crate::packages;
use crate::process::{Call, find_program};
use crate::progress::Steps;
use crate::services;
use crate::ui;
use crate::workspace::Workspace;

/// Names the server under test to the browser tests.
const SERVER_VARIABLE: &str = "PLEXI_TEST_SERVER";
/// Names the browser to the browser tests.
const BROWSER_VARIABLE: &str = "PLEXI_TEST_CHROMIUM";
/// Runs the schema fuzzer against a server that it starts from the program it is given.
const FUZZ: &str = "tests/fuzz/run.sh";

/// Which parts.
#[derive(Args, Default)]
pub struct Options {
    /// Only these parts, separated by commas; without it all of them
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

/// A part of the proof.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Formatting, layers, text, licences, lints
    Check,
    /// The web client's types, unit tests and build
    Client,
    /// The generated documentation is current
    Docs,
    /// The Rust tests on all three databases, and the examples in the documentation
    Rust,
    /// The web client in a real browser
    Browser,
    /// The API against its own schema
    Fuzz,
}

/// What a step does.
type Body = fn(&Workspace) -> Outcome;

/// Every step, in order.
const STEPS: &[(Part, &str, Body)] = &[
    (Part::Check, "formatting", |workspace| check::only(workspace, Rules::Fmt)),
    (Part::Check, "layers", |workspace| check::only(workspace, Rules::Layers)),
    (Part::Check, "text rules", |workspace| check::only(workspace, Rules::Text)),
    (Part::Check, "licences", |workspace| check::only(workspace, Rules::Licences)),
    (Part::Check, "packages", |workspace| check::only(workspace, Rules::Packages)),
    (Part::Client, "web client: packages", ui::install),
    (Part::Client, "web client: catalogues", |workspace| ui::npm(workspace, &["run", "i18n:check"])),
    (Part::Client, "web client: unit tests", |workspace| ui::npm(workspace, &["test"])),
    // Type-checks first. Before any Rust is compiled, so that the server embeds what is tested.
    (Part::Client, "web client: types and build", ui::build),
    (Part::Check, "lints", lints),
    (Part::Rust, "nextest", install_nextest),
    (Part::Rust, "programs and tests", programs),
    (Part::Docs, "documentation", documentation),
    (Part::Rust, "Rust tests", rust_tests),
    (Part::Rust, "examples in the documentation", doc_tests),
    (Part::Browser, "browser tests", browser_tests),
    (Part::Fuzz, "schema fuzz", fuzz),
];

/// Performs the chosen parts, then prints how long each step took.
pub fn test(workspace: &Workspace, options: &Options) -> Outcome {
    let is_chosen = |part: Part| options.only.is_empty() || options.only.contains(&part);
    let chosen: Vec<_> = STEPS.iter().filter(|(part, ..)| is_chosen(*part)).collect();
    let mut progress = Steps::new(chosen.len());
    let result = chosen.into_iter().try_for_each(|(_, name, body)| progress.step(name, || body(workspace)));
    progress.summary();
    result
}

fn lints(workspace: &Workspace) -> Outcome {
    workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]).run()
}

fn install_nextest(workspace: &Workspace) -> Outcome {
    if find_program("cargo-nextest", &[]).is_some()
        || workspace.cargo().args(["nextest", "--version"]).output().is_ok()
    {
        return Ok(());
    }
    println!("        cargo-nextest is missing and is being built, which takes some minutes");
    workspace.cargo().args(["install", "cargo-nextest", "--locked"]).run()
}

/// The programs that the black-box tests, the browser tests and the fuzzer start. All targets, because a build of the
/// programs alone has other features than the tests need, and everything would be compiled twice.
fn programs(workspace: &Workspace) -> Outcome {
    workspace.cargo().args(["build", "--workspace", "--all-targets"]).run()
}

fn documentation(workspace: &Workspace) -> Outcome {
    programs(workspace)?;
    docs::write_or_compare(workspace, docs::Mode::Compare)
}

fn rust_tests(workspace: &Workspace) -> Outcome {
    let started = services::up(workspace)?;
    let tested = services::variables(workspace).and_then(|variables| {
        workspace.cargo().args(["nextest", "run", "--workspace"]).envs(&variables).run()
    });
    // Servers that were up before were somebody's wish.
    if started {
        let stopped = services::down(workspace);
        return tested.and(stopped);
    }
    tested
}

fn doc_tests(workspace: &Workspace) -> Outcome {
    workspace.cargo().args(["test", "--workspace", "--doc"]).run()
}

fn browser_tests(workspace: &Workspace) -> Outcome {
    packages::ensure(packages::BROWSER)?;
    let browser = packages::require("chromium", "chromium")?;
    ui::install(workspace)?;
    ui::build_if_stale(workspace)?;
    programs(workspace)?;
    Call::new("npm")
        .in_folder(&workspace.web())
        .args(["run", "test:e2e"])
        .env(SERVER_VARIABLE, workspace.program("debug", "plexi-server"))
        .env(BROWSER_VARIABLE, browser)
        .run()
}

fn fuzz(workspace: &Workspace) -> Outcome {
    packages::ensure_python()?;
    programs(workspace)?;
    Call::new("bash")
        .in_folder(&workspace.root)
        .arg(FUZZ)
        .arg(workspace.program("debug", "plexi-server"))
        .run()
}
