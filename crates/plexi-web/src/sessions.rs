//! What identity tells of its own accord, brought to the sockets: sessions that end, profiles that change.

use plexi_auth::model::User;
use plexi_auth::{Auth, Ended, SessionsEnded};
use plexi_messaging::{EndedSessions, Hub, OutFrame, PULSE};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// The frame that tells of a changed profile.
#[derive(Serialize)]
#[serde(tag = "type", rename = "user")]
struct UserFrame<'a> {
    user: &'a User,
}

/// Closes the sockets of sessions that end, within milliseconds, and tells the sockets of those who see the account of a changed profile, until `stop`.
/// One is to run at a time, and `beat` is called at least every [`PULSE`] while it is well. When notices were missed, also between two runs, the sockets' own
/// periodic check finds the ended sessions.
pub async fn watch_sessions(auth: Auth, hub: Hub, stop: CancellationToken, beat: impl Fn() + Send) {
    let (mut ended, mut changed) = (auth.ended(), auth.changed());
    let mut pulse = tokio::time::interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = pulse.tick() => beat(),
            notice = ended.recv() => match notice {
                Ok(notice) => end(&hub, notice),
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "notices of ended sessions missed"),
                Err(RecvError::Closed) => return,
            },
            notice = changed.recv() => match notice {
                Ok(notice) => {
                    if notice.rights {
                        hub.rights_changed(notice.user.id);
                    }
                    tell(&auth, &hub, &notice.user).await;
                }
                Err(RecvError::Lagged(missed)) => tracing::debug!(missed, "notices of changed accounts missed"),
                Err(RecvError::Closed) => return,
            },
        }
    }
}

fn end(hub: &Hub, notice: SessionsEnded) {
    let which = match notice.which {
        Ended::All => EndedSessions::All,
        Ended::Sessions(ids) => EndedSessions::Some(ids),
    };
    hub.session_ended(notice.user, &which);
}

/// Tells those for whom the account exists.
async fn tell(auth: &Auth, hub: &Hub, user: &User) {
    let Some(frame) = OutFrame::encode(&UserFrame { user }) else { return };
    let frame = frame.droppable();
    let others = hub.broadcast(&frame);
    match auth.acquaintances(user.id, &others).await {
        Ok(known) => known.into_iter().for_each(|other| hub.to_user(other, &frame, None)),
        Err(error) => tracing::debug!(%error, "a changed profile was not told to everybody who knows it"),
    }
}
