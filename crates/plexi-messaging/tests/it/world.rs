use std::collections::HashMap;
use std::sync::Arc;

use plexi_cache::{Cache, CacheConfig};
use plexi_core::{
    Actor, ActorKind, ChannelId, IdSource, ManualClock, Permission, PermissionSet, SeededEntropy, SpaceId,
    Timestamp, UserId,
};
use plexi_messaging::memory::MemoryStore;
use plexi_messaging::model::{Channel, ChannelKind, Message, Space};
use plexi_messaging::ports::{Screen, SpaceChange};
use plexi_messaging::{
    ChannelDraft, Hub, HubConfig, MessageDraft, Messaging, MessagingConfig, MessagingError, Outgoing,
    Subscription,
};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A running service with four people: ada (administrator), bob and carl (members of the space), and eve, who is in no
/// space.
pub struct World {
    pub messaging: Messaging,
    pub store: Arc<MemoryStore>,
    pub clock: Arc<ManualClock>,
    pub ids: IdSource,
    pub space: Space,
    pub stop: CancellationToken,
    people: HashMap<&'static str, Actor>,
    pub tasks: JoinSet<()>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(MessagingConfig::default(), Vec::new()).await
    }

    pub async fn with_hub(hub: HubConfig) -> Self {
        Self::with(MessagingConfig { hub, ..MessagingConfig::default() }, Vec::new()).await
    }

    pub async fn with(config: MessagingConfig, screens: Vec<Arc<dyn Screen>>) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_800_000_000)));
        let ids = IdSource::new(clock.clone(), Arc::new(SeededEntropy::new(1)));
        let store = Arc::new(MemoryStore::new());
        let mut people = HashMap::new();
        for name in ["ada", "bob", "carl", "eve"] {
            let user: UserId = ids.next().unwrap();
            store.add_user(user, name, &name.to_uppercase());
            let system = match name {
                "ada" => PermissionSet::all(),
                _ => PermissionSet::EMPTY.with(Permission::DirectCreate),
            };
            people.insert(
                name,
                Actor { user, session: Some(ids.next().unwrap()), kind: ActorKind::User, system },
            );
        }
        let hub = Hub::new(&config.hub);
        let messaging =
            Messaging::new(store.clone(), store.clone(), screens, hub, ids.clone(), clock.clone(), config);
        let cache = Cache::ephemeral(CacheConfig::default(), clock.clone(), &SeededEntropy::new(2)).unwrap();
        messaging.remember_in(&cache).unwrap();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let (service, token) = (messaging.clone(), stop.clone());
        tasks.spawn(async move { service.run_sender(token, || {}).await });
        let (hub, token) = (messaging.hub().clone(), stop.clone());
        tasks.spawn(async move { hub.run_presence(token, || {}).await });
        let ada = people["ada"].clone();
        let space = messaging.create_space(&ada, "Team").await.unwrap();
        for name in ["bob", "carl"] {
            messaging.set_space_member(&ada, space.id, people[name].user, "member").await.unwrap();
        }
        Self { messaging, store, clock, ids, space, stop, people, tasks }
    }

    pub fn actor(&self, name: &str) -> Actor {
        self.people[name].clone()
    }

    /// The same person at another device.
    pub fn other_device(&self, name: &str) -> Actor {
        Actor { session: Some(self.ids.next().unwrap()), ..self.actor(name) }
    }

    pub fn id(&self, name: &str) -> UserId {
        self.people[name].user
    }

    pub fn space_id(&self) -> SpaceId {
        self.space.id
    }

    /// A channel that ada made and these people are in.
    pub async fn channel(&self, name: &str, kind: ChannelKind, members: &[&str]) -> Channel {
        let ada = self.actor("ada");
        let draft = ChannelDraft { name: name.to_owned(), kind, topic: String::new() };
        let channel = self.messaging.create_channel(&ada, self.space.id, draft).await.unwrap();
        for member in members {
            self.messaging.set_channel_member(&ada, channel.id, self.id(member), None).await.unwrap();
        }
        self.messaging.channel(&ada, channel.id).await.unwrap()
    }

    pub async fn try_post(
        &self,
        name: &str,
        channel: ChannelId,
        text: &str,
    ) -> Result<Message, MessagingError> {
        let draft = draft(channel, text);
        self.messaging.post(&self.actor(name), draft).await.map(|receipt| receipt.message)
    }

    pub async fn post(&self, name: &str, channel: ChannelId, text: &str) -> Message {
        self.try_post(name, channel, text).await.unwrap()
    }

    pub async fn connect(&self, name: &str) -> Subscription {
        self.connect_as(&self.actor(name)).await
    }

    pub async fn connect_as(&self, actor: &Actor) -> Subscription {
        self.messaging.connect(actor, self.messaging.hub().connection_id()).await.unwrap()
    }
}

pub fn archive_space(archived: bool) -> SpaceChange {
    SpaceChange { archived: Some(archived), ..SpaceChange::default() }
}

pub fn rename_space(name: &str) -> SpaceChange {
    SpaceChange { name: Some(name.to_owned()), ..SpaceChange::default() }
}

pub fn draft(channel: ChannelId, text: &str) -> MessageDraft {
    MessageDraft {
        channel_id: channel,
        text: text.to_owned(),
        client_id: None,
        thread_id: None,
        reply_to: None,
    }
}

/// The frames that wait, as JSON.
pub fn waiting(subscription: &Subscription) -> Vec<Value> {
    let mut out = Vec::new();
    subscription.try_receive(&mut out, 100_000);
    out.into_iter()
        .map(|outgoing| match outgoing {
            Outgoing::Frame(frame) => serde_json::from_slice(frame.json()).unwrap(),
            Outgoing::Close(reason) => Value::String(reason.as_str().to_owned()),
        })
        .collect()
}

/// The next `count` frames, as JSON.
pub async fn next(subscription: &Subscription, count: usize) -> Vec<Value> {
    let mut out = Vec::new();
    while out.len() < count {
        assert!(subscription.receive(&mut out, count).await > 0, "closed: {out:?}");
    }
    out.into_iter()
        .map(|outgoing| match outgoing {
            Outgoing::Frame(frame) => serde_json::from_slice(frame.json()).unwrap(),
            Outgoing::Close(reason) => Value::String(reason.as_str().to_owned()),
        })
        .collect()
}

/// The numbers of the channel events among frames.
pub fn seqs(frames: &[Value], channel: ChannelId) -> Vec<i64> {
    let channel = channel.to_string();
    let of_channel = |frame: &&Value| frame["type"] == "event" && frame["channel_id"] == channel.as_str();
    frames.iter().filter(of_channel).map(|frame| frame["seq"].as_i64().unwrap()).collect()
}
