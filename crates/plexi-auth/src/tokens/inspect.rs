//! Looks at a token's structure before anything of it is verified or evaluated: what cannot be bounded by counting
//! iterations is refused here.
//!
//! A block that a holder added may hold checks only. Facts and rules could make the evaluation of a small token take as long
//! as its holder likes (a join of facts with themselves is one iteration), and narrowing needs neither.

use biscuit_auth::format::schema::{Biscuit, Block, Op, Rule, op, op_binary};
use prost::Message as _;

use super::MAX_BLOCKS;
use crate::error::AuthError;

/// The most checks of a block, and expressions of a query.
const MAX_PARTS: usize = 16;
/// The most queries of all checks of a block.
const MAX_QUERIES: usize = 32;
/// The most predicates of a query. Each one more multiplies what is tried by the number of facts that fit it, and no limit of the evaluation
/// looks at that.
const MAX_PREDICATES: usize = 3;
/// The most operations of all expressions of a block.
const MAX_OPERATIONS: usize = 128;

/// Refuses a token with more, or with other, than what a narrowed token of ours can hold.
pub(super) fn within_bounds(bytes: &[u8]) -> Result<(), AuthError> {
    let token = Biscuit::decode(bytes).map_err(|_| AuthError::TokenInvalid)?;
    let right = token.blocks.len() < MAX_BLOCKS
        && token.blocks.iter().all(|signed| {
            signed.external_signature.is_none()
                && Block::decode(&*signed.block).is_ok_and(|block| narrows(&block))
        });
    if right { Ok(()) } else { Err(AuthError::TokenInvalid) }
}

/// Whether a block only narrows, and cheaply.
fn narrows(block: &Block) -> bool {
    let mut operations = 0;
    let queries: usize = block.checks.iter().map(|check| check.queries.len()).sum();
    block.facts.is_empty()
        && block.rules.is_empty()
        && block.checks.len() <= MAX_PARTS
        && queries <= MAX_QUERIES
        && block.checks.iter().flat_map(|check| &check.queries).all(|query| is_cheap(query, &mut operations))
}

fn is_cheap(query: &Rule, operations: &mut usize) -> bool {
    query.body.len() <= MAX_PREDICATES
        && query.expressions.len() <= MAX_PARTS
        && query.expressions.iter().all(|expression| are_cheap(&expression.ops, operations))
}

/// Whether each operation takes constant time. A closure without parameters is how `and` and `or` are written; one with
/// parameters is a loop. The recursion is bounded: decoding refuses messages nested deeper than a hundred.
fn are_cheap(ops: &[Op], operations: &mut usize) -> bool {
    *operations += ops.len();
    *operations <= MAX_OPERATIONS
        && ops.iter().all(|op| match &op.content {
            Some(op::Content::Closure(closure)) => {
                closure.params.is_empty() && are_cheap(&closure.ops, operations)
            }
            Some(op::Content::Binary(binary)) => {
                use op_binary::Kind;
                ![Kind::Regex, Kind::All, Kind::Any, Kind::Ffi].iter().any(|kind| *kind as i32 == binary.kind)
            }
            Some(op::Content::Unary(unary)) => unary.ffi_name.is_none(),
            Some(op::Content::Value(_)) | None => true,
        })
}
