//! What every chat store must do, as a suite that runs against the in-memory store and every database.
//!
//! Call [`run`] with a function that makes a fresh store without users, spaces and channels, which has the built-in roles
//! (`admin`, `member`, `guest` of spaces; `admin`, `member` of channels). A case that is not met panics.
#![expect(
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::assigning_clones,
    clippy::cloned_ref_to_slice_refs,
    reason = "a suite of tests"
)]

mod changes;
mod channels;
mod log;
mod posting;
mod races;
mod reading;
mod searching;
mod slices;
mod spaces;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use plexi_core::{
    ChannelId, Clock, IdSource, ManualClock, MessageId, SeededEntropy, SpaceId, Timestamp, UserId,
};
use uuid::Uuid;

use crate::model::{ChannelKind, Message, MessageKind, Space};
use crate::ports::{
    ChatStore, Directory, ImportTerms, ImportedUser, NewChannel, NewMessage, Posted, StorePage, TransferStore,
};

/// All that the suite asks of a store.
pub trait Store: ChatStore + TransferStore + Directory {}
impl<T: ChatStore + TransferStore + Directory> Store for T {}

macro_rules! cases {
    ($make:expr, $($module:ident::$case:ident),* $(,)?) => {
        $($module::$case(&Stage::new(($make)().await)).await;)*
    };
}

/// Runs every case, each on a store of its own.
///
/// # Panics
/// When the store does not keep the contract.
pub async fn run<S: Store>(make: impl AsyncFn() -> S) {
    cases!(
        make,
        spaces::a_space_is_made_found_and_renamed,
        spaces::a_change_of_a_space_that_is_not_as_expected_is_refused,
        spaces::members_come_change_and_go,
        spaces::leaving_a_space_leaves_its_channels,
        spaces::names_are_resolved,
        channels::a_channel_is_seen_with_its_membership,
        channels::names_are_unique_in_a_space,
        channels::a_direct_conversation_exists_once,
        channels::a_space_lists_its_channels,
        channels::access_tells_what_roles_grant,
        channels::members_join_and_leave_with_events,
        channels::a_private_channel_is_never_without_an_administrator,
        channels::an_operator_lists_private_channels_too,
        channels::a_change_of_a_channel_is_an_event,
        channels::a_change_of_a_channel_that_went_on_is_refused,
        channels::members_are_paged_and_filtered,
        posting::a_message_comes_back_as_it_was_sent,
        posting::numbers_have_no_gaps,
        posting::a_client_id_counts_once,
        posting::what_a_message_refers_to_must_be_there,
        posting::a_refused_message_leaves_the_others,
        posting::a_thread_counts_its_replies,
        posting::text_of_any_script_and_size_survives,
        slices::stretches_of_the_main_line,
        slices::stretches_of_a_thread,
        slices::a_date_is_found,
        changes::an_edit_keeps_the_former_text,
        changes::an_edit_of_something_else_is_refused,
        changes::a_deletion_leaves_only_the_mark,
        changes::reactions_are_counted,
        changes::emoji_are_limited,
        changes::pins_are_listed_and_limited,
        log::a_replay_shows_messages_as_they_are_now,
        log::a_replay_is_in_order_and_in_pages,
        reading::unread_counts_what_others_said,
        reading::unread_is_counted_to_a_thousand,
        reading::the_mark_moves_forward_only,
        reading::mentions_follow_edits_and_deletions,
        reading::a_thread_counts_what_is_new_for_who_takes_part,
        reading::what_is_deleted_in_a_thread_is_neither_unread_nor_names_anybody,
        reading::threads_are_listed_with_the_latest_replies_first,
        reading::categories_are_kept_as_they_were_given,
        reading::drafts_are_kept_replaced_and_limited,
        searching::words_are_found_newest_first,
        searching::the_longest_text_is_found_by_its_last_words,
        searching::only_what_the_reader_may_read,
        searching::filters_narrow,
        searching::edits_and_deletions_are_followed,
        searching::channels_are_found_by_name,
        transfer::people_and_rooms_come_once,
        transfer::names_that_are_taken_get_a_number,
        transfer::what_an_import_made_is_known_by_its_source,
        transfer::what_is_called_otherwise_is_reported_before_and_after,
        transfer::a_foreign_workspace_stays_apart_from_what_has_its_names,
        transfer::what_was_read_stays_read,
        transfer::messages_come_once_and_whole,
        transfer::a_key_that_is_taken_stores_nothing,
        transfer::an_import_into_a_living_channel_is_put_in_order,
        transfer::an_export_reads_everything_back,
        races::senders_at_once_leave_no_gap,
        races::of_the_same_message_at_once_one_is_stored,
        races::of_the_same_conversation_at_once_one_is_made,
        races::of_changes_at_once_that_expect_the_same_one_is_made,
    );
}

struct Stage<S> {
    store: Arc<S>,
    ids: IdSource,
    clock: Arc<ManualClock>,
}

impl<S: Store> Stage<S> {
    fn new(store: S) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_790_000_000)));
        let ids = IdSource::new(clock.clone(), Arc::new(SeededEntropy::new(23)));
        Self { store: Arc::new(store), ids, clock }
    }

    fn id<T: From<Uuid>>(&self) -> T {
        self.ids.next().unwrap()
    }

    /// The time, a millisecond later with each call.
    fn now(&self) -> Timestamp {
        self.clock.advance(Duration::from_millis(1));
        self.clock.now()
    }

    async fn user(&self, name: &str) -> UserId {
        let user = ImportedUser::new(self.id(), name, &format!("The {name}"), self.now());
        let placed =
            self.store.import_users(std::slice::from_ref(&user), ImportTerms::of(Uuid::nil())).await.unwrap();
        assert!(!placed[0].present);
        user.id
    }

    async fn space(&self, name: &str, owner: UserId) -> SpaceId {
        let space = self.new_space(name);
        self.store.create_space(&space, owner).await.unwrap();
        space.id
    }

    fn new_space(&self, name: &str) -> Space {
        Space { id: self.id(), name: name.to_owned(), archived: false, created_at: self.now(), role: None }
    }

    fn new_channel(&self, space: SpaceId, name: &str, kind: ChannelKind, members: &[UserId]) -> NewChannel {
        NewChannel {
            id: self.id(),
            space_id: Some(space),
            kind,
            name: name.to_owned(),
            topic: String::new(),
            created_at: self.now(),
            members: members.iter().map(|user| (*user, "member".to_owned())).collect(),
            direct_key: None,
        }
    }

    async fn channel(&self, space: SpaceId, name: &str, members: &[UserId]) -> ChannelId {
        let channel = self.new_channel(space, name, ChannelKind::Public, members);
        self.store.create_channel(&channel).await.unwrap()
    }

    fn new_direct(&self, people: &[UserId]) -> NewChannel {
        let mut people = people.to_vec();
        people.sort_unstable();
        let key = people.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
        let kind = if people.len() == 2 { ChannelKind::Direct } else { ChannelKind::Group };
        NewChannel {
            space_id: None,
            kind,
            direct_key: Some(key),
            ..self.new_channel(self.id(), "", ChannelKind::Direct, &people)
        }
    }

    /// Two people in a channel of a space.
    async fn room(&self) -> Room {
        let (ada, bob) = (self.user("ada").await, self.user("bob").await);
        let space = self.space("Home", ada).await;
        self.store.set_space_member(space, bob, "member", self.now()).await.unwrap();
        let channel = self.channel(space, "general", &[ada, bob]).await;
        Room { ada, bob, space, channel }
    }

    /// A message that is not stored yet.
    fn draft(&self, channel: ChannelId, author: UserId, text: &str) -> NewMessage {
        let id: MessageId = self.id();
        self.clock.advance(Duration::from_millis(1));
        NewMessage {
            id,
            channel_id: channel,
            author_id: author,
            kind: MessageKind::Text,
            text: text.to_owned(),
            system: None,
            created_at: id.time(),
            client_id: None,
            thread_id: None,
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            index: crate::search::index_text(text),
            has_link: text.contains("https://"),
        }
    }

    async fn post(&self, message: NewMessage) -> Posted {
        self.store.post(&[message]).await.unwrap().remove(0).unwrap()
    }

    async fn say(&self, channel: ChannelId, author: UserId, text: &str) -> Message {
        self.post(self.draft(channel, author, text)).await.message
    }

    async fn reply(&self, root: &Message, author: UserId, text: &str) -> Message {
        let reply = NewMessage { thread_id: Some(root.id), ..self.draft(root.channel_id, author, text) };
        self.post(reply).await.message
    }

    async fn shown(&self, id: MessageId, viewer: UserId) -> Message {
        self.store.message(id, viewer).await.unwrap().unwrap()
    }
}

struct Room {
    ada: UserId,
    bob: UserId,
    space: SpaceId,
    channel: ChannelId,
}

fn page(after: Option<String>, limit: u32) -> StorePage {
    StorePage { after, limit }
}

/// Asserts that something was refused for a reason.
macro_rules! refused {
    ($done:expr, $reason:pat) => {
        let done = $done;
        assert!(matches!(&done, Err($reason)), "expected {}, got {done:?}", stringify!($reason));
    };
}
use refused;
