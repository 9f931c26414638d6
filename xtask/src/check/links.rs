//! Relative links of Markdown files lead somewhere, down to the heading.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::Finding;
use crate::failure::{Doing, Outcome};
use crate::fences::Fences;
use crate::workspace::Workspace;

/// The folder of what `cargo xtask docs` writes.
const GENERATED: &str = "docs/_generated";

/// Whether links into the generated folder must lead somewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Generated {
    /// Nothing was generated yet, as in a fresh clone.
    MayBeMissing,
    /// The generated files are there.
    MustExist,
}

/// Checks the Markdown files that git knows.
pub fn check(workspace: &Workspace, generated: Generated) -> Outcome<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in workspace.files()?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md"))
    {
        let place = path.display().to_string();
        let content = fs::read_to_string(workspace.root.join(&path)).doing(format!("cannot read {place}"))?;
        for (line, target) in links(&content) {
            if let Some(words) = broken(&workspace.root, &path, &target, generated) {
                findings.push(Finding::at_line(&place, line, words));
            }
        }
    }
    Ok(findings)
}

/// What is wrong with a link, if anything.
fn broken(root: &Path, file: &Path, target: &str, generated: Generated) -> Option<String> {
    let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
    if is_elsewhere {
        return None;
    }
    let (to, heading) = target.split_once('#').unwrap_or((target, ""));
    let Some(path) = (if to.is_empty() { Some(file.to_path_buf()) } else { resolve(file, to) }) else {
        return Some(format!("the link {target} leads out of the checkout"));
    };
    if path.starts_with(GENERATED) && generated == Generated::MayBeMissing {
        return None;
    }
    if !root.join(&path).exists() {
        return Some(format!("the link {target} leads nowhere"));
    }
    if heading.is_empty() || path.extension().is_none_or(|end| end != "md") {
        return None;
    }
    let content = fs::read_to_string(root.join(&path)).unwrap_or_default();
    let found = anchors(&content).iter().any(|anchor| anchor == heading);
    (!found).then(|| format!("the link {target} names no heading of {}", path.display()))
}

/// `to` as seen from the folder of `file`, or none when it climbs out of the root.
pub fn resolve(file: &Path, to: &str) -> Option<PathBuf> {
    let mut path = file.parent()?.to_path_buf();
    for part in Path::new(to).components() {
        match part {
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// The lines outside fenced code, with their numbers from one.
fn prose(content: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fences = Fences::default();
    (1..).zip(content.lines()).filter(move |(_, line)| !fences.cover(line))
}

/// The targets of `[words](target)`, with their lines; code in backquotes is left out.
fn links(content: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(content) {
        let outside_code: String = line.split('`').step_by(2).collect();
        for part in outside_code.split("](").skip(1) {
            let target = part.split([')', ' ']).next().unwrap_or_default().trim_matches(['<', '>']);
            if !target.is_empty() {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// The anchors of a file's headings, as the usual renderers make them: small letters, digits, `-` and `_`, a number
/// behind the second of the same name.
pub fn anchors(content: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for (_, line) in prose(content) {
        let heading = line.trim_start_matches('#');
        let level = line.len() - heading.len();
        if level == 0 || level > 6 || !heading.starts_with(' ') {
            continue;
        }
        let anchor: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' '))
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        let before = seen.entry(anchor.clone()).or_default();
        anchors.push(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
        *before += 1;
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_outside_code() {
        let content =
            "see [a](A.md) and [b](<B.md>), not `[c](C.md)`\n```\n[d](D.md)\n```\n[e](E.md#here \"title\")\n";
        assert_eq!(
            links(content),
            [(1, "A.md".to_owned()), (1, "B.md".to_owned()), (5, "E.md#here".to_owned())]
        );
    }

    #[test]
    fn headings_become_anchors() {
        let content =
            "# The API\n## Errors, and `codes`\n```\n# no heading\n```\n## The API\n#not a heading\n";
        assert_eq!(anchors(content), ["the-api", "errors-and-codes", "the-api-1"]);
    }

    #[test]
    fn a_path_is_seen_from_the_file_and_stays_in_the_checkout() {
        assert_eq!(resolve(Path::new("docs/A.md"), "../README.md"), Some(PathBuf::from("README.md")));
        assert_eq!(resolve(Path::new("README.md"), "docs/./A.md"), Some(PathBuf::from("docs/A.md")));
        assert_eq!(resolve(Path::new("docs/A.md"), "../../etc"), None);
        assert_eq!(resolve(Path::new("docs/A.md"), "/etc/passwd"), None);
    }

    #[test]
    fn links_elsewhere_and_to_generated_files_are_free() {
        let root = Path::new("nowhere");
        let check = |target, generated| broken(root, Path::new("docs/A.md"), target, generated);
        assert_eq!(check("https://www.rfc-editor.org/rfc/rfc9457", Generated::MustExist), None);
        assert_eq!(check("_generated/ERROR_CODES.md", Generated::MayBeMissing), None);
        assert!(check("_generated/ERROR_CODES.md", Generated::MustExist).is_some());
        assert!(check("B.md", Generated::MayBeMissing).is_some());
    }
}
