//! Who is in a channel with whom.

use plexi_auth::ports::AccountStore;
use plexi_core::{Timestamp, UserId};
use plexi_messaging::ports::{ChannelStore, ImportTerms, ImportedUser, TransferStore};

use crate::engines::{engines, ids};
use crate::rooms::Room;

engines!(an_account_is_acquainted_with_itself_and_those_in_its_channels, |place| {
    let database = place.open().await;
    let room = Room::new(&database).await;
    let at = Timestamp::from_seconds(1_790_000_000);
    let stranger: UserId = ids().next().unwrap();
    let carl = ImportedUser::new(stranger, "carl", "Carl", at);
    database.import_users(&[carl], ImportTerms::of(uuid::Uuid::nil())).await.unwrap();
    let among = [room.ada, room.bob, stranger];
    let known = async |user: UserId| {
        let mut known = database.acquaintances(user, &among).await.unwrap();
        known.sort_unstable();
        known
    };
    let mut both = vec![room.ada, room.bob];
    both.sort_unstable();
    assert_eq!(known(room.ada).await, both);
    assert_eq!(known(stranger).await, [stranger]);

    let named = async |seen_by, prefix, after, limit| -> Vec<String> {
        let found = database.accounts(seen_by, prefix, after, limit).await.unwrap();
        found.into_iter().map(|user| user.name).collect()
    };
    assert_eq!(named(None, None, None, 10).await, ["ada", "bob", "carl"]);
    assert_eq!(named(Some(room.ada), None, None, 10).await, ["ada", "bob"]);
    assert_eq!(named(Some(room.ada), None, Some("ada"), 10).await, ["bob"]);
    assert_eq!(named(Some(room.ada), Some("b"), None, 10).await, ["bob"]);
    assert_eq!(named(Some(room.ada), Some("c"), None, 10).await, [""; 0]);
    assert_eq!(named(Some(stranger), None, None, 1).await, ["carl"]);

    database.remove_channel_member(room.channel, room.bob, at).await.unwrap();
    assert_eq!(known(room.ada).await, [room.ada], "who left is a stranger again");
    database.close().await;
});
