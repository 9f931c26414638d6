use std::time::Duration;

use sd_notify::NotifyState;

/// Tells the service manager (systemd) what state the server is in. Without one, all of it does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceNotice;

impl ServiceNotice {
    /// The server answers.
    pub fn ready(self) {
        Self::send(&[NotifyState::Ready]);
    }

    /// The server reads its configuration again; [`ServiceNotice::ready`] follows.
    pub fn reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => Self::send(&[NotifyState::Reloading, now]),
            Err(error) => tracing::debug!(%error, "no monotonic time for the service manager"),
        }
    }

    /// The server finishes and stops.
    pub fn stopping(self) {
        Self::send(&[NotifyState::Stopping]);
    }

    /// The server is alive.
    pub fn alive(self) {
        Self::send(&[NotifyState::Watchdog]);
    }

    /// How often to say that the server is alive: half of what the service manager allows; `None` when it does not ask.
    pub fn watchdog(self) -> Option<Duration> {
        sd_notify::watchdog_enabled().map(|every| every / 2)
    }

    fn send(states: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::warn!(%error, "the service manager could not be told");
        }
    }
}
