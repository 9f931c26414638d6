//! Ends the sockets of sessions that end.

use plexi_auth::{Auth, Ended};
use plexi_messaging::{EndedSessions, Hub};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// Tells the hub of every session that ends, until `stop`: its sockets are closed within milliseconds. To be spawned
/// once. When notices were missed the sockets' own periodic check finds the ended sessions.
pub async fn watch_sessions(auth: Auth, hub: Hub, stop: CancellationToken) {
    let mut ended = auth.ended();
    loop {
        let notice = tokio::select! {
            () = stop.cancelled() => return,
            notice = ended.recv() => notice,
        };
        match notice {
            Ok(notice) => {
                let which = match notice.which {
                    Ended::All => EndedSessions::All,
                    Ended::Sessions(ids) => EndedSessions::Some(ids),
                };
                hub.session_ended(notice.user, &which);
            }
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "notices of ended sessions missed"),
            Err(RecvError::Closed) => return,
        }
    }
}
