//! Search.

use http::Method;
use plexi_auth::Caller;
use plexi_core::ChannelId;
use plexi_messaging::model::{Page, SearchHit};
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::page_limit;
use crate::answer::Found;
use crate::call::{Call, Nothing};
use crate::error::ApiError;
use crate::operations::{Class, Operation};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/search", "search.messages", "Search messages", search)
            .class(Class::Search),
    ]
}

/// What to search.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    /// Words, `"phrases"` and operators.
    #[schemars(length(min = 1, max = 1_000))]
    q: String,
    /// Only in this channel.
    #[serde(default)]
    #[schemars(with = "ChannelId")]
    channel_id: Option<ChannelId>,
    /// The `next` of the page before.
    #[serde(default)]
    #[schemars(with = "String", length(min = 1, max = 512), regex(pattern = "^[A-Za-z0-9_-]+$"))]
    cursor: Option<String>,
    /// How many entries.
    #[serde(default = "page_limit")]
    #[schemars(range(min = 1, max = 200))]
    limit: u32,
}

async fn search(call: Call<Caller, Nothing, SearchQuery>) -> Result<Found<Page<SearchHit>>, ApiError> {
    let SearchQuery { q, channel_id, cursor, limit } = &call.query;
    Ok(Found(call.web.messaging.search(call.actor(), q, *channel_id, cursor.as_deref(), *limit).await?))
}
