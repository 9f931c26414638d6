//! The figures of the server, for those who read them in a console or a terminal.

use http::Method;
use plexi_auth::Caller;
use plexi_core::Permission;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Found;
use crate::call::{Call, Nothing};
use crate::error::ApiError;
use crate::metrics::Family;
use crate::operations::Operation;
use crate::operator::{History, HistoryRange};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/admin/metrics", "metrics.list", "The figures of the server", list)
            .needs(Permission::MetricsRead),
        Operation::new(
            Method::GET,
            "/admin/metrics/history",
            "metrics.history",
            "How chosen figures were of late",
            history,
        )
        .needs(Permission::MetricsRead),
    ]
}

/// Which figures.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Those whose names begin so.
    #[serde(default)]
    #[schemars(length(max = 100))]
    prefix: Option<String>,
}

/// Figures by name.
#[derive(Serialize, JsonSchema)]
struct Metrics {
    /// In no particular order.
    items: Vec<Family>,
}

async fn list(call: Call<Caller, Nothing, Wanted>) -> Result<Found<Metrics>, ApiError> {
    let mut items = call.web.exposition().into_families();
    if let Some(prefix) = &call.query.prefix {
        items.retain(|family| family.name.starts_with(prefix));
    }
    Ok(Found(Metrics { items }))
}

/// Of which time.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Past {
    /// How far back.
    #[serde(default)]
    range: HistoryRange,
}

async fn history(call: Call<Caller, Nothing, Past>) -> Result<Found<History>, ApiError> {
    Ok(Found(call.web.operator.history(call.query.range)))
}
