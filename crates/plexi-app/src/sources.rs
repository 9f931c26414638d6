use std::path::PathBuf;
use std::sync::Arc;

use plexi_config::{History, Loaded, Reloader, Sources, from_process_env, load};
use plexi_core::SystemClock;

use crate::data_lock::DataLock;
use crate::error::AppError;
use crate::settings::Settings;

/// The configuration file that is read when none is named.
pub const DEFAULT_FILE: &str = "config/plexichat.toml";

/// Variables that begin with `PLEXICHAT_` and set no key: they belong to the command line and to the tests.
const RESERVED: [&str; 3] = ["PLEXICHAT_URL", "PLEXICHAT_TOKEN", "PLEXICHAT_CREDENTIALS"];

/// The folder of the configurations that were applied, in the data folder.
pub const HISTORY: &str = "config-history";

/// What the command line of a program says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct SettingsArgs {
    /// The configuration file; [`DEFAULT_FILE`], if it is there, when none is named.
    pub config: Option<PathBuf>,
    /// The environment profile, whose file beside the configuration file is read too.
    pub profile: Option<String>,
    /// `KEY=VALUE` pairs, stronger than everything else.
    pub set: Vec<String>,
}

impl SettingsArgs {
    /// All layers: defaults, file, profile, variables of the process, pairs.
    pub fn sources(&self) -> Sources {
        let sources = match &self.config {
            Some(path) => Sources::new().file(path),
            None => Sources::new().file_if_present(DEFAULT_FILE),
        };
        let sources = match &self.profile {
            Some(profile) => sources.profile(profile),
            None => sources,
        };
        sources.environment(from_process_env()).reserve(RESERVED).flags(self.set.iter().cloned())
    }

    /// Reads and checks all layers, keeps them in the history of the data folder, and can read them again later.
    pub fn start(&self) -> Result<Arc<Reloader<Settings>>, AppError> {
        let sources = self.sources();
        let loaded = load::<Settings>(&sources)?;
        let root = &loaded.settings.server.data_dir;
        if let Some(by) = DataLock::peek(root)? {
            // before anything in it is touched
            return Err(AppError::FolderInUse { folder: root.clone(), by });
        }
        let history = History::open(root.join(HISTORY))?;
        Ok(Arc::new(Reloader::start(sources, Some(history), Arc::new(SystemClock))?))
    }

    /// Reads and checks all layers.
    pub fn load(&self) -> Result<Loaded<Settings>, AppError> {
        Ok(load::<Settings>(&self.sources())?)
    }
}
