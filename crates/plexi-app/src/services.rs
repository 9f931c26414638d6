use std::path::PathBuf;
use std::sync::Arc;

use plexi_auth::model::User;
use plexi_auth::ports::{Account, AccountStore as _};
use plexi_auth::{Auth, NewPerson, SetupToken, TokenKeys};
use plexi_cache::Cache;
use plexi_core::{Actor, Clock, Entropy, IdSource, Secret, SystemClock, SystemEntropy};
use plexi_core_log::DataDirs;
use plexi_db::Database;
use plexi_messaging::ports::TransferStore;
use plexi_messaging::{Hub, Messaging};

use crate::data_lock::DataLock;
use crate::error::AppError;
use crate::settings::Settings;
use crate::supervision::{self, Rules, Running};

/// Where time and chance come from.
#[derive(Clone)]
pub struct Ambient {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What goes wrong in tests.
    #[cfg(feature = "test-util")]
    pub faults: crate::supervision::Faults,
}

impl Default for Ambient {
    /// The machine's own.
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy::new()),
            #[cfg(feature = "test-util")]
            faults: crate::supervision::Faults::default(),
        }
    }
}

/// The services on one data folder, without any address: what the command line works with, and what a server serves.
pub struct Services {
    /// Who somebody is.
    pub auth: Auth,
    /// Spaces, channels, messages, real time.
    pub messaging: Messaging,
    /// The hub that messages reach connections through.
    pub hub: Hub,
    /// What was read a moment ago.
    pub cache: Cache,
    /// All stores.
    pub database: Database,
    /// The folders of this server.
    pub dirs: DataDirs,
    /// Where time and chance come from.
    pub ambient: Ambient,
    /// The token to set the server up with; `None` when it has an administrator.
    pub setup_token: Option<SetupToken>,
    /// The address of the database that was opened, when one is configured.
    pub(crate) database_url: Option<Secret<String>>,
    /// What runs when no server runs it.
    running: Option<Running>,
    pub(crate) lock: DataLock,
}

impl Services {
    /// Opens the services on the data folder of `settings`, which nobody else may hold. `program` is what others are told
    /// who holds it.
    pub async fn open(settings: &Settings, program: &str) -> Result<Self, AppError> {
        let mut services = Self::open_idle(settings, program, Ambient::default()).await?;
        let rules = Rules::new(settings.supervisor.clone(), &services.ambient);
        services.running = Some(Running::start(supervision::core(&rules, &services), &services.ambient)?);
        Ok(services)
    }

    /// Whether the data folder of `settings` was a workspace's before; [`Services::open`] makes one where there is none.
    pub fn exist(settings: &Settings) -> bool {
        key_file(&DataDirs::at(&settings.server.data_dir)).exists()
    }

    /// As [`Services::open`], with time and chance given. Whoever calls it runs [`supervision::core`].
    pub(crate) async fn open_idle(
        settings: &Settings,
        program: &str,
        ambient: Ambient,
    ) -> Result<Self, AppError> {
        let dirs = DataDirs::create(&settings.server.data_dir)?;
        let lock = DataLock::take(dirs.root(), &format!("{program} (process {})", std::process::id()))?;
        let keys = TokenKeys::load_or_create(&key_file(&dirs), &*ambient.entropy)?;
        let opening = settings.database.open()?;
        let database = Database::connect(&opening, dirs.root()).await?;
        let database_url = settings.database.url.as_ref().map(|_| opening.url);
        let (clock, entropy) = (Arc::clone(&ambient.clock), Arc::clone(&ambient.entropy));
        let ids = IdSource::new(Arc::clone(&clock), Arc::clone(&entropy));
        let stores = Arc::new(database.clone());
        let auth =
            Auth::new(stores.clone(), keys, ids.clone(), clock.clone(), entropy, settings.auth.clone())?;
        let cache = Cache::ephemeral(settings.cache.clone(), Arc::clone(&clock), &*ambient.entropy)?;
        auth.remember_in(&cache)?;
        let setup_token = auth.prepare().await?;
        let hub = Hub::new(&settings.messaging.hub);
        let config = settings.messaging.clone();
        let screens = Vec::new();
        let messaging = Messaging::new(stores.clone(), stores, screens, hub.clone(), ids, clock, config);
        messaging.remember_in(&cache)?;
        let running = None;
        Ok(Self {
            auth,
            messaging,
            hub,
            cache,
            database,
            dirs,
            ambient,
            setup_token,
            database_url,
            running,
            lock,
        })
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        key_file(&self.dirs)
    }

    /// Whole workspaces in and out. Whoever uses it asks first whether the actor may.
    pub fn transfer(&self) -> &dyn TransferStore {
        &self.database
    }

    /// An account by its name in any case, for the operator.
    pub async fn account_by_name(&self, name: &str) -> Result<Option<Account>, AppError> {
        let found =
            self.database.account_by_name(&name.to_lowercase()).await.map_err(plexi_auth::AuthError::from)?;
        Ok(found.map(|(account, _)| account))
    }

    /// Whether [`Services::set_up`] has something to make: the first administrator, or the first space after it failed.
    pub async fn can_be_set_up(&self) -> Result<bool, AppError> {
        let open = self.auth.setup_open().await?;
        Ok(open || self.has_no_space().await?)
    }

    pub(crate) async fn has_no_space(&self) -> Result<bool, AppError> {
        Ok(self.messaging.spaces(&Actor::system(), None, 1).await?.items.is_empty())
    }

    /// Makes the first administrator, the first space and its channel `general`, for the operator at the console.
    pub async fn set_up(&self, person: NewPerson, space: &str) -> Result<User, AppError> {
        crate::setup::set_up(self, person, space).await
    }

    /// Finishes: stores what was accepted, closes the database, frees the data folder.
    pub async fn close(self) {
        if let Some(running) = self.running {
            running.stop().await;
        }
        self.messaging.finish().await;
        self.database.close().await;
        drop(self.lock);
    }
}

fn key_file(dirs: &DataDirs) -> PathBuf {
    dirs.keys().join("token.key")
}
