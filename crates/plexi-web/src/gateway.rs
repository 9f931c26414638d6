//! The WebSocket: `GET /api/v1/ws`. Frames are those of `docs/API.md`; the handshake passes the stack like any request,
//! each frame uses the services again, and is asked again of what its holder added to the token of the connection.

mod admission;
mod close;
mod connection;
mod frames;
mod lanes;
mod requests;

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;
use plexi_auth::Purpose;
use plexi_core::ErrorCode;
use tokio::sync::oneshot;

pub(crate) use admission::Admission;

use connection::Arrival;

use crate::address::ClientAddress;
use crate::error::ApiError;
use crate::stack::authentication::{self, Proof};
use crate::stack::{observe, origin};
use crate::state::WebState;

/// How longer events are compressed for who asks for it, by the name that browsers' `DecompressionStream` has for it.
const PACKING: &str = "deflate-raw";
/// Connecting, and hearing what the connection brings by itself.
const CONNECT: Purpose = Purpose::read("ws.connect");
/// The longest frame in either direction of the handshake's side, in bytes.
const MAX_FRAME: usize = 256 * 1024;
/// What a socket reads at once; its buffer grows only for longer frames.
const READ_BUFFER: usize = 4 * 1024;
/// Written frames are gathered up to this many bytes before the system is called.
const WRITE_BUFFER: usize = 16 * 1024;
/// The longest frame that can be written: the largest answer, and what is gathered before it.
const MAX_WRITE_BUFFER: usize = 16 * 1024 * 1024;

/// `GET /api/v1/ws`
pub(crate) async fn upgrade(State(web): State<WebState>, request: Request) -> Result<Response, ApiError> {
    let correlation = observe::correlation(&web, &request);
    let address = request.extensions().get::<ClientAddress>().copied().unwrap_or_default();
    let (mut parts, _) = request.into_parts();
    let asked = origin::authority(&parts);
    let packs = web.config().compress_events && asks_for_packed(parts.uri.query());
    let own_page = origin::is_own(&web.config(), &parts.headers, asked.as_deref());
    let by_page = parts.headers.contains_key(http::header::ORIGIN);
    let proof = authentication::proof(&parts.headers);
    // A page of another site may not even knock; by the cookie only the own pages come in.
    if !own_page && (by_page || matches!(proof, Some(Proof::Cookie(_)))) {
        return Err(ApiError::new(ErrorCode::SecurityOriginRefused));
    }
    let by_cookie = matches!(proof, Some(Proof::Cookie(_)));
    let caller = match proof {
        None => Ok(None),
        proof => authentication::caller(&web, proof, CONNECT).await.map(|caller| Some(Arc::new(caller))),
    };
    let caller = match caller {
        // No page can read the answer to a handshake; what ends the connection it can.
        Err(error) if by_cookie && error.status().as_u16() == 401 => Err(error),
        caller => Ok(caller?),
    };
    let socket = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.map_err(|rejection| {
        ApiError::new(ErrorCode::ValidationMalformed)
            .field("upgrade", "must be a WebSocket handshake of version 13")
            .because(rejection.to_string())
    })?;
    if web.stop.is_cancelled() {
        return Err(ApiError::new(ErrorCode::NetworkShuttingDown).after(5));
    }
    let user = caller.iter().flatten().map(|caller| caller.actor.user).next();
    let place = Admission::enter(&web.admission, address.client, user)?;
    let socket = socket
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_failed_upgrade(|error| tracing::debug!(%error, "web socket handshake not completed"));
    let arrival = Arrival { caller, place, correlation, packs };
    let (upgraded, socket_comes) = oneshot::channel();
    // The task is there before the upgrade is through, so that a server that stops waits for it.
    web.sockets.clone().spawn(async move {
        if let Ok(socket) = socket_comes.await {
            connection::serve(web, socket, arrival).await;
        }
    });
    Ok(socket.on_upgrade(move |socket| async move {
        let _ = upgraded.send(socket);
    }))
}

/// Anything else that is asked for is not known here: the client sees at the hello that it gets text.
fn asks_for_packed(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair.strip_prefix("compress=") == Some(PACKING)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_here_is_packed() {
        for query in ["compress=deflate-raw", "a=b&compress=deflate-raw"] {
            assert!(asks_for_packed(Some(query)), "{query}");
        }
        for query in
            ["", "compress", "compress=", "compress=br", "compress=deflate-rawer", "xcompress=deflate-raw"]
        {
            assert!(!asks_for_packed(Some(query)), "{query}");
        }
        assert!(!asks_for_packed(None));
    }
}
