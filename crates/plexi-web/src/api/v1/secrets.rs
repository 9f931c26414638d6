//! The secrets of the server: where they are, and new ones. No answer holds one.

use http::Method;
use plexi_auth::{Caller, FormerKeys};
use plexi_core::Permission;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Found;
use crate::call::Call;
use crate::error::ApiError;
use crate::operations::Operation;
use crate::operator::{SecretFacts, SecretsReloaded};

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/admin/secrets", "secrets.list", "Where secrets are kept", list)
            .needs(Permission::SecretsManage),
        Operation::new(
            Method::POST,
            "/admin/secrets/{name}/rotate",
            "secrets.rotate",
            "Replace a secret that the server made",
            rotate,
        )
        .needs(Permission::SecretsManage),
        Operation::new(
            Method::POST,
            "/admin/secrets/reload",
            "secrets.reload",
            "Take up secrets that were changed where they are kept",
            reload,
        )
        .needs(Permission::SecretsManage),
    ]
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NamePath {
    /// `token.key`, or the key of the configuration.
    #[schemars(length(min = 1, max = 100))]
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Secrets {
    items: Vec<SecretFacts>,
}

async fn list(call: Call<Caller>) -> Result<Found<Secrets>, ApiError> {
    Ok(Found(Secrets { items: call.web.operator.secrets().await? }))
}

/// What becomes of what former secrets protect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RotateQuery {
    /// Whether it ends at once, because somebody else may have had a former secret. Otherwise it stays valid for its time.
    #[serde(default)]
    revoke_former: bool,
}

async fn rotate(call: Call<Caller, NamePath, RotateQuery>) -> Result<Found<SecretFacts>, ApiError> {
    let former = if call.query.revoke_former { FormerKeys::Revoked } else { FormerKeys::Kept };
    let facts = call.web.operator.rotate_secret(&call.path.name, former).await?;
    let (user, fingerprint) = (call.actor().user, &facts.fingerprint);
    tracing::warn!(%user, secret = %facts.name, %fingerprint, ?former, "secret rotated");
    Ok(Found(facts))
}

async fn reload(call: Call<Caller>) -> Result<Found<SecretsReloaded>, ApiError> {
    let done = call.web.operator.reload_secrets().await?;
    tracing::info!(user = %call.actor().user, changed = done.changed.join(" "), "secrets read again");
    Ok(Found(done))
}
