//! `cargo xtask docs`: what the program itself knows, written down.
//!
//! The server writes its reference (`openapi.json`, `CONFIGURATION_REFERENCE.md`, `ERROR_CODES.md`) into
//! `docs/_generated`, which git ignores. A committed page may embed a generated file between two marks:
//!
//! ```text
//! <!-- generated: ERROR_CODES.md -->
//! ..
//! <!-- end generated -->
//! ```

mod site;

use std::fs;
use std::path::Path;

use clap::Args;

use crate::check::{self, Finding, links};
use crate::failure::{Doing, Outcome};
use crate::fences::Fences;
use crate::process::Call;
use crate::workspace::Workspace;

/// Where the reference goes.
const FOLDER: &str = "docs/_generated";
/// The files that the server writes; one that is missing is an error.
const REFERENCE: &[&str] = &["openapi.json", "CONFIGURATION_REFERENCE.md", "ERROR_CODES.md"];
const MARK_BEGINS: &str = "<!-- generated: ";
const MARK_ENDS: &str = " -->";
const BLOCK_ENDS: &str = "<!-- end generated -->";

/// Write or compare.
#[derive(Args)]
pub struct Options {
    /// Change no committed page: fail when one is not current or a link leads nowhere
    #[arg(long)]
    check: bool,
}

/// What happens to a committed page that is not current.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is written anew.
    Write,
    /// It is a finding.
    Compare,
}

/// Builds the server, then writes or compares.
pub fn docs(workspace: &Workspace, options: &Options) -> Outcome {
    workspace.cargo().args(["build", "--package", "plexi-server"]).run()?;
    write_or_compare(workspace, if options.check { Mode::Compare } else { Mode::Write })
}

/// Writes the reference with the server that is built, then updates or compares the pages that embed it, then checks
/// links.
pub fn write_or_compare(workspace: &Workspace, mode: Mode) -> Outcome {
    let folder = workspace.root.join(FOLDER);
    fs::create_dir_all(&folder).doing(format!("cannot create {FOLDER}"))?;
    Call::new(workspace.program("debug", "plexi-server"))
        .in_folder(&workspace.root)
        .args(["docs", "--out", FOLDER])
        .run()?;
    let mut findings: Vec<Finding> = REFERENCE
        .iter()
        .filter(|name| !folder.join(name).is_file())
        .map(|name| Finding::new(format!("{FOLDER}/{name}"), "was not written by `plexi-server docs`"))
        .collect();
    for path in workspace.files()?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md"))
    {
        let place = path.display().to_string();
        let file = workspace.root.join(&path);
        let page = fs::read_to_string(&file).doing(format!("cannot read {place}"))?;
        let (current, found) = embed(&place, &page, &folder);
        findings.extend(found);
        if current == page {
            continue;
        }
        if mode == Mode::Compare {
            findings.push(Finding::new(place, "embeds an old table: run `cargo xtask docs` and commit"));
        } else {
            fs::write(&file, current).doing(format!("cannot write {place}"))?;
            println!("docs: updated {place}");
        }
    }
    findings.extend(links::check(workspace, links::Generated::MustExist)?);
    check::report(findings)?;
    let pages = site::build(workspace, &folder)?;
    println!(
        "docs: {FOLDER} holds {} and a site of {pages} pages: {FOLDER}/site/README.html",
        REFERENCE.join(", ")
    );
    Ok(())
}

/// The page with every marked block filled from the generated files. Marks in fenced code only show how marks look.
fn embed(place: &str, page: &str, folder: &Path) -> (String, Vec<Finding>) {
    let mut result = String::with_capacity(page.len());
    let mut findings = Vec::new();
    let mut fences = Fences::default();
    let mut lines = (1..).zip(page.split_inclusive('\n'));
    while let Some((number, line)) = lines.next() {
        result.push_str(line);
        if fences.cover(line) {
            continue;
        }
        let mark = line.trim_end();
        let Some(name) = mark.strip_prefix(MARK_BEGINS).and_then(|rest| rest.strip_suffix(MARK_ENDS)) else {
            continue;
        };
        let mut block = String::new();
        let mut end = None;
        for (_, line) in lines.by_ref() {
            if line.trim_end() == BLOCK_ENDS {
                end = Some(line);
                break;
            }
            block.push_str(line);
        }
        let Some(end) = end else {
            findings.push(Finding::at_line(place, number, format!("the block has no `{BLOCK_ENDS}`")));
            result.push_str(&block);
            break;
        };
        match fs::read_to_string(folder.join(name)) {
            Ok(generated) => {
                result.push_str(generated.trim_end());
                result.push('\n');
            }
            Err(error) => {
                findings.push(Finding::at_line(
                    place,
                    number,
                    format!("cannot read {FOLDER}/{name}: {error}"),
                ));
                result.push_str(&block);
            }
        }
        result.push_str(end);
    }
    (result, findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of generated files, removed when dropped.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn with(test: &str, name: &str, content: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("xtask-docs-{}-{test}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), content).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn a_block_is_filled_with_the_generated_file_and_the_rest_is_left_alone() {
        let folder = Folder::with("fill", "T.md", "| new |\n\n");
        let page = "before\n<!-- generated: T.md -->\n| old |\n<!-- end generated -->\nafter";
        let (result, findings) = embed("P.md", page, &folder.0);
        assert_eq!(result, "before\n<!-- generated: T.md -->\n| new |\n<!-- end generated -->\nafter");
        assert_eq!(findings, []);
        assert_eq!(embed("P.md", &result, &folder.0).0, result, "filling twice changes nothing");
    }

    #[test]
    fn marks_in_fenced_code_are_an_example() {
        let folder = Folder::with("fenced", "T.md", "| new |");
        let marks = "<!-- generated: T.md -->\n| old |\n<!-- end generated -->\n";
        let example = format!("~~~text\n{marks}```\n~~~\n");
        let (result, findings) = embed("P.md", &format!("{example}{marks}"), &folder.0);
        assert_eq!(result, format!("{example}{}", marks.replace("old", "new")));
        assert_eq!(findings, []);
    }

    #[test]
    fn a_block_without_end_or_file_is_reported_and_not_lost() {
        let folder = Folder::with("broken", "T.md", "new");
        let open = "<!-- generated: T.md -->\n| old |\n";
        let (result, findings) = embed("P.md", open, &folder.0);
        assert_eq!((result.as_str(), findings.len()), (open, 1));
        let missing = "<!-- generated: U.md -->\n| old |\n<!-- end generated -->\n";
        let (result, findings) = embed("P.md", missing, &folder.0);
        assert_eq!((result.as_str(), findings.len()), (missing, 1));
    }
}
