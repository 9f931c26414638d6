//! One exact, bounded limiter for a whole service.
//!
//! A [`Limiter`] knows [`Rule`]s: whom each tells apart (a [`Key`] of [`Part`]s), how much in which time, and how it counts (an
//! [`Algorithm`]). A [`Subject`] is who asks for what; a [`Scope`] is what kind of thing is asked. All rules that hold decide together: when one
//! refuses, nothing is taken from the others. The memory is fixed when the limiter is made, whoever comes; the decision takes no lock
//! that others of other keys need, no allocation, and one look at the clock.
//!
//! ```
//! use std::time::Duration;
//! use plexi_core::SystemEntropy;
//! use plexi_ratelimit::{Algorithm, Cost, Key, Limiter, Part, Rule, Size, Stage};
//!
//! let limiter = Limiter::new(Size::default(), &SystemEntropy::new())?;
//! limiter.set_rules(vec![
//!     Rule::new("all", Key::GLOBAL, 10_000, Duration::from_secs(1)),
//!     Rule::new("address", Key::of(Part::Address), 100, Duration::from_secs(10)),
//!     Rule::new("sign-in", Key::of(Part::Address), 2, Duration::from_secs(60))
//!         .algorithm(Algorithm::ExactWindow)
//!         .within("sign-in"),
//! ])?;
//! let sign_in = limiter.scope(["sign-in"])?;
//! let ada = limiter.subject().address([203, 0, 113, 7].into());
//! assert!(limiter.decide(sign_in, Stage::Before, &ada, Cost::ONE).is_admitted());
//! assert!(limiter.decide(sign_in, Stage::Before, &ada, Cost::ONE).is_admitted());
//! let third = limiter.decide(sign_in, Stage::Before, &ada, Cost::ONE);
//! assert_eq!(third.refused_by().unwrap().name, "sign-in");
//! assert_eq!(third.fields().limit, r#""sign-in";r=0;t=60"#);
//! # Ok::<(), plexi_ratelimit::LimitError>(())
//! ```

mod algorithm;
mod decision;
mod error;
mod hash;
mod headers;
mod limiter;
mod refusals;
mod rule;
mod rules;
mod subject;
mod table;
mod ticker;

pub use decision::{Decision, Permit, Quota};
pub use error::{LimitError, RuleError};
pub use headers::{Fields, fields};
pub use limiter::{Cost, Limiter, RuleStats, Scope, Size};
pub use refusals::Refusal;
pub use rule::{Algorithm, Key, MOST_EXACT, Rule, Unit};
pub use rules::Stage;
pub use subject::{Part, Subject, Tier, network};
pub use ticker::{ManualTicker, SystemTicker, Ticker};
