use std::fmt::Write as _;

use crate::plexi::{PASSWORD, Plexi};

/// Every command, so that a change of what people type is seen.
const COMMANDS: [&[&str]; 31] = [
    &[],
    &["setup"],
    &["user"],
    &["user", "list"],
    &["user", "create"],
    &["user", "set-role"],
    &["user", "set-password"],
    &["space"],
    &["space", "members"],
    &["channel"],
    &["channel", "list"],
    &["channel", "create"],
    &["channel", "archive"],
    &["channel", "members"],
    &["channel", "members", "add"],
    &["role"],
    &["role", "create"],
    &["import"],
    &["export"],
    &["send"],
    &["search"],
    &["sign-in"],
    &["config"],
    &["config", "show"],
    &["config", "reference"],
    &["logs"],
    &["logs", "tail"],
    &["logs", "grep"],
    &["logs", "stats"],
    &["metrics"],
    &["doctor"],
];

#[test]
fn the_help_of_every_command_is_as_reviewed() {
    let plexi = Plexi::new();
    let mut all = String::new();
    for command in COMMANDS {
        let mut args = command.to_vec();
        args.push("--help");
        writeln!(all, "$ plexi {}\n{}", args.join(" "), plexi.ok(&args)).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let plexi = Plexi::new();
    for wrong in [&["fly"][..], &["user"], &["user", "create"], &["search"], &["config", "diff", "one"]] {
        plexi.fails(wrong, 2);
    }
}

#[test]
fn a_set_up_token_may_begin_with_a_hyphen() {
    let nowhere = Plexi::at("http://127.0.0.1:1");
    let ran = nowhere.run(&["setup", "ada", "--setup-token", "-c9kG", "--password-stdin"], PASSWORD);
    assert!(ran.code == 5 && ran.err.contains("cannot be reached"), "{} {}", ran.code, ran.err);
}

#[test]
fn a_shell_can_complete_the_commands() {
    let plexi = Plexi::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = plexi.ok(&["completions", shell]);
        assert!(script.contains("set-password") && script.contains("rollback"), "{shell}");
    }
}

#[test]
fn the_version_is_told_to_people_and_programs() {
    let plexi = Plexi::new();
    assert_eq!(plexi.ok(&["version"]), format!("plexi {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(plexi.json(&["version"])["version"], env!("CARGO_PKG_VERSION"));
}
