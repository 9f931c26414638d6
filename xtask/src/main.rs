//! The chores: run, test, check, bench, docs, ui, services.
fn main() {}
