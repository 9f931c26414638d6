use std::sync::Arc;
use std::time::Duration;

use plexi_auth::Auth;
use plexi_core::Clock;
use plexi_db::Database;
use tokio_util::sync::CancellationToken;

use crate::supervision::Beat;

/// How often what is out of date is forgotten.
const ROUND: Duration = Duration::from_mins(10);
/// How long what is deleted may stay in the write-ahead log.
const SWEEP: Duration = Duration::from_secs(10);

/// Removes sessions that have run out.
pub(crate) async fn forget_sessions(auth: Auth, stop: CancellationToken, beat: Beat) {
    while pause(ROUND, &stop, &beat).await {
        match auth.purge_sessions().await {
            Ok(0) => {}
            Ok(purged) => tracing::debug!(purged, "sessions purged"),
            Err(error) => tracing::warn!(%error, "sessions not purged"),
        }
    }
}

/// Removes answers to repeated requests after their day.
pub(crate) async fn forget_answers(
    database: Database,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    beat: Beat,
) {
    while pause(ROUND, &stop, &beat).await {
        match database.idempotency_purge(clock.now()).await {
            Ok(0) => {}
            Ok(purged) => tracing::debug!(purged, "kept answers purged"),
            Err(error) => tracing::warn!(%error, "kept answers not purged"),
        }
    }
}

/// Sweeps out what is left of deleted texts.
pub(crate) async fn sweep_deleted(database: Database, stop: CancellationToken, beat: Beat) {
    loop {
        match database.sweep().await {
            Ok(true) => {}
            Ok(false) => tracing::debug!("write-ahead log in use, swept later"),
            Err(error) => tracing::warn!(%error, "deleted texts not swept out"),
        }
        if !pause(SWEEP, &stop, &beat).await {
            return;
        }
    }
}

/// Waits for the next round; false when the server stops.
async fn pause(time: Duration, stop: &CancellationToken, beat: &Beat) -> bool {
    beat.beat();
    tokio::select! {
        () = tokio::time::sleep(time) => {
            // the round has all the time it may take before it, whatever the pause took
            beat.beat();
            true
        }
        () = stop.cancelled() => false,
    }
}
