//! Full-text search: what the index holds of a text, what a query means, and the search itself.
//!
//! The index is a filter: it holds trigrams of words, so it finds substrings in any script and may find too
//! much. Each candidate is then verified on its text.

mod finding;
pub mod fold;
pub mod grams;
pub mod plan;
pub mod query;

pub use grams::index_text;
