//! Makes a space and a channel in a fresh `SQLite` file, posts a batch, reads it back.

use std::sync::Arc;

use plexi_auth::ports::RoleStore;
use plexi_core::{IdSource, MessageId, SystemClock, SystemEntropy, Timestamp, UserId};
use plexi_db::{Database, DatabaseConfig};
use plexi_messaging::model::{ChannelKind, MessageKind, Space};
use plexi_messaging::ports::{
    ChannelStore, ImportTerms, ImportedUser, Line, MessageStore, NewChannel, NewMessage, Slice, SpaceStore,
    TransferStore,
};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let database = Database::connect(&DatabaseConfig::default(), folder.path()).await?;
    database.ensure_roles(&plexi_auth::roles::built_in()).await?;

    let ids = IdSource::new(Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
    let at = Timestamp::from_seconds(1_790_000_000);
    let ada: UserId = ids.next()?;
    database
        .import_users(&[ImportedUser::new(ada, "ada", "Ada", at)], ImportTerms::of(uuid::Uuid::nil()))
        .await?;
    let space =
        Space { id: ids.next()?, name: "Home".to_owned(), archived: false, created_at: at, role: None };
    database.create_space(&space, ada).await?;
    let channel = NewChannel {
        id: ids.next()?,
        space_id: Some(space.id),
        kind: ChannelKind::Public,
        name: "general".to_owned(),
        topic: String::new(),
        created_at: at,
        members: vec![(ada, "member".to_owned())],
        direct_key: None,
    };
    let channel = database.create_channel(&channel).await?;

    let mut batch = Vec::new();
    for text in ["one transaction", "one sync to disk", "any number of messages"] {
        let id: MessageId = ids.next()?;
        batch.push(NewMessage {
            id,
            channel_id: channel,
            author_id: ada,
            kind: MessageKind::Text,
            text: text.to_owned(),
            system: None,
            created_at: id.time(),
            client_id: None,
            thread_id: None,
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            index: plexi_messaging::search::index_text(text),
            has_link: false,
        });
    }
    database.post(&batch).await?;
    let (messages, total) = database.slice(Line::Main(channel), Slice::Latest, 50, ada).await?;
    assert_eq!((messages.len(), total), (3, 3));
    assert_eq!(database.events_after(channel, 0, 50).await?.len(), 3);
    database.close().await;
    Ok(())
}
