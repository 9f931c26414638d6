//! What the store does when `SQLite` takes no more writes. The limits are set on the one connection that writes.

use plexi_auth::ports::RoleStore;
use plexi_core::StoreError;
use plexi_core::{
    ChannelId, IdSource, MessageId, PermissionSet, RoleScope, SystemClock, SystemEntropy, Timestamp, UserId,
};
use plexi_messaging::model::{ChannelKind, MessageKind};
use plexi_messaging::ports::{
    ChannelStore, ImportTerms, ImportedUser, MessageStore, NewChannel, NewMessage, TransferStore,
};
use std::sync::Arc;

use crate::sql::single;
use crate::{Database, DatabaseConfig, DbError};

struct Stage {
    database: Database,
    ids: IdSource,
    ada: UserId,
    channel: ChannelId,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::connect(&DatabaseConfig::default(), folder.path()).await.unwrap();
        let ids = IdSource::new(Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
        let at = Timestamp::from_seconds(1_790_000_000);
        let role = |scope| plexi_auth::model::Role {
            id: ids.next().unwrap(),
            name: "member".to_owned(),
            scope,
            permissions: PermissionSet::EMPTY,
            built_in: true,
        };
        database.ensure_roles(&[role(RoleScope::System), role(RoleScope::Channel)]).await.unwrap();
        let ada: UserId = ids.next().unwrap();
        let user = ImportedUser::new(ada, "ada", "Ada", at);
        database.import_users(&[user], ImportTerms::of(uuid::Uuid::nil())).await.unwrap();
        let channel = NewChannel {
            id: ids.next().unwrap(),
            space_id: None,
            kind: ChannelKind::Group,
            name: String::new(),
            topic: String::new(),
            created_at: at,
            members: vec![(ada, "member".to_owned())],
            direct_key: Some(ada.to_string()),
        };
        let channel = database.create_channel(&channel).await.unwrap();
        Self { database, ids, ada, channel, _folder: folder }
    }

    async fn say(&self, text: &str) -> Result<i64, StoreError> {
        let id: MessageId = self.ids.next().unwrap();
        let new = NewMessage {
            id,
            channel_id: self.channel,
            author_id: self.ada,
            kind: MessageKind::Text,
            text: text.to_owned(),
            system: None,
            created_at: id.time(),
            client_id: None,
            thread_id: None,
            reply_to: None,
            mentions: Vec::new(),
            mentions_all: false,
            index: text.chars().take(40).collect(),
            has_link: false,
        };
        Ok(self.database.post(&[new]).await?.remove(0)?.message.seq)
    }

    async fn pragma(&self, sql: &str) -> i64 {
        let row = self.database.write().one(sql, Vec::new()).await.unwrap();
        row.as_ref().map_or(0, |row| single(row).unwrap())
    }

    async fn last_seq(&self) -> i64 {
        self.database.channel(self.channel, self.ada).await.unwrap().unwrap().last_seq
    }

    async fn log_has_no_gap(&self) {
        let events = self.database.events_after(self.channel, 0, 1_000).await.unwrap();
        let seqs: Vec<i64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=self.last_seq().await).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_loses_nothing_and_recovers() {
    let stage = Stage::new().await;
    let pages = stage.pragma("PRAGMA page_count").await;
    let full = format!("PRAGMA max_page_count = {}", pages + 40);
    stage.pragma(&full).await;
    let mut stored = 0;
    let error = loop {
        match stage.say(&"x".repeat(3_000)).await {
            Ok(seq) => stored = seq,
            Err(error) => break error,
        }
        assert!(stored < 1_000, "the disk never filled up");
    };
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    assert!(stored > 0);
    // Still full: each try is refused, none leaves anything.
    for _ in 0..5 {
        stage.pragma(&full).await;
        let again = stage.say(&"y".repeat(30_000)).await;
        assert!(matches!(again, Err(StoreError::Full(_))), "{again:?}");
        assert_eq!(stage.last_seq().await, stored, "reading goes on, and shows only what was acknowledged");
    }
    stage.pragma("PRAGMA max_page_count = 1000000").await;
    assert_eq!(stage.say("after").await.unwrap(), stored + 1);
    stage.log_has_no_gap().await;
    stage.database.health().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_file_refuses_and_recovers() {
    let stage = Stage::new().await;
    assert_eq!(stage.say("before").await.unwrap(), 1);
    stage.pragma("PRAGMA query_only = ON").await;
    for _ in 0..3 {
        let refused = stage.say("lost").await;
        assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
        assert!(matches!(stage.database.health().await, Err(DbError::Full(_))));
    }
    stage.pragma("PRAGMA query_only = OFF").await;
    assert_eq!(stage.say("after").await.unwrap(), 2);
    stage.log_has_no_gap().await;
    stage.database.health().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_given_up_half_way_leaves_nothing() {
    let stage = Stage::new().await;
    for _ in 0..20 {
        let mut saying = Box::pin(stage.say("given up"));
        // Polls it a few times and drops it, wherever it is then.
        for _ in 0..3 {
            let _ = futures_poll(saying.as_mut()).await;
        }
    }
    let before = stage.last_seq().await;
    let after = stage.say("whole").await.unwrap();
    assert!(after > before);
    stage.log_has_no_gap().await;
}

/// Polls a future once.
async fn futures_poll<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    std::future::poll_fn(|context| match std::pin::Pin::new(&mut future).poll(context) {
        std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}
