//! Adapters that join peers which do not know each other. Each is a few lines; what needs more belongs to a crate.

mod answers;
mod configuration;
mod forget;
mod operator;
mod process;
mod ui;

pub(crate) use answers::KeptAnswers;
pub(crate) use configuration::HeldConfiguration;
pub(crate) use forget::{forget_answers, forget_sessions, sweep_deleted};
pub(crate) use operator::{Checks, Console};
pub(crate) use process::Process;
pub(crate) use ui::EmbeddedUi;
