//! How many sockets may be open: in all, for one user, and for one address before it has said who it is.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plexi_core::{Current, ErrorCode, UserId};

use crate::config::WebConfig;
use crate::error::ApiError;

/// Counts open sockets.
pub(crate) struct Admission {
    limits: Current<Limits>,
    open: AtomicU64,
    unknown: Mutex<HashMap<Option<IpAddr>, u32>>,
    users: Mutex<HashMap<UserId, u32>>,
}

/// How many at most.
struct Limits {
    all: u64,
    of_unknown: u32,
    of_user: u32,
}

impl Limits {
    fn of(config: &WebConfig) -> Self {
        Self {
            all: config.max_sockets.into(),
            of_unknown: config.max_unauthenticated_sockets,
            of_user: config.max_sockets_per_user,
        }
    }
}

/// As whose a socket is counted beside the total.
#[derive(Clone, Copy)]
enum Whose {
    /// Nobody's.
    None,
    /// One of an address that has not authenticated; those without an address are counted together.
    Unknown(Option<IpAddr>),
    /// A user's.
    User(UserId),
}

/// The place of one socket; free again when dropped.
pub(crate) struct Place {
    all: Arc<Admission>,
    whose: Whose,
}

impl Admission {
    /// As many as the settings allow.
    pub(crate) fn new(config: &WebConfig) -> Self {
        Self {
            limits: Current::new(Limits::of(config)),
            open: AtomicU64::new(0),
            unknown: Mutex::default(),
            users: Mutex::default(),
        }
    }

    /// Allows as many as other settings say; sockets that are open stay.
    pub(crate) fn set_limits(&self, config: &WebConfig) {
        self.limits.set(Limits::of(config));
    }

    /// How many are open.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Takes a place, for a user or for somebody at `address` who has not said yet who it is.
    pub(crate) fn enter(
        all: &Arc<Self>,
        address: Option<IpAddr>,
        user: Option<UserId>,
    ) -> Result<Place, ApiError> {
        let limits = all.limits.get();
        if all.open.fetch_add(1, Ordering::Relaxed) >= limits.all {
            all.open.fetch_sub(1, Ordering::Relaxed);
            return Err(ApiError::new(ErrorCode::NetworkOverloaded).after(5));
        }
        let mut place = Place { all: Arc::clone(all), whose: Whose::None };
        match user {
            Some(user) => place.known(user)?,
            None if one_more(&all.unknown, address, limits.of_unknown) => {
                place.whose = Whose::Unknown(address);
            }
            None => return Err(ApiError::new(ErrorCode::AuthTooManyAttempts).after(10)),
        }
        Ok(place)
    }
}

impl Place {
    /// The socket has said who it is; refused when that user has too many.
    pub(crate) fn known(&mut self, user: UserId) -> Result<(), ApiError> {
        let most = self.all.limits.get().of_user;
        if !one_more(&self.all.users, user, most) {
            return Err(ApiError::new(ErrorCode::NetworkOverloaded)
                .field("connection", format!("is one more than the {most} of one user"))
                .after(10));
        }
        self.forget();
        self.whose = Whose::User(user);
        Ok(())
    }

    fn forget(&mut self) {
        match std::mem::replace(&mut self.whose, Whose::None) {
            Whose::None => {}
            Whose::Unknown(address) => one_less(&self.all.unknown, &address),
            Whose::User(user) => one_less(&self.all.users, &user),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.forget();
        self.all.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts one more, unless there are `most`.
fn one_more<K: Eq + Hash>(counts: &Mutex<HashMap<K, u32>>, key: K, most: u32) -> bool {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if counts.get(&key).copied().unwrap_or_default() >= most {
        return false;
    }
    *counts.entry(key).or_default() += 1;
    true
}

fn one_less<K: Eq + Hash>(counts: &Mutex<HashMap<K, u32>>, key: &K) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(nth: u8) -> UserId {
        format!("0198c0de-0000-7000-8000-0000000000{nth:02}").parse().unwrap()
    }

    fn limits(max_sockets: u32, max_unauthenticated_sockets: u32, max_sockets_per_user: u32) -> WebConfig {
        WebConfig { max_sockets, max_unauthenticated_sockets, max_sockets_per_user, ..WebConfig::default() }
    }

    #[test]
    fn other_limits_count_for_who_comes_and_nobody_is_put_out() {
        let all = Arc::new(Admission::new(&limits(2, 2, 2)));
        let held = [Admission::enter(&all, None, None).unwrap(), Admission::enter(&all, None, None).unwrap()];
        all.set_limits(&limits(1, 2, 2));
        assert!(Admission::enter(&all, None, Some(user(1))).is_err());
        all.set_limits(&limits(3, 2, 2));
        assert!(Admission::enter(&all, None, Some(user(1))).is_ok());
        drop(held);
        assert_eq!(all.open(), 0);
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let all = Arc::new(Admission::new(&limits(3, 1, 2)));
        let one = Some("192.0.2.1".parse().unwrap());
        let mut first = Admission::enter(&all, one, None).unwrap();
        assert!(Admission::enter(&all, one, None).is_err(), "one unknown socket for each address");
        let second = Admission::enter(&all, Some("192.0.2.2".parse().unwrap()), None).unwrap();
        first.known(user(1)).unwrap();
        let third = Admission::enter(&all, one, None).unwrap();
        assert!(Admission::enter(&all, one, Some(user(2))).is_err(), "three in all");
        drop((first, second, third));
        assert_eq!(all.open(), 0);
        assert!(all.unknown.lock().unwrap().is_empty() && all.users.lock().unwrap().is_empty());
    }

    #[test]
    fn a_user_has_so_many_places_however_they_were_entered() {
        let all = Arc::new(Admission::new(&limits(100, 10, 2)));
        let first = Admission::enter(&all, None, Some(user(1))).unwrap();
        let mut second = Admission::enter(&all, None, None).unwrap();
        second.known(user(1)).unwrap();
        let refused = Admission::enter(&all, None, Some(user(1))).err().unwrap();
        assert_eq!(refused.code(), ErrorCode::NetworkOverloaded);
        let mut late = Admission::enter(&all, None, None).unwrap();
        assert!(late.known(user(1)).is_err());
        late.known(user(2)).unwrap();
        drop(first);
        assert!(Admission::enter(&all, None, Some(user(1))).is_ok());
        drop((second, late));
        assert_eq!(all.open(), 0);
        assert!(all.unknown.lock().unwrap().is_empty() && all.users.lock().unwrap().is_empty());
    }
}
