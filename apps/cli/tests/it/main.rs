//! The command line as its user sees it: the real program, its output and its exit codes.

mod help;
mod local;
mod plexi;
mod remote;
mod settings;
