//! Adapters that join peers which do not know each other. Each is a few lines; what needs more belongs to a crate.

mod answers;
mod operator;
mod sessions;
mod ui;

pub(crate) use answers::KeptAnswers;
pub(crate) use operator::{Checks, Console};
pub(crate) use sessions::{forget_answers, forget_sessions, hang_up};
pub(crate) use ui::EmbeddedUi;
