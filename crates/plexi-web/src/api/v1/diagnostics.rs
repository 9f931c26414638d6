//! What runs here, and all that somebody who is to help wants to see of it.

use std::collections::BTreeMap;

use http::Method;
use plexi_auth::Caller;
use plexi_core::{Coded, ErrorCode, Permission, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::{Archive, Found};
use crate::bundle::Bundle;
use crate::call::Call;
use crate::error::ApiError;
use crate::operations::Operation;
use crate::state::WebState;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/admin/about", "diagnostics.about", "What runs here, exactly", about)
            .needs(Permission::SystemManage),
        Operation::new(
            Method::GET,
            "/admin/diagnostics",
            "diagnostics.bundle",
            "All that helps to find a fault, in one archive without secrets",
            bundle,
        )
        .needs(Permission::SystemManage),
    ]
}

/// What runs here, exactly.
#[derive(Serialize, JsonSchema)]
struct About {
    /// The version.
    version: String,
    /// Whether it was built to run fast (`release`) or to be looked into (`debug`).
    build: String,
    /// The operating system.
    system: String,
    /// The kind of processor.
    processor: String,
    /// Under which licence it comes.
    licence: String,
    /// When it started.
    started_at: Timestamp,
    /// For how many seconds it has been running.
    uptime_seconds: u64,
}

impl About {
    fn of(web: &WebState) -> Self {
        Self {
            version: web.version.clone(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            system: std::env::consts::OS.to_owned(),
            processor: std::env::consts::ARCH.to_owned(),
            licence: env!("CARGO_PKG_LICENSE").to_owned(),
            started_at: web.started_at,
            uptime_seconds: web.clock.now().since(web.started_at).as_secs(),
        }
    }
}

async fn about(call: Call<Caller>) -> Result<Found<About>, ApiError> {
    Ok(Found(About::of(&call.web)))
}

/// A part of the bundle, or why it is not to be had: one that fails must not keep the others back.
fn part<T: Serialize, E: Coded>(bundle: &mut Bundle, name: &str, found: Result<T, E>) {
    match found {
        Ok(value) => bundle.json(name, &value),
        Err(error) => bundle.json(name, &BTreeMap::from([("error", error.code())])),
    }
}

async fn bundle(call: Call<Caller>) -> Result<Archive, ApiError> {
    let web = &call.web;
    let mut bundle = Bundle::default();
    bundle.json("about.json", &About::of(web));
    part(&mut bundle, "configuration.json", web.configuration.look().await);
    let checks = web.health.check().await;
    let checks: BTreeMap<_, _> =
        checks.into_iter().map(|check| (check.name, if check.ok { "ok" } else { "failed" })).collect();
    bundle.json("health.json", &checks);
    bundle.json("supervisor.json", &web.operator.parts());
    bundle.json("cache.json", &web.operator.remembered());
    part(&mut bundle, "log-levels.json", web.operator.log_levels());
    part(&mut bundle, "database.json", web.operator.counts().await);
    bundle.text("metrics.txt", &web.exposition().to_text());
    let packed = web.logs.read(move |reader| {
        bundle.logs(reader);
        Ok(bundle.into_zip())
    });
    let packed =
        packed.await?.map_err(|error| ApiError::new(ErrorCode::SystemInternal).because(error.to_string()))?;
    tracing::info!(user = %call.actor().user, bytes = packed.len(), "a diagnostics bundle is taken");
    Ok(Archive { name: "plexichat-diagnostics.zip", bytes: packed.into() })
}
