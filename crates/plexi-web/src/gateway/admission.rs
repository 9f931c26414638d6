//! How many sockets may be open: in all, for one user, and for one address before it has said who it is.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plexi_core::{ErrorCode, UserId};

use crate::error::ApiError;

/// Counts open sockets.
pub(crate) struct Admission {
    most: u64,
    most_unknown: u32,
    most_of_user: u32,
    open: AtomicU64,
    unknown: Mutex<HashMap<Option<IpAddr>, u32>>,
    users: Mutex<HashMap<UserId, u32>>,
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
    /// At most so many in all, of one address before it has authenticated, and of one user.
    pub(crate) fn new(most: u32, most_unknown: u32, most_of_user: u32) -> Self {
        Self {
            most: most.into(),
            most_unknown,
            most_of_user,
            open: AtomicU64::new(0),
            unknown: Mutex::default(),
            users: Mutex::default(),
        }
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
        if all.open.fetch_add(1, Ordering::Relaxed) >= all.most {
            all.open.fetch_sub(1, Ordering::Relaxed);
            return Err(ApiError::new(ErrorCode::NetworkOverloaded).after(5));
        }
        let mut place = Place { all: Arc::clone(all), whose: Whose::None };
        match user {
            Some(user) => place.known(user)?,
            None if one_more(&all.unknown, address, all.most_unknown) => {
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
        if !one_more(&self.all.users, user, self.all.most_of_user) {
            return Err(ApiError::new(ErrorCode::NetworkOverloaded)
                .field("connection", format!("is one more than the {} of one user", self.all.most_of_user))
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

    #[test]
    fn places_are_bounded_and_given_back() {
        let all = Arc::new(Admission::new(3, 1, 2));
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
        let all = Arc::new(Admission::new(100, 10, 2));
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
