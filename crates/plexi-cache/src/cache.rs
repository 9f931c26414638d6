use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use plexi_core::{Clock, Entropy};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::{BusError, Invalid, Invalidation, InvalidationBus, Listener};
use crate::config::CacheConfig;
use crate::error::CacheError;
use crate::keys::{KeySource, Keyring};
use crate::message::Messages;
use crate::namespace::NamespaceBuilder;
use crate::remote::{Remote, Tier};
use crate::seal::Sealer;
use crate::stats::NamespaceStats;

/// Most values that are read anew in the background at a time; others stay stale a little longer.
const MOST_BACKGROUND: usize = 256;
/// How long the remote store may take to answer when nothing else is said.
const USUAL_DEADLINE: Duration = Duration::from_millis(50);

/// What a cache is made from.
pub struct CacheParts {
    /// Its settings.
    pub config: CacheConfig,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Where values get their keys from.
    pub keys: Arc<dyn KeySource>,
    /// How other nodes are told what to forget, and tell.
    pub bus: Option<Arc<dyn InvalidationBus>>,
    /// The store that nodes share.
    pub remote: Option<Arc<dyn Remote>>,
    /// How long that store may take to answer; what takes longer is not there.
    pub remote_deadline: Duration,
}

impl CacheParts {
    /// A cache of this process alone.
    pub fn local(config: CacheConfig, clock: Arc<dyn Clock>, keys: Arc<dyn KeySource>) -> Self {
        Self { config, clock, keys, bus: None, remote: None, remote_deadline: USUAL_DEADLINE }
    }
}

/// A cache: the namespaces of a process, and what they share. Cheap to clone; all clones are the same cache. It lives as long as
/// one of them or of its namespaces.
#[derive(Clone)]
pub struct Cache(Arc<Shared>);

/// What namespaces share.
pub(crate) struct Shared {
    /// Who tells, on the bus.
    pub id: u64,
    pub sealer: Arc<Sealer>,
    pub bus: Option<Arc<dyn InvalidationBus>>,
    pub tier: Option<Arc<Tier>>,
    config: CacheConfig,
    clock: Arc<dyn Clock>,
    rooms: RwLock<Vec<Rented>>,
    messages: Messages,
    /// Counts messages of the bus that are none.
    nonsense: AtomicU64,
    /// Whether the last message did not get out.
    unheard: AtomicBool,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// A namespace for as long as it lives, with its share in per cent.
struct Rented {
    name: String,
    share: u8,
    room: Weak<dyn Room>,
}

/// A namespace, whatever its types.
#[async_trait]
pub(crate) trait Room: Send + Sync {
    fn name(&self) -> &str;
    fn stats(&self) -> NamespaceStats;
    fn heard(&self, what: &Invalid, unstored: bool);
    fn lost(self: Arc<Self>);
    async fn renew(&self);
}

impl Cache {
    /// A cache without namespaces.
    pub fn new(parts: CacheParts, entropy: &dyn Entropy) -> Result<Self, CacheError> {
        let mut id = [0; 8];
        entropy.fill(&mut id)?;
        let tier = parts
            .remote
            .map(|remote| Arc::new(Tier::new(remote, Arc::clone(&parts.clock), parts.remote_deadline)));
        let messages = Messages::new(&*parts.keys, entropy)?;
        let shared = Arc::new(Shared {
            id: u64::from_be_bytes(id),
            sealer: Arc::new(Sealer::new(parts.keys, entropy)?),
            messages,
            nonsense: AtomicU64::new(0),
            unheard: AtomicBool::new(false),
            bus: parts.bus,
            tier,
            config: parts.config,
            clock: parts.clock,
            rooms: RwLock::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        if let Some(bus) = &shared.bus {
            let listener: Arc<dyn Listener> = shared.clone();
            bus.attach(Arc::downgrade(&listener));
        }
        Ok(Self(shared))
    }

    /// A cache of this process alone, with keys that nobody else has and that end with it.
    pub fn ephemeral(
        config: CacheConfig,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Self, CacheError> {
        let keys = Arc::new(Keyring::ephemeral(entropy)?);
        Self::new(CacheParts::local(config, clock, keys), entropy)
    }

    /// Describes a new namespace of this cache.
    pub fn namespace(&self, name: &str) -> NamespaceBuilder<'_> {
        NamespaceBuilder::new(self, name)
    }

    /// The settings.
    pub fn config(&self) -> &CacheConfig {
        &self.0.config
    }

    /// What each namespace did and holds, by name.
    pub fn stats(&self) -> Vec<NamespaceStats> {
        let mut stats: Vec<_> = self.0.rooms().iter().map(|room| room.stats()).collect();
        stats.sort_by(|one, other| one.name.cmp(&other.name));
        stats
    }

    /// Forgets everything, here and on all nodes.
    pub async fn flush(&self) {
        for room in self.0.rooms() {
            room.renew().await;
        }
    }

    /// Forgets all of one namespace, here and on all nodes; false when there is none of this name.
    pub async fn flush_namespace(&self, name: &str) -> bool {
        let room = self.0.rooms().into_iter().find(|room| room.name() == name);
        match room {
            Some(room) => {
                room.renew().await;
                true
            }
            None => false,
        }
    }

    /// Ends what is read in the background.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    /// Takes up a namespace with its share.
    pub(crate) fn add<R: Room + 'static>(&self, share: u8, room: &Arc<R>) -> Result<(), CacheError> {
        let mut rooms = self.0.rooms.write().unwrap_or_else(PoisonError::into_inner);
        rooms.retain(|known| known.room.strong_count() > 0);
        let name = room.name().to_owned();
        if rooms.iter().any(|known| known.name == name) {
            return Err(CacheError::Twice(name));
        }
        let left = rooms.iter().fold(100_u8, |left, known| left.saturating_sub(known.share));
        if share > left {
            return Err(CacheError::NoRoom { name, wanted: share, left });
        }
        let room: Arc<dyn Room> = room.clone();
        rooms.push(Rented { name, share, room: Arc::downgrade(&room) });
        Ok(())
    }
}

impl Shared {
    fn rooms(&self) -> Vec<Arc<dyn Room>> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.iter().filter_map(|known| known.room.upgrade()).collect()
    }
}

impl Listener for Shared {
    fn heard(&self, message: &[u8]) {
        let opened = self.messages.open(message);
        let Some(invalidation) = opened.and_then(|bytes| postcard::from_bytes::<Invalidation>(&bytes).ok())
        else {
            let count = self.nonsense.fetch_add(1, Ordering::Relaxed) + 1;
            // Whoever can write to the bus must not be able to fill the log.
            if count.is_power_of_two() {
                tracing::warn!(security = true, count, "heard nonsense on the bus of invalidations");
            }
            // It may have been one, from another version of this program.
            self.lost();
            return;
        };
        if invalidation.from == self.id {
            return;
        }
        if let Some(room) = self.rooms().iter().find(|room| room.name() == invalidation.namespace) {
            room.heard(&invalidation.what, invalidation.unstored);
        }
    }

    fn lost(&self) {
        self.rooms().into_iter().for_each(Room::lost);
    }
}

impl Shared {
    /// The present, in microseconds.
    pub fn now(&self) -> i64 {
        self.clock.now().as_micros()
    }

    /// Tells the other nodes, if there are any.
    pub async fn publish(&self, invalidation: &Invalidation) {
        let Some(bus) = &self.bus else { return };
        let told = match postcard::to_allocvec(invalidation).ok().and_then(|plain| self.messages.seal(plain))
        {
            Some(message) => bus.publish(&message).await,
            None => Err(BusError("it cannot be sealed".to_owned())),
        };
        match told {
            Ok(()) if self.unheard.swap(false, Ordering::Relaxed) => {
                tracing::info!("other nodes are told what to forget again");
            }
            Ok(()) => {}
            Err(error) if self.unheard.swap(true, Ordering::Relaxed) => {
                tracing::debug!(namespace = invalidation.namespace, %error, "other nodes were not told what to forget");
            }
            Err(error) => {
                tracing::warn!(namespace = invalidation.namespace, %error, "other nodes are not told what to forget");
            }
        }
    }

    /// Does something while nobody waits, until the cache closes; not at all when too much is done so already.
    pub fn background(&self, what: impl Future<Output = ()> + Send + 'static) {
        if self.tasks.len() >= MOST_BACKGROUND || self.tasks.is_closed() {
            return;
        }
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(what).await;
        });
    }
}
