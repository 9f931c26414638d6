use std::sync::Arc;

use tokio::sync::watch;

/// A value that changes while the server runs: the current one, and word of the next.
///
/// Cheap to clone. Take the value when it is used and do not keep it.
#[derive(Clone, Debug)]
pub struct Live<T>(watch::Receiver<Arc<T>>);

impl<T> Live<T> {
    pub(crate) fn new(changes: watch::Receiver<Arc<T>>) -> Self {
        Self(changes)
    }

    /// A value that never changes: for tests and for services without configuration files.
    pub fn fixed(value: T) -> Self {
        Self(watch::channel(Arc::new(value)).1)
    }

    /// The current value.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.borrow())
    }

    /// Waits for a change after the last one seen; `false` when there will be none any more.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}
