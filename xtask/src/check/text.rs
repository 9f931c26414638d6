//! Rules over the text of files: unfinished words, tabs, log text, lengths, names.

use std::fs;
use std::path::Path;

use super::Finding;
use crate::failure::{Doing, Outcome};
use crate::workspace::{Workspace, list, text};

/// A file longer than this is two rooms.
const LONGEST_FILE: usize = 800;
/// Words that mark unfinished work, split so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
/// What a module is not called: each says that nobody knew what it is.
const EMPTY_NAMES: &[&str] =
    &["manager", "unified", "advanced", "enhanced", "comprehensive", "utils", "helpers"];
/// Macros whose text goes to the log.
const LOG_MACROS: &[&str] = &["trace!(", "debug!(", "info!(", "warn!(", "error!("];
/// File endings of code.
const CODE: &[&str] = &["rs", "ts", "tsx", "mts", "mjs", "js", "css", "sh", "py", "sql"];
/// File endings of other text that people write.
const PROSE: &[&str] = &["md", "toml", "html", "yml", "yaml"];

/// Reads every file that git knows.
pub fn check(workspace: &Workspace) -> Outcome<Vec<Finding>> {
    let mut findings = readmes(workspace)?;
    for path in workspace.files()? {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !CODE.contains(&ending) && !PROSE.contains(&ending) {
            continue;
        }
        let place = path.display().to_string();
        let content = fs::read_to_string(workspace.root.join(&path)).doing(format!("cannot read {place}"))?;
        findings.extend(unfinished(&place, &content));
        if CODE.contains(&ending) {
            findings.extend(length(&place, &content));
        }
        if ending == "rs" {
            findings.extend(tabs(&place, &content));
            findings.extend(module_name(&path));
            if !is_test(&path) {
                findings.extend(log_text(&place, &content));
            }
        }
    }
    Ok(findings)
}

/// Every package explains itself.
fn readmes(workspace: &Workspace) -> Outcome<Vec<Finding>> {
    let metadata = workspace.packages()?;
    let lacking = list(&metadata, "packages").filter(|package| {
        Path::new(text(package, "manifest_path"))
            .parent()
            .is_none_or(|folder| !folder.join("README.md").is_file())
    });
    Ok(lacking.map(|package| Finding::new(text(package, "name"), "has no README.md")).collect())
}

fn unfinished(place: &str, content: &str) -> Vec<Finding> {
    let is_word = |line: &str, word: &str| {
        line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|part| part == word)
    };
    (1..)
        .zip(content.lines())
        .filter_map(|(number, line)| {
            let word = UNFINISHED.iter().find(|word| is_word(line, word))?;
            Some(Finding::at_line(place, number, format!("unfinished by its own word: {word}")))
        })
        .collect()
}

fn length(place: &str, content: &str) -> Option<Finding> {
    let lines = content.lines().count();
    (lines > LONGEST_FILE)
        .then(|| Finding::new(place, format!("{lines} lines, over {LONGEST_FILE}: split it")))
}

fn tabs(place: &str, content: &str) -> Option<Finding> {
    let line = content.lines().position(|line| line.contains('\t'))?;
    Some(Finding::at_line(place, line + 1, "a tab: use spaces, or \\t in a string"))
}

fn module_name(path: &Path) -> Option<Finding> {
    let stem = path.file_stem()?.to_str()?;
    let folder =
        path.parent().and_then(|parent| parent.file_name()).and_then(|name| name.to_str()).unwrap_or("");
    let refused = [stem, folder]
        .into_iter()
        .find_map(|name| name.split(['_', '-']).find(|word| EMPTY_NAMES.contains(word)))?;
    Some(Finding::new(path.display().to_string(), format!("named {refused}: name the file for what it is")))
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_stem().is_some_and(|stem| stem == "tests")
}

/// Log calls outside tests that hold a character beyond ASCII.
fn log_text(place: &str, content: &str) -> Vec<Finding> {
    let code = content.split("#[cfg(test)]").next().unwrap_or_default();
    let mut findings = Vec::new();
    for name in LOG_MACROS {
        for (start, _) in code.match_indices(name) {
            let is_other_macro =
                code[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_');
            if !is_other_macro && !call(&code[start + name.len()..]).is_ascii() {
                let line = code[..start].lines().count().max(1);
                findings.push(Finding::at_line(place, line, "log text is ASCII"));
            }
        }
    }
    findings
}

/// The text up to the parenthesis that closes the call. Parentheses inside strings are counted too: an unbalanced
/// one makes the call look longer or shorter, which is good enough for a search.
fn call(rest: &str) -> &str {
    let mut depth = 1_usize;
    for (position, letter) in rest.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..position];
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_words_are_found_as_whole_words_only() {
        let content = format!("fine\n// {} later\nlet {}_LIST = 1;\n", UNFINISHED[0], UNFINISHED[0]);
        let findings = unfinished("a.rs", &content);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place, "a.rs:2");
    }

    #[test]
    fn a_log_call_beyond_ascii_is_found_on_its_line_even_over_several_lines() {
        let content =
            "fn f() {\n    tracing::info!(\n        name = \"caf\u{e9}\",\n        \"opened\");\n}\n";
        assert_eq!(log_text("a.rs", content), [Finding::at_line("a.rs", 2, "log text is ASCII")]);
    }

    #[test]
    fn text_beyond_ascii_outside_log_calls_is_free() {
        let content = "fn f() { tracing::info!(\"opened\"); show(\"caf\u{e9}\"); my_info!(\"\u{e9}\"); }";
        assert_eq!(log_text("a.rs", content), []);
    }

    #[test]
    fn empty_names_are_refused_for_files_and_their_folders() {
        assert!(module_name(Path::new("crates/a/src/string_utils.rs")).is_some());
        assert!(module_name(Path::new("crates/a/src/helpers/strings.rs")).is_some());
        assert!(module_name(Path::new("crates/a/src/helper_text.rs")).is_none());
    }

    #[test]
    fn long_files_and_tabs_are_found() {
        assert!(length("a.rs", &"x\n".repeat(LONGEST_FILE)).is_none());
        assert!(length("a.rs", &"x\n".repeat(LONGEST_FILE + 1)).is_some());
        assert_eq!(tabs("a.rs", "a\n\tb").map(|finding| finding.place), Some("a.rs:2".to_owned()));
    }
}
