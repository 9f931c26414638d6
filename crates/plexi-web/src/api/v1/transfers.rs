//! Whole workspaces in and out: begin, bring the file piece by piece, watch, take the archive piece by piece. A piece that was
//! lost on the way is sent again.

use http::Method;
use plexi_auth::Caller;
use plexi_core::{ErrorCode, Permission};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Created, Done, Found, Octets};
use crate::call::{Call, Nothing};
use crate::error::ApiError;
use crate::operations::Operation;
use crate::transfers::{CHUNK, Transfer, TransferWish};

pub(crate) fn operations() -> Vec<Operation> {
    let (all, one) = ("/admin/transfers", "/admin/transfers/{transfer_id}");
    let content = "/admin/transfers/{transfer_id}/content";
    [
        Operation::new(Method::GET, all, "transfers.list", "The transfer of now or the last one", list),
        Operation::new(Method::POST, all, "transfers.begin", "Begin an import or an export", begin).creates(),
        Operation::new(Method::GET, one, "transfers.get", "How far a transfer is, and its report", get),
        Operation::new(Method::DELETE, one, "transfers.cancel", "Stop it and throw its file away", cancel),
        Operation::new(Method::PUT, content, "transfers.upload", "Bring a piece of the file", upload)
            .takes_octets(CHUNK),
        Operation::new(Method::GET, content, "transfers.download", "Take a piece of the archive", download)
            // an archive is read when it is whole
            .refuses(&[409]),
    ]
    .into_iter()
    .map(|operation| operation.needs(Permission::TransferManage))
    .collect()
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TransferPath {
    /// The id of a transfer.
    #[schemars(length(min = 1, max = 64))]
    transfer_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Piece {
    /// Where the piece begins, in bytes.
    #[serde(default)]
    offset: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TransferList")]
struct Listed {
    items: Vec<Transfer>,
}

async fn list(call: Call<Caller>) -> Result<Found<Listed>, ApiError> {
    Ok(Found(Listed { items: call.web.transfers.current().into_iter().collect() }))
}

async fn begin(call: Call<Caller, Nothing, Nothing, TransferWish>) -> Result<Created<Transfer>, ApiError> {
    let user = call.actor().user;
    let begun = call.web.transfers.begin(call.body).await?;
    let Transfer { id, kind, dry_run, restore, .. } = &begun;
    tracing::warn!(%user, transfer = %id, ?kind, dry_run, restore, "transfer begun");
    Ok(Created(begun))
}

async fn get(call: Call<Caller, TransferPath>) -> Result<Found<Transfer>, ApiError> {
    let found = call.web.transfers.current().filter(|transfer| transfer.id == call.path.transfer_id);
    Ok(Found(found.ok_or_else(|| ApiError::new(ErrorCode::ValidationNotFound))?))
}

async fn cancel(call: Call<Caller, TransferPath>) -> Result<Done, ApiError> {
    call.web.transfers.cancel(&call.path.transfer_id).await?;
    tracing::info!(user = %call.actor().user, transfer = %call.path.transfer_id, "transfer thrown away");
    Ok(Done)
}

async fn upload(call: Call<Caller, TransferPath, Piece>) -> Result<Found<Transfer>, ApiError> {
    let (id, offset) = (&call.path.transfer_id, call.query.offset);
    Ok(Found(call.web.transfers.receive(id, offset, call.octets).await?))
}

async fn download(call: Call<Caller, TransferPath, Piece>) -> Result<Octets, ApiError> {
    Ok(Octets(call.web.transfers.read(&call.path.transfer_id, call.query.offset).await?))
}
