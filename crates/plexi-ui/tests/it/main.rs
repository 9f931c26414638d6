//! What the embedded client promises, with or without a built client.

#[path = "../../build/rules.rs"]
mod rules;

mod assets;
mod building;
