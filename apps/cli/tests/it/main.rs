//! The command line as its user sees it: the real program, its output and its exit codes.
#![expect(missing_docs, reason = "tests")]

mod help;
mod local;
mod plexi;
mod remote;
mod settings;
