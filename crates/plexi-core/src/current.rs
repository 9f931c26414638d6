use std::sync::{Arc, PoisonError, RwLock};

/// A value that is replaced whole while others use it, such as the settings of a running service.
///
/// Take it when it is used and do not keep it: a part of the work then sees one value from its beginning to its end.
///
/// ```
/// use plexi_core::Current;
///
/// let limit = Current::new(10);
/// let seen = limit.get();
/// limit.set(20);
/// assert_eq!((*seen, *limit.get()), (10, 20));
/// ```
#[derive(Debug, Default)]
pub struct Current<T>(RwLock<Arc<T>>);

impl<T> Current<T> {
    /// Begins with `value`.
    pub fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    /// The value now.
    pub fn get(&self) -> Arc<T> {
        // it is replaced whole: a panic elsewhere does not spoil it
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces it, for everybody who takes it from now on.
    pub fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}
