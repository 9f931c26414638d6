//! Members of spaces and channels: who (from identity) with which role (from messaging).

use plexi_auth::model::User;
use plexi_core::{Actor, Timestamp, UserId};
use plexi_messaging::model::{MemberEntry, Page};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ApiError;
use crate::state::WebState;

/// A member of a space or channel.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Member {
    /// Who.
    user: User,
    /// The role there.
    role: String,
    /// Since when.
    joined_at: Timestamp,
}

/// Adds the users to a page of members.
pub(crate) async fn page(web: &WebState, page: Page<MemberEntry>) -> Result<Page<Member>, ApiError> {
    let Page { items, next } = page;
    Ok(Page { items: join(web, items).await?, next })
}

/// Adds the user to a member.
pub(crate) async fn one(web: &WebState, entry: MemberEntry) -> Result<Member, ApiError> {
    let joined = join(web, vec![entry]).await?;
    joined.into_iter().next().ok_or_else(|| ApiError::new(plexi_core::ErrorCode::ValidationNotFound))
}

async fn join(web: &WebState, entries: Vec<MemberEntry>) -> Result<Vec<Member>, ApiError> {
    let ids: Vec<UserId> = entries.iter().map(|entry| entry.user_id).collect();
    let users = lookup(web, &ids).await?;
    let member = |entry: MemberEntry| {
        let user = users.iter().find(|user| user.id == entry.user_id)?.clone();
        Some(Member { user, role: entry.role, joined_at: entry.joined_at })
    };
    Ok(entries.into_iter().filter_map(member).collect())
}

/// Users by id, in as many look-ups as it takes, for who was found to see the list that names them.
pub(crate) async fn lookup(web: &WebState, ids: &[UserId]) -> Result<Vec<User>, ApiError> {
    let mut users = Vec::with_capacity(ids.len());
    for some in ids.chunks(200) {
        users.extend(web.auth.lookup(&Actor::system(), some).await?);
    }
    Ok(users)
}
