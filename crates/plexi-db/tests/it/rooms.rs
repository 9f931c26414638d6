//! Two people in a channel.

use plexi_auth::ports::RoleStore;
use plexi_core::StoreError;
use plexi_core::{ChannelId, MessageId, SpaceId, Timestamp, UserId};
use plexi_db::Database;
use plexi_messaging::model::{ChannelKind, Message, MessageKind, Space};
use plexi_messaging::ports::{
    ChannelStore, ImportTerms, ImportedUser, IndexTerm, MessageStore, NewChannel, NewMessage, SpaceStore,
    TransferStore,
};
use plexi_messaging::search::index_text;

use crate::engines::ids;

/// What the index is asked for a word of one or of at least three letters that stands anywhere in a word.
pub fn terms(word: &str) -> Vec<IndexTerm> {
    let index = index_text(word);
    if word.len() == 1 {
        return vec![IndexTerm { tokens: Vec::new(), prefix: Some(index[..4].to_owned()) }];
    }
    // Those that are filled up stand for the end of the word.
    let whole = index.split(' ').filter(|token| !token.ends_with("aaaa"));
    vec![IndexTerm { tokens: whole.map(str::to_owned).collect(), prefix: None }]
}

pub struct Room {
    pub ada: UserId,
    pub bob: UserId,
    pub channel: ChannelId,
    ids: plexi_core::IdSource,
}

impl Room {
    pub async fn new(database: &Database) -> Self {
        let ids = ids();
        let at = Timestamp::from_seconds(1_790_000_000);
        database.ensure_roles(&plexi_auth::roles::built_in()).await.unwrap();
        let user = |name: &str| ImportedUser::new(ids.next().unwrap(), name, name, at);
        let users = [user("ada"), user("bob")];
        database.import_users(&users, ImportTerms::of(uuid::Uuid::nil())).await.unwrap();
        let [ada, bob] = users.map(|user| user.id);
        let space: SpaceId = ids.next().unwrap();
        let home = Space { id: space, name: "Home".to_owned(), archived: false, created_at: at, role: None };
        database.create_space(&home, ada).await.unwrap();
        let channel = NewChannel {
            id: ids.next().unwrap(),
            space_id: Some(space),
            kind: ChannelKind::Public,
            name: "general".to_owned(),
            topic: String::new(),
            created_at: at,
            members: vec![(ada, "member".to_owned()), (bob, "member".to_owned())],
            direct_key: None,
        };
        let channel = database.create_channel(&channel).await.unwrap();
        Self { ada, bob, channel, ids }
    }

    pub fn draft(&self, text: &str) -> NewMessage {
        let id: MessageId = self.ids.next().unwrap();
        NewMessage {
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
            index: index_text(text),
            has_link: false,
        }
    }

    pub async fn try_say(&self, database: &Database, text: &str) -> Result<Message, StoreError> {
        Ok(database.post(&[self.draft(text)]).await?.remove(0)?.message)
    }

    pub async fn say(&self, database: &Database, text: &str) -> Message {
        self.try_say(database, text).await.unwrap()
    }
}
