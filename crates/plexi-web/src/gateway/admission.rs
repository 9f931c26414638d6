//! How many sockets may be open, in all and for one address before it has said who it is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plexi_core::ErrorCode;

use crate::error::ApiError;

/// Counts open sockets.
pub(crate) struct Admission {
    most: u64,
    most_unknown: u32,
    open: AtomicU64,
    unknown: Mutex<HashMap<Option<IpAddr>, u32>>,
}

/// An address whose unauthenticated sockets are counted; those without one are counted together.
struct Unknown(Option<IpAddr>);

/// The place of one socket; free again when dropped.
pub(crate) struct Place {
    all: Arc<Admission>,
    unknown: Option<Unknown>,
}

impl Admission {
    /// At most so many in all, and of one address before it has authenticated.
    pub(crate) fn new(most: u32, most_unknown: u32) -> Self {
        Self { most: most.into(), most_unknown, open: AtomicU64::new(0), unknown: Mutex::default() }
    }

    /// How many are open.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Takes a place.
    pub(crate) fn enter(all: &Arc<Self>, address: Option<IpAddr>, known: bool) -> Result<Place, ApiError> {
        if all.open.fetch_add(1, Ordering::Relaxed) >= all.most {
            all.open.fetch_sub(1, Ordering::Relaxed);
            return Err(ApiError::new(ErrorCode::NetworkOverloaded).after(5));
        }
        let mut place = Place { all: Arc::clone(all), unknown: None };
        if !known {
            let mut unknown = all.unknown.lock().unwrap_or_else(PoisonError::into_inner);
            let count = unknown.entry(address).or_default();
            if *count >= all.most_unknown {
                drop(unknown);
                return Err(ApiError::new(ErrorCode::AuthTooManyAttempts).after(10));
            }
            *count += 1;
            place.unknown = Some(Unknown(address));
        }
        Ok(place)
    }
}

impl Place {
    /// The socket has said who it is.
    pub(crate) fn known(&mut self) {
        let Some(Unknown(address)) = self.unknown.take() else { return };
        let mut unknown = self.all.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = unknown.get_mut(&address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                unknown.remove(&address);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.known();
        self.all.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let all = Arc::new(Admission::new(3, 1));
        let one = Some("192.0.2.1".parse().unwrap());
        let mut first = Admission::enter(&all, one, false).unwrap();
        assert!(Admission::enter(&all, one, false).is_err(), "one unknown socket for each address");
        let second = Admission::enter(&all, Some("192.0.2.2".parse().unwrap()), false).unwrap();
        first.known();
        let third = Admission::enter(&all, one, false).unwrap();
        assert!(Admission::enter(&all, one, true).is_err(), "three in all");
        drop((first, second, third));
        assert_eq!(all.open(), 0);
        assert!(all.unknown.lock().unwrap().is_empty());
    }
}
