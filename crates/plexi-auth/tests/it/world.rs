use std::sync::Arc;
use std::time::Duration;

use plexi_auth::memory::MemoryStore;
use plexi_auth::ports::AccountStore as _;
use plexi_auth::{Auth, AuthConfig, Caller, NewPerson, SignedIn, TokenKeys, Transport};
use plexi_cache::{Cache, CacheConfig};
use plexi_core::{Actor, IdSource, ManualClock, Secret, SeededEntropy, SpaceId, Timestamp, UserId};

pub const PASSWORD: &str = "plum tree by the old canal";
pub const OTHER_PASSWORD: &str = "seven quiet otters play chess";
pub const DAY: Duration = Duration::from_hours(24);
pub const MINUTE: Duration = Duration::from_mins(1);

/// A server's identity with an administrator named `root`.
pub struct World {
    pub auth: Auth,
    pub store: Arc<MemoryStore>,
    pub clock: Arc<ManualClock>,
    pub ids: IdSource,
}

impl World {
    /// Before the first start.
    pub fn empty() -> Self {
        Self::on(Arc::new(MemoryStore::new()), AuthConfig::quick())
    }

    pub fn on(store: Arc<MemoryStore>, config: AuthConfig) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
        let entropy = Arc::new(SeededEntropy::new(store.operations() + 1));
        let ids = IdSource::new(clock.clone(), entropy.clone());
        let keys = TokenKeys::generate(&*entropy).unwrap();
        let auth = Auth::new(store.clone(), keys, ids.clone(), clock.clone(), entropy, config).unwrap();
        let cache = Cache::ephemeral(CacheConfig::default(), clock.clone(), &SeededEntropy::new(2)).unwrap();
        auth.remember_in(&cache).unwrap();
        Self { auth, store, clock, ids }
    }

    pub async fn new() -> Self {
        let world = Self::empty();
        let token = world.auth.prepare().await.unwrap().unwrap();
        world.auth.set_up(token.expose(), person("root"), Transport::Token, None).await.unwrap();
        world
    }

    /// Makes an account with a system role.
    pub async fn add(&self, name: &str, role: &str) -> UserId {
        self.auth.create_user(&Actor::system(), person(name), Some(role)).await.unwrap().id
    }

    pub async fn sign_in(&self, name: &str, transport: Transport) -> SignedIn {
        let device = Some(format!("{name}'s device"));
        self.auth.sign_in(name, secret(PASSWORD), transport, device, None).await.unwrap()
    }

    /// Signs in by cookie and is known by it.
    pub async fn caller(&self, name: &str) -> (Caller, Secret<String>) {
        let cookie = self.sign_in(name, Transport::Cookie).await.cookie.unwrap();
        (self.auth.authenticate_cookie(cookie.expose()).await.unwrap(), cookie)
    }

    pub async fn actor(&self, name: &str) -> Actor {
        self.caller(name).await.0.actor
    }

    pub fn space(&self) -> SpaceId {
        self.ids.next().unwrap()
    }

    pub async fn hash_of(&self, user: UserId) -> String {
        self.store.password_hash(user).await.unwrap().unwrap()
    }
}

pub fn person(name: &str) -> NewPerson {
    NewPerson { name: name.to_owned(), display_name: name.to_owned(), password: secret(PASSWORD) }
}

pub fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}
