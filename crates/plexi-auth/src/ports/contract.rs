//! What every identity store must do, as a suite that runs against the in-memory store and every database.
//!
//! Call [`run`] with a function that makes a fresh, empty store and names a space that exists in it (stores that keep no
//! spaces may name any). A case that is not met panics.
#![expect(clippy::unwrap_used, reason = "a suite of tests")]

mod accounts;
mod invitations;
mod roles;
mod sessions;

use std::sync::Arc;

use plexi_core::{IdSource, ManualClock, SeededEntropy, SpaceId, Timestamp, UserId};
use uuid::Uuid;

use crate::model::{User, UserKind};
use crate::ports::{Digest, IdentityStore, NewAccount};

/// Runs every case, each on a store of its own.
///
/// # Panics
/// When the store does not keep the contract.
pub async fn run<S: IdentityStore>(make: impl AsyncFn() -> (S, SpaceId)) {
    let fresh = async || {
        let (store, space) = make().await;
        store.ensure_roles(&crate::roles::built_in()).await.unwrap();
        Stage { store: Arc::new(store), space, ids: ids() }
    };
    roles::built_in_roles_are_written_once_and_brought_up_to_date(&fresh().await).await;
    roles::a_role_is_made_changed_and_deleted(&fresh().await).await;
    roles::a_built_in_role_or_one_in_use_stays(&fresh().await).await;
    accounts::an_account_is_found_by_id_and_by_name(&fresh().await).await;
    accounts::names_and_skeletons_are_unique(&fresh().await).await;
    accounts::a_change_touches_only_what_it_names(&fresh().await).await;
    accounts::credentials_roles_and_disabling_raise_the_epoch(&fresh().await).await;
    accounts::of_several_who_replace_one_password_one_does(&fresh().await).await;
    accounts::the_last_administrator_stays(&fresh().await).await;
    accounts::a_change_of_an_account_that_is_not_as_seen_is_refused(&fresh().await).await;
    accounts::of_changes_at_once_none_is_lost(&fresh().await).await;
    accounts::pages_are_in_order_of_name_and_by_prefix(&fresh().await).await;
    sessions::a_session_is_found_until_it_ends(&fresh().await).await;
    sessions::a_replaced_cookie_is_no_sessions_any_more(&fresh().await).await;
    sessions::a_user_has_at_most_a_hundred_sessions(&fresh().await).await;
    sessions::a_refresh_token_works_once(&fresh().await).await;
    sessions::of_many_at_once_one_rotates(&fresh().await).await;
    sessions::ending_and_purging(&fresh().await).await;
    invitations::an_invitation_is_found_listed_and_deleted(&fresh().await).await;
    invitations::an_invitation_is_used_as_often_as_it_says(&fresh().await).await;
    invitations::of_many_at_once_only_as_many_as_allowed_get_in(&fresh().await).await;
    invitations::there_is_one_first_administrator(&fresh().await).await;
}

struct Stage<S> {
    store: Arc<S>,
    space: SpaceId,
    ids: IdSource,
}

impl<S: IdentityStore> Stage<S> {
    /// An id of any kind.
    fn id<T: From<Uuid>>(&self) -> T {
        self.ids.next().unwrap()
    }

    /// An account with a password, in the store.
    async fn account(&self, name: &str, role: &str) -> NewAccount {
        let account = new_account(self.id(), name, role);
        self.store.create_account(&account).await.unwrap();
        account
    }
}

/// Ids that are the same in every run.
fn ids() -> IdSource {
    IdSource::new(Arc::new(ManualClock::new(at(0))), Arc::new(SeededEntropy::new(11)))
}

/// Seconds after a moment in 2026.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

fn digest(byte: u8) -> Digest {
    [byte; 32]
}

fn new_account(id: UserId, name: &str, role: &str) -> NewAccount {
    NewAccount {
        user: User {
            id,
            name: name.to_owned(),
            display_name: format!("The {name}"),
            status_text: String::new(),
            kind: UserKind::Person,
            disabled: false,
            created_at: at(0),
        },
        skeleton: format!("s-{name}"),
        role: role.to_owned(),
        password_hash: Some(format!("hash of {name}")),
    }
}
