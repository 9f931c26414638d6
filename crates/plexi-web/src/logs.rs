//! The logs of this server, for those who may read them: away from the async threads, and few at once.

use std::sync::Arc;

use plexi_core::ErrorCode;
use plexi_core_log::{LogError, LogReader};
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// How many read at once; each holds some megabytes. Others wait for their turn as long as a request may last.
const AT_ONCE: usize = 2;

/// Reads the logs.
pub(crate) struct Logs {
    reader: LogReader,
    turns: Arc<Semaphore>,
}

impl Logs {
    pub(crate) fn new(reader: LogReader) -> Self {
        Self { reader, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Runs `read` where it may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&LogReader) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let failed = |error: &dyn std::error::Error| {
            ApiError::new(ErrorCode::SystemInternal).because(format!("log reader: {error}"))
        };
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|error| failed(&error))?;
        let reader = self.reader.clone();
        let work = tokio::task::spawn_blocking(move || {
            // also when whoever asked has gone: the turn lasts as long as the work
            let _turn = turn;
            read(&reader)
        });
        Ok(work.await.map_err(|error| failed(&error))??)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use plexi_core_log::LogConfig;

    use super::*;

    #[tokio::test]
    async fn exactly_two_read_at_once() {
        let logs = Logs::new(LogReader::new(&LogConfig::default(), Path::new("/nowhere")));
        let (pair, at_work) = (Arc::new(Barrier::new(AT_ONCE)), Arc::new(AtomicUsize::new(0)));
        let reads = (0..8).map(|_| {
            let (pair, at_work) = (Arc::clone(&pair), Arc::clone(&at_work));
            logs.read(move |_| {
                let before = at_work.fetch_add(1, Ordering::SeqCst);
                // nobody gets past this alone
                pair.wait();
                at_work.fetch_sub(1, Ordering::SeqCst);
                Ok(before)
            })
        });
        for before in join_all(reads).await {
            assert!(before.unwrap() < AT_ONCE);
        }
    }

    #[tokio::test]
    async fn a_reader_that_panics_gives_its_turn_back() {
        let logs = Logs::new(LogReader::new(&LogConfig::default(), Path::new("/nowhere")));
        for _ in 0..=AT_ONCE {
            let failed = logs.read(|_| -> Result<(), LogError> { panic!("boom") }).await;
            assert_eq!(failed.unwrap_err().code(), ErrorCode::SystemInternal);
        }
        assert!(logs.read(|_| Ok(())).await.is_ok());
    }
}
