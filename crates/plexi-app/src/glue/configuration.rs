use std::sync::Weak;

use async_trait::async_trait;
use plexi_config::{ConfigError, Edited, Editor, Edits, History, Reloader, Version};
use plexi_web::{Applied, Compared, Configuration, Configured, OperatorError};

use crate::settings::Settings;

/// The configuration that this server runs with, for those who signed in. It is held by the server, which this is a part of.
pub(crate) struct HeldConfiguration(pub(crate) Weak<Reloader<Settings>>);

impl HeldConfiguration {
    /// Does what reads and writes files, off the threads that serve.
    async fn with<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Reloader<Settings>) -> Result<R, ConfigError> + Send + 'static,
    ) -> Result<R, OperatorError> {
        let failed = |because: &str| OperatorError::Failed(because.to_owned());
        let reloader = self.0.upgrade().ok_or_else(|| failed("the server is ending"))?;
        let done = tokio::task::spawn_blocking(move || work(&reloader)).await;
        Ok(done.map_err(|error| failed(&error.to_string()))??)
    }
}

#[async_trait]
impl Configuration for HeldConfiguration {
    async fn look(&self) -> Result<Configured, OperatorError> {
        let look = |reloader: &Reloader<Settings>| {
            let (version, items) = reloader.facts(Editor::Console);
            Ok(Configured { version, file: reloader.file(), items })
        };
        self.with(look).await
    }

    async fn check(&self, edits: Edits, seen: u64) -> Result<Edited, OperatorError> {
        self.with(move |reloader| reloader.propose(&edits, Editor::Console, Some(seen))).await
    }

    async fn edit(&self, edits: Edits, seen: u64) -> Result<Edited, OperatorError> {
        self.with(move |reloader| reloader.apply(&edits, Editor::Console, Some(seen))).await
    }

    async fn history(&self) -> Result<Vec<Applied>, OperatorError> {
        let applied = |version: Version| {
            let there = version.files.into_iter().filter(|file| file.text.is_some());
            let files = there.map(|file| file.path).collect();
            Applied { number: version.number, applied_at: version.applied_at, files }
        };
        let all =
            |reloader: &Reloader<Settings>| reloader.history().map_or(Ok(Vec::new()), History::versions);
        Ok(self.with(all).await?.into_iter().rev().map(applied).collect())
    }

    async fn compare(&self, number: u64, to: Option<u64>) -> Result<Compared, OperatorError> {
        self.with(move |reloader| {
            let history = reloader.history().ok_or(ConfigError::NoVersion(number))?;
            let version = history.version(number)?;
            let changes = match to {
                Some(to) => history.diff(number, to)?,
                None => version.changes_to(&reloader.loaded()),
            };
            Ok(Compared { number, applied_at: version.applied_at, changes })
        })
        .await
    }

    async fn roll_back(&self, number: u64, seen: u64) -> Result<Edited, OperatorError> {
        self.with(move |reloader| reloader.roll_back(number, Editor::Console, Some(seen))).await
    }
}
