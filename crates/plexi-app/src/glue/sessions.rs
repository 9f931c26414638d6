use std::sync::Arc;
use std::time::Duration;

use plexi_auth::Auth;
use plexi_core::Clock;
use plexi_db::Database;
use plexi_messaging::{EndedSessions, Hub};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// How often what is out of date is forgotten.
const ROUND: Duration = Duration::from_secs(600);

/// Closes the connections of sessions that have ended.
pub(crate) async fn hang_up(auth: Auth, hub: Hub, stop: CancellationToken) {
    let mut ended = auth.ended();
    loop {
        let news = tokio::select! {
            news = ended.recv() => news,
            () = stop.cancelled() => return,
        };
        match news {
            Ok(ended) => hub.session_ended(ended.user, &which(ended.which)),
            Err(RecvError::Lagged(missed)) => {
                // whose sessions ended is not known any more: everybody connects again and proves it
                tracing::warn!(missed, "ended sessions were missed, closing all connections");
                hub.shutdown();
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn which(ended: plexi_auth::Ended) -> EndedSessions {
    match ended {
        plexi_auth::Ended::All => EndedSessions::All,
        plexi_auth::Ended::Sessions(sessions) => EndedSessions::Some(sessions),
    }
}

/// Removes sessions that have run out.
pub(crate) async fn forget_sessions(auth: Auth, stop: CancellationToken) {
    while pause(&stop).await {
        match auth.purge_sessions().await {
            Ok(0) => {}
            Ok(purged) => tracing::debug!(purged, "sessions purged"),
            Err(error) => tracing::warn!(%error, "sessions not purged"),
        }
    }
}

/// Removes answers to repeated requests after their day.
pub(crate) async fn forget_answers(database: Database, clock: Arc<dyn Clock>, stop: CancellationToken) {
    while pause(&stop).await {
        let before = clock.now().minus(plexi_web::idempotency::KEPT_FOR);
        match database.idempotency_purge(before).await {
            Ok(0) => {}
            Ok(purged) => tracing::debug!(purged, "kept answers purged"),
            Err(error) => tracing::warn!(%error, "kept answers not purged"),
        }
    }
}

/// Waits for the next round; false when the server stops.
async fn pause(stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(ROUND) => true,
        () = stop.cancelled() => false,
    }
}
