use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use plexi_cache::{Cache, CacheError};
use plexi_core::{Actor, ActorKind, ChannelId, Clock, Current, FieldError, IdSource, Timestamp, UserId};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use crate::access::AccessCache;
use crate::config::MessagingConfig;
use crate::error::{MessagingError, StoreError};
use crate::event::ChannelEvent;
use crate::hub::Hub;
use crate::pipeline::{StepTiming, Timings};
use crate::ports::{ChatStore, Directory, Screen};
use crate::roles::RoleCache;
use crate::sending::Job;

/// How often the loops of this crate say that they live when there is nothing to do.
pub const PULSE: Duration = Duration::from_secs(1);

/// The service: every operation takes the [`Actor`] first, and decides what it may do. Cheap to clone; all
/// clones are the same service.
#[derive(Clone)]
pub struct Messaging(pub(crate) Arc<Parts>);

/// What the service is made of.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn ChatStore>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) screens: Vec<Arc<dyn Screen>>,
    pub(crate) hub: Hub,
    pub(crate) ids: IdSource,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Current<MessagingConfig>,
    pub(crate) access: AccessCache,
    pub(crate) roles: RoleCache,
    pub(crate) timings: Timings,
    pub(crate) sends: mpsc::Sender<Job>,
    pub(crate) waiting_bytes: Arc<AtomicUsize>,
    receiver: Mutex<Option<mpsc::Receiver<Job>>>,
}

impl Messaging {
    /// The service on its collaborators. Sends wait until [`Messaging::run_sender`] runs. Screens are asked in order.
    pub fn new(
        store: Arc<dyn ChatStore>,
        directory: Arc<dyn Directory>,
        screens: Vec<Arc<dyn Screen>>,
        hub: Hub,
        ids: IdSource,
        clock: Arc<dyn Clock>,
        config: MessagingConfig,
    ) -> Self {
        let (sends, receiver) = mpsc::channel(usize::try_from(config.send_queue).unwrap_or(4_096).max(1));
        let timings = Timings::new(screens.iter().map(|screen| screen.name()));
        Self(Arc::new(Parts {
            store,
            directory,
            screens,
            hub,
            ids,
            clock,
            config: Current::new(config),
            access: AccessCache::default(),
            roles: RoleCache::default(),
            timings,
            sends,
            waiting_bytes: Arc::default(),
            receiver: Mutex::new(Some(receiver)),
        }))
    }

    /// Remembers decisions about access in `cache` from now on, and forgets them with every change that this service makes or is told
    /// of. Without it, every decision reads the store.
    pub fn remember_in(&self, cache: &Cache) -> Result<(), CacheError> {
        let ttl = Duration::from_secs(u64::from(self.0.config.get().access_ttl_seconds.max(1)));
        self.0.access.remember_in(cache, ttl)?;
        self.0.roles.remember_in(cache, ttl)
    }

    /// Takes over what may change while running: the longest message, how many bytes of sends may wait, how many are stored
    /// at once, and the limits of the hub. The rest takes effect at the next start.
    pub fn reconfigure(&self, config: MessagingConfig) {
        self.0.hub.reconfigure(&config.hub);
        self.0.config.set(config);
    }

    /// The hub that the service publishes to.
    pub fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// How long the steps of the pipeline took, since the start.
    pub fn step_timings(&self) -> Vec<StepTiming> {
        self.0.timings.read()
    }

    /// Stores what waits, many sends with one sync to disk, and repairs the order of events, until `stop`; then stores what waits
    /// still, and returns. `beat` is called at least every [`PULSE`] while all is well. Sends that come later wait for the next run, until
    /// [`Messaging::finish`]. One runs at a time: a second call waits for the first to end. When a run is dropped or panics, what it did not announce is
    /// brought from the store by the next.
    pub async fn run_sender(&self, stop: CancellationToken, beat: impl Fn() + Send) {
        let mut receiver = self.0.receiver.lock().await;
        let Some(receiver) = receiver.as_mut() else { return };
        let repair = self.run_repair();
        let sending = self.run_sends(receiver, stop, beat);
        futures_util::pin_mut!(repair, sending);
        // Repairing ends when the last send is stored.
        futures_util::future::select(sending, repair).await;
    }

    /// Refuses all further sends, also those that wait. To be called when the last run of the sender has ended.
    pub async fn finish(&self) {
        *self.0.receiver.lock().await = None;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A change of a channel and the announcement of its event. When the caller goes away in between, or the
    /// outcome is not known, the channel is marked stale, and the event is brought from the store.
    pub(crate) async fn change<T>(
        &self,
        channel: ChannelId,
        change: impl Future<Output = Result<T, StoreError>>,
        event: impl FnOnce(&T) -> Option<&ChannelEvent>,
    ) -> Result<T, MessagingError> {
        let mut doubt = Doubt { parts: &self.0, about: Some(About::Channel(channel)) };
        let result = change.await;
        match &result {
            Ok(done) => {
                if let Some(event) = event(done) {
                    self.0.hub.publish(event);
                }
                doubt.about = None;
            }
            Err(StoreError::Conflict(_) | StoreError::Missing(_)) => doubt.about = None,
            Err(_) => {}
        }
        Ok(result?)
    }

    /// As [`Messaging::change`], for a change of all of a user's channels. The caller announces the events.
    pub(crate) async fn change_user<T>(
        &self,
        user: UserId,
        change: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, MessagingError> {
        let mut doubt = Doubt { parts: &self.0, about: Some(About::User(user)) };
        let result = change.await;
        if result.is_ok() {
            doubt.about = None;
        }
        Ok(result?)
    }
}

/// A change whose outcome is not known, until it is.
struct Doubt<'a> {
    parts: &'a Parts,
    about: Option<About>,
}

enum About {
    Channel(ChannelId),
    User(UserId),
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        let Some(about) = &self.about else { return };
        self.parts.access.forget_all();
        match about {
            About::Channel(channel) => self.parts.hub.mark_stale(*channel),
            About::User(user) => self.parts.hub.mark_user_stale(*user),
        }
    }
}

/// The user behind an actor, for what only users have; the server itself has none.
pub(crate) fn account(actor: &Actor) -> Result<UserId, MessagingError> {
    match actor.kind {
        ActorKind::User => Ok(actor.user),
        ActorKind::System => Err(invalid("user_id", "the server itself has no account")),
    }
}

pub(crate) fn invalid(field: &str, problem: impl Into<String>) -> MessagingError {
    MessagingError::Invalid(vec![FieldError::new(field, problem)])
}

impl std::fmt::Debug for Messaging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messaging").field("hub", &self.0.hub).finish_non_exhaustive()
    }
}
